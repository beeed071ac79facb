package carp

import (
	"encoding/binary"
	"testing"
)

// proto112 finds the IP payload of an untagged Ethernet frame that holds
// protocol 112, by offsets alone; nil for any other frame. It shares nothing
// with the parsers of the project.
func proto112(frame []byte) []byte {
	switch binary.BigEndian.Uint16(frame[12:]) {
	case 0x0800:
		ip := frame[14:]
		if ip[9] != Protocol {
			return nil
		}
		return ip[int(ip[0]&15)*4 : binary.BigEndian.Uint16(ip[2:])]
	case 0x86dd:
		ip := frame[14:]
		if ip[6] != Protocol {
			return nil
		}
		return ip[40 : 40+binary.BigEndian.Uint16(ip[4:])]
	}
	return nil
}

// TestFrames: seven of the ten frames carry an advert for 192.0.2.1 or for
// 2001:db8::1, three are gratuitous ARP.
func TestFrames(t *testing.T) {
	f := loadVectors(t)
	secret4, _ := NewSecret([]byte("mekmitasdigoat"))
	secret6, _ := NewSecret([]byte("secret"))
	v4 := NewKey(secret4, 1, addrs("192.0.2.1"))
	v6 := NewKey(secret6, 1, addrs("2001:db8::1"))
	keys := map[string]*Key{
		"openbsd-v4": v4, "freebsd-v4": v4, "freebsd-v4-unicast": v4, "ucarp-v4": v4, "ucarp-v4-nomcast": v4,
		"openbsd-v6": v6, "freebsd-v6": v6,
		"garp-freebsd": nil, "garp-openbsd": nil, "garp-ucarp": nil,
	}
	if len(f.Frames) != len(keys) {
		t.Fatalf("%d frames, want %d", len(f.Frames), len(keys))
	}
	for _, fr := range f.Frames {
		key, known := keys[fr.Name]
		payload := proto112(fr.Frame)
		if !known || (payload != nil) != (key != nil) {
			t.Errorf("%s: payload %x", fr.Name, payload)
		}
		if key == nil {
			continue
		}
		if got := receive(payload, 255, 1, key); got != OK {
			t.Errorf("%s: %v", fr.Name, got)
		}
		if got := Classify(payload); got != KindCARP {
			t.Errorf("%s: classified as %v", fr.Name, got)
		}
	}
}

// TestCapturedUCarp verifies what a real UCarp sent, and signs the same.
func TestCapturedUCarp(t *testing.T) {
	frames := loadCaptured(t)
	if len(frames) != 6 {
		t.Fatalf("%d frames, want 6", len(frames))
	}
	for i, c := range frames {
		secret, cut := NewSecret(c.Password)
		if cut {
			t.Errorf("frame %d: the password was cut", i)
		}
		key := NewKey(secret, c.VHID, c.VIPs)
		a, err := Parse(proto112(c.Frame))
		if err != nil || key.Verify(a) != nil {
			t.Fatalf("frame %d: %v, %v", i, err, key.Verify(a))
		}
		mine := Advert{VHID: c.VHID, Advbase: c.Advbase, Advskew: c.Advskew, Counter: binary.BigEndian.Uint64(c.Counter)}
		key.Sign(&mine)
		if got := string(mine.AppendTo(nil)); got != string(c.Packet) {
			t.Errorf("frame %d: we would send %x\n             UCarp sent %x", i, got, []byte(c.Packet))
		}
	}
}
