package capture

import (
	"encoding/binary"
	"net/netip"
	"testing"

	"github.com/gopacket/gopacket/layers"

	"github.com/carpd/carpd/internal/carp"
)

// repaired sets bytes of the example and repairs its checksum.
func repaired(set map[int]byte) []byte {
	b := unhex(example)
	for i, v := range set {
		b[i] = v
	}
	b[6], b[7] = 0, 0
	binary.BigEndian.PutUint16(b[6:], carp.Checksum(b))
	return b
}

func header(offset int, value ...byte) func([]byte) {
	return func(h []byte) { copy(h[offset:], value) }
}

// TestVerdicts has one row per verdict and kind, and the order in which the
// rules apply.
func TestVerdicts(t *testing.T) {
	badSum := unhex(example)
	badSum[7]++
	ttl254, alien := header(8, 254), header(16, 224, 0, 0, 22)
	rows := []struct {
		name, kind, verdict string
		packet              []byte
	}{
		{"genuine", "CARP", "ok", ip4(unhex(example))},
		{"genuine, with a trailer", "CARP", "ok", ip4(append(unhex(example), 0xde, 0xad))},
		{"genuine, good as VRRPv2 too", "CARP", "ok", ip4(append(unhex(example), make([]byte, 8)...))},
		{"genuine, unicast", "CARP", "ok", ip4(unhex(example), header(16, 192, 0, 2, 12))},
		{"TTL 254", "CARP", "bad TTL", ip4(unhex(example), ttl254)},
		{"another group", "CARP", "bad destination", ip4(unhex(example), alien)},
		{"broadcast", "CARP", "bad destination", ip4(unhex(example), header(16, 255, 255, 255, 255))},
		{"to nobody", "CARP", "bad destination", ip4(unhex(example), header(16, 0, 0, 0, 0))},
		{"checksum", "unknown", "bad checksum", ip4(badSum)},
		{"digest", "CARP", "bad digest", ip4(repaired(map[int]byte{35: 0}))},
		{"counter", "CARP", "bad digest", ip4(repaired(map[int]byte{15: 0}))},
		{"a VHID without key", "CARP", "no key", ip4(repaired(map[int]byte{1: 9}))},
		{"VHID 0", "CARP", "bad VHID", ip4(repaired(map[int]byte{1: 0}))},
		{"type 2", "unknown", "bad type", ip4(repaired(map[int]byte{0: 0x22}))},
		{"authlen 6", "unknown", "bad authlen", ip4(repaired(map[int]byte{3: 6}))},
		{"version 4", "unknown", "bad version", ip4(repaired(map[int]byte{0: 0x41}))},
		{"35 bytes", "unknown", "bad length", ip4(unhex(example)[:35])},
		{"nothing", "unknown", "bad length", ip4(nil)},
		{"first fragment", "unknown", "fragment", ip4(unhex(example), header(6, 0x20, 0))},
		{"second fragment", "unknown", "fragment", ip4(unhex(example), header(6, 0, 5))},
		{"VRRPv2", "VRRPv2", "VRRP", ip4(unhex("21339601000186c8c00002010000000000000000"))},
		{"VRRPv2 with TTL 254", "VRRPv2", "VRRP", ip4(unhex("21339601000186c8c00002010000000000000000"), ttl254)},
		{"VRRPv3", "VRRPv3", "VRRP", ip4(unhex("3101640100640000c0000201"))},
		{"TTL before checksum", "unknown", "bad TTL", ip4(badSum, ttl254)},
		{"TTL before destination", "CARP", "bad TTL", ip4(unhex(example), ttl254, alien)},
		{"destination before checksum", "unknown", "bad destination", ip4(badSum, alien)},
		{"shape before TTL", "unknown", "bad length", ip4(unhex(example)[:35], ttl254)},
		{"fragment before TTL", "unknown", "fragment", ip4(unhex(example), ttl254, header(6, 0x20, 0))},
		{"TTL before digest", "CARP", "bad TTL", ip4(repaired(map[int]byte{35: 0}), ttl254)},
	}
	for _, r := range rows {
		got := one(t, pcap(layers.LinkTypeEthernet, eth(r.packet)), keyring())
		if got.Verdict != r.verdict || got.Kind != r.kind {
			t.Errorf("%s: %s, %s, want %s, %s", r.name, got.Kind, got.Verdict, r.kind, r.verdict)
		}
	}
}

// TestNegativeVectors: the BSDs' names for what is wrong, and where we are
// stricter on purpose: nobody looks at type and authlen, and nobody sends
// others, so that what has them is not CARP.
func TestNegativeVectors(t *testing.T) {
	names := map[string]string{
		"ok": "ok", "badttl": "bad TTL", "badlen": "bad length", "badsum": "bad checksum",
		"badver": "VRRP", // version 3 of the number 112 is VRRP
		// A capture says only that there is no key for another VHID.
		"badvhid": "no key", "badauth": "bad digest",
	}
	stricter := map[string]string{"type-2": "bad type", "authlen-0": "bad authlen"}
	var f struct {
		Negative struct {
			Cases []struct {
				Name, Expect string
				TTL          byte
				Packet       string `json:"packet_hex"`
			}
		}
	}
	testdata(t, "vectors.json", &f)
	if len(f.Negative.Cases) != 14 {
		t.Fatalf("%d cases, want 14", len(f.Negative.Cases))
	}
	for _, c := range f.Negative.Cases {
		want := names[c.Expect]
		if s, ok := stricter[c.Name]; ok {
			want = s
		}
		got := one(t, pcap(layers.LinkTypeEthernet, eth(ip4(unhex(c.Packet), header(8, c.TTL)))), keyring())
		if got.Verdict != want {
			t.Errorf("%s: %s, want %s", c.Name, got.Verdict, want)
		}
	}
}

// TestKeys: the password decides, any group of the VHID will do, and no key is
// another verdict than a wrong one.
func TestKeys(t *testing.T) {
	file := pcap(layers.LinkTypeEthernet, eth(ip4(unhex(example))))
	list := []netip.Addr{netip.MustParseAddr("192.0.2.1")}
	var wrong, both, otherVHID, otherList Keyring
	wrong.Add("1@eth0", 1, secret("mekmitasdigoaT"), list)
	both.Add("1@eth0", 1, secret("something else"), list)
	both.Add("1@eth1", 1, secret(password), list)
	otherVHID.Add("2@eth0", 2, secret(password), list)
	otherList.Add("1@eth0", 1, secret(password), append(list, netip.MustParseAddr("192.0.2.2")))
	rows := []struct {
		name           string
		keys           Keyring
		verdict, group string
	}{
		{"right", keyring(), "ok", "1@eth0"},
		{"none", Keyring{}, "no key", ""},
		{"wrong password", wrong, "bad digest", ""},
		{"two groups of the VHID", both, "ok", "1@eth1"},
		{"another VHID only", otherVHID, "no key", ""},
		{"another address list", otherList, "bad digest", ""},
	}
	for _, r := range rows {
		if got := one(t, file, r.keys); got.Verdict != r.verdict || got.Group != r.group {
			t.Errorf("%s: %s of %q, want %s of %q", r.name, got.Verdict, got.Group, r.verdict, r.group)
		}
	}
}

// ucarpFile is testdata/captured_ucarp.json.
type ucarpFile struct {
	Frames []struct {
		Password string `json:"password_hex"`
		VHID     carp.VHID
		VIPs     []netip.Addr
		Counter  string `json:"counter_hex"`
		Frame    string `json:"frame_hex"`
	}
}

// TestCapturedUCarp: six adverts of a real UCarp, two each of three groups;
// the second group's password is not the configured one.
func TestCapturedUCarp(t *testing.T) {
	var f ucarpFile
	testdata(t, "captured_ucarp.json", &f)
	var frames [][]byte
	var keys Keyring
	for i, fr := range f.Frames {
		frames = append(frames, unhex(fr.Frame))
		pass := string(unhex(fr.Password))
		if fr.VHID == 255 {
			pass = "not the password"
		}
		if i%2 == 0 {
			keys.Add(fr.VIPs[0].String(), fr.VHID, secret(pass), fr.VIPs)
		}
	}
	got, err := readAll(pcap(layers.LinkTypeEthernet, frames...), keys)
	if err != nil || len(got) != 6 {
		t.Fatalf("%d records, %v", len(got), err)
	}
	verdicts := []string{"ok", "ok", "bad digest", "bad digest", "ok", "ok"}
	vhids := []uint8{1, 1, 255, 255, 42, 42}
	for i, r := range got {
		if r.Verdict != verdicts[i] || r.Kind != "CARP" || r.VHID != vhids[i] || r.Counter != f.Frames[i].Counter || r.Packet != i+1 {
			t.Errorf("frame %d: %+v %+v", i+1, r, r.Advert)
		}
	}
}

// TestVectorFrames: whole frames of five systems, and gratuitous ARP, which is
// nothing for us.
func TestVectorFrames(t *testing.T) {
	var f struct {
		Frames []struct {
			Name  string
			Frame string `json:"frame_hex"`
		}
	}
	testdata(t, "vectors.json", &f)
	keys := keyring()
	keys.Add("1@eth1", 1, secret("secret"), []netip.Addr{netip.MustParseAddr("2001:db8::1")})
	var frames [][]byte
	for _, fr := range f.Frames {
		frames = append(frames, unhex(fr.Frame))
	}
	got, err := readAll(pcap(layers.LinkTypeEthernet, frames...), keys)
	if err != nil || len(got) != 7 || len(f.Frames) != 10 {
		t.Fatalf("%d records of %d frames, %v", len(got), len(f.Frames), err)
	}
	for _, r := range got {
		if r.Verdict != "ok" {
			t.Errorf("frame %d: %s", r.Packet, r.Verdict)
		}
	}
}
