package dataplane

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/carpd/carpd/internal/carp"
)

// allHooks are the three programs that judge adverts.
func allHooks(d *Dataplane) []hook {
	generic := hooks(d)[0]
	generic.name, generic.prog = "carp_rx_generic", d.objs.CarpRxGeneric
	return append(hooks(d), generic)
}

// hexBytes are written in hex in the files of vectors.
type hexBytes []byte

func (h *hexBytes) UnmarshalText(text []byte) (err error) {
	*h, err = hex.DecodeString(string(text))
	return err
}

// vector is one of internal/carp/testdata/vectors.json, which a model has
// computed that shares no code with us.
type vector struct {
	Name      string
	Password  hexBytes `json:"password_hex"`
	Key       hexBytes `json:"key_hex"`
	VHID      carp.VHID
	VIPs      []netip.Addr
	CustomMAC *string  `json:"custom_mac"`
	Message   hexBytes `json:"hmac_message_hex"`
	Packet    hexBytes `json:"packet_hex"`
	Frame     hexBytes `json:"frame_hex"` // of captured ones
}

// readVectors reads a file of vectors.
func readVectors(t testing.TB, name string, into any) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("../carp/testdata", name))
	if err == nil {
		err = json.Unmarshal(b, into)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// states are the keys of a vector. Only OpenBSD has a MAC in the digest, which
// no key of carpd knows: that one is made of the message.
func (v vector) states() []carp.Midstate {
	var s carp.Secret
	copy(s[:], v.Key)
	if v.CustomMAC != nil {
		return []carp.Midstate{stateOf(s, v.Message[:len(v.Message)-8])}
	}
	return carp.NewKey(s, v.VHID, v.VIPs).Midstates()
}

// stateOf is the state of any message, made by the standard library.
func stateOf(s carp.Secret, fixed []byte) (m carp.Midstate) {
	m.Outer, _ = sha1State(s, 0x5c, nil)
	inner, rest := sha1State(s, 0x36, fixed)
	m.Inner, m.Left, m.Hashed = inner, copy(m.Rest[:], rest), 64+len(fixed)-len(rest)
	return m
}

// sha1State is the state after the padded key and the whole blocks of msg, and
// what is left of that.
func sha1State(s carp.Secret, pad byte, msg []byte) (state [5]uint32, rest []byte) {
	block := make([]byte, 64)
	copy(block, s[:])
	for i := range block {
		block[i] ^= pad
	}
	whole := len(msg) / 64 * 64
	h := sha1.New()
	h.Write(block)
	h.Write(msg[:whole])
	b, err := h.(encoding.BinaryMarshaler).MarshalBinary()
	if err != nil {
		panic(err)
	}
	for i := range state {
		state[i] = binary.BigEndian.Uint32(b[4+4*i:])
	}
	return state, msg[whole:]
}

// keyed adds a group of both families for a VHID, and gives it keys.
func keyed(t testing.TB, d *Dataplane, v carp.VHID, keys []carp.Midstate) Slot {
	t.Helper()
	slot := addGroup(t, d, Group{Ifindex: loopback, VHID: v, Addresses: addrs(fmt.Sprintf("192.0.2.%d", v), fmt.Sprintf("2001:db8::%x", uint8(v)))})
	setKeys(t, d, slot, keys)
	return slot
}

func setKeys(t testing.TB, d *Dataplane, slot Slot, keys []carp.Midstate) {
	t.Helper()
	if err := d.SetKeys(slot, keys); err != nil {
		t.Fatal(err)
	}
}

// forget makes the filter of adverts forget what it has seen, and its buckets full.
func forget(t testing.TB, d *Dataplane, slot Slot) {
	t.Helper()
	if err := d.objs.CarpGuard.Put(slot, bpfCarpGuard{}); err != nil {
		t.Fatal(err)
	}
}

// flipped is an advert with a bit changed and its checksum right.
func flipped(payload []byte, at int) []byte {
	return summed(patch(payload[:carp.AdvertLen], at, payload[at]^1))
}

// judgeBoth gives an advert to all programs in both families.
func judgeBoth(t testing.TB, d *Dataplane, slot Slot, payload []byte, want result) {
	t.Helper()
	for _, h := range allHooks(d) {
		for family, frame := range map[string][]byte{"IPv4": ipv4(payload), "IPv6": ipv6(payload)} {
			if got := h.judge(t, d, frame, slot); got != h.spent(want) {
				t.Errorf("%s, %s: %x: got %v, want %v", h.name, family, payload, got, h.spent(want))
			}
		}
	}
}

// The results that matter here, for slot 1.
var (
	genuine   = result{"pass", "[1 ok]"}
	forged    = result{"drop", "[1 bad digest]"}
	duplicate = result{"drop", "[1 duplicate]"}
	ownEcho   = result{"drop", "[1 own echo]"}
)

// Every vector passes in every program and family; with a bit of its counter or
// digest changed it is refused.
func TestVectorsInTheKernel(t *testing.T) {
	var file struct{ Vectors []vector }
	readVectors(t, "vectors.json", &file)
	if len(file.Vectors) != 47 {
		t.Fatalf("%d vectors", len(file.Vectors))
	}
	d := load(t, Options{})
	for _, v := range file.Vectors {
		t.Run(v.Name, func(t *testing.T) {
			slot := keyed(t, d, v.VHID, v.states())
			ok, bad := result{"pass", fmt.Sprintf("[%d ok]", slot)}, result{"drop", fmt.Sprintf("[%d bad digest]", slot)}
			judgeBoth(t, d, slot, v.Packet, ok)
			for _, at := range []int{8, 15, 16, 25, 35} {
				judgeBoth(t, d, slot, flipped(v.Packet, at), bad)
			}
			// What the digest does not cover may have any value.
			for _, at := range []int{2, 4, 5} {
				forget(t, d, slot)
				judgeBoth(t, d, slot, flipped(v.Packet, at), ok)
			}
			if err := d.RemoveGroup(slot); err != nil {
				t.Fatal(err)
			}
			events(t, d)
		})
	}
}

// The negative vectors, as our profile judges them: what nobody sends belongs to
// somebody else, and is passed.
func TestNegativeVectorsInTheKernel(t *testing.T) {
	var file struct {
		Negative struct {
			Password string
			VIPs     []netip.Addr
			Cases    []struct {
				Name   string
				Packet hexBytes `json:"packet_hex"`
				TTL    byte
			}
		}
	}
	readVectors(t, "vectors.json", &file)
	d := load(t, Options{})
	s, _ := carp.NewSecret([]byte(file.Negative.Password))
	keyed(t, d, 1, carp.NewKey(s, 1, file.Negative.VIPs).Midstates())
	notOurs := result{"pass", "[0 not ours]"}
	want := map[string]result{
		"good": genuine, "trailing-bytes": genuine, "advskew-forged": genuine, "demote-forged": genuine, "advbase-forged": genuine,
		"counter-forged": forged, "digest-forged": forged,
		"ttl-254": {"drop", "[1 bad TTL]"}, "checksum-flip": {"drop", "[1 bad checksum]"},
		"truncated-35": notOurs, "type-2": notOurs, "vhid-2": notOurs, "authlen-0": notOurs, "version-3": {"pass", "[1 VRRP]"},
	}
	for _, c := range file.Negative.Cases {
		w, known := want[c.Name]
		if !known {
			t.Errorf("%s: not in the list", c.Name)
		}
		for _, h := range allHooks(d) {
			forget(t, d, 1)
			for _, frame := range [][]byte{patch(ipv4(c.Packet), 22, c.TTL), patch(ipv6(c.Packet), 21, c.TTL)} {
				if got := h.judge(t, d, frame, 1); got != h.spent(w) {
					t.Errorf("%s, %s: got %v, want %v", h.name, c.Name, got, h.spent(w))
				}
			}
		}
	}
}

// What a real UCarp has sent passes, and does not with another password.
func TestCapturedInTheKernel(t *testing.T) {
	var file struct{ Frames []vector }
	readVectors(t, "captured_ucarp.json", &file)
	if len(file.Frames) != 6 {
		t.Fatalf("%d frames", len(file.Frames))
	}
	d := load(t, Options{})
	for i, v := range file.Frames {
		s, _ := carp.NewSecret(v.Password)
		slot := keyed(t, d, v.VHID, carp.NewKey(s, v.VHID, v.VIPs).Midstates())
		ok, bad := result{"pass", fmt.Sprintf("[%d ok]", slot)}, result{"drop", fmt.Sprintf("[%d bad digest]", slot)}
		for _, h := range allHooks(d) {
			forget(t, d, slot)
			if got := h.judge(t, d, v.Frame, slot); got != h.spent(ok) {
				t.Errorf("frame %d, %s: %v", i, h.name, got)
			}
		}
		s[0] ^= 1
		setKeys(t, d, slot, carp.NewKey(s, v.VHID, v.VIPs).Midstates())
		for _, h := range allHooks(d) {
			if got := h.judge(t, d, v.Frame, slot); got != bad {
				t.Errorf("frame %d with another password, %s: %v", i, h.name, got)
			}
		}
		if err := d.RemoveGroup(slot); err != nil {
			t.Fatal(err)
		}
	}
}

// message is what is authenticated, but for the counter.
func message(v carp.VHID, mac []byte, addrs []netip.Addr) []byte {
	m := append(append([]byte{2, 1}, mac...), byte(v))
	for _, a := range addrs {
		m = append(m, a.AsSlice()...)
	}
	return m
}

// signed is an advert that crypto/hmac has signed.
func signed(s carp.Secret, fixed []byte, a carp.Advert) []byte {
	h := hmac.New(sha1.New, s[:])
	h.Write(fixed)
	h.Write(binary.BigEndian.AppendUint64(nil, a.Counter))
	copy(a.Digest[:], h.Sum(nil))
	return a.AppendTo(nil)
}

var testSecret, _ = carp.NewSecret([]byte("mekmitasdigoat"))

// The counter may lie anywhere in the last blocks of the message: after 0 to 40
// IPv4 addresses, after IPv6 ones, with a link-local one or not, and behind a MAC
// as only OpenBSD has it.
func TestEveryPlaceOfTheCounter(t *testing.T) {
	var four, six []netip.Addr
	for i := range byte(40) {
		four = append(four, netip.AddrFrom4([4]byte{10, 0, 1, i}))
		six = append(six, netip.AddrFrom16([16]byte{0x20, 1, 0xd, 0xb8, 15: i}))
	}
	local := []netip.Addr{netip.MustParseAddr("fe80::1")}
	d := load(t, Options{})
	keyed(t, d, 1, nil)
	counter := uint64(0xf1e2d3c4b5a69788)
	check := func(what string, keys []carp.Midstate, fixed []byte) {
		t.Helper()
		setKeys(t, d, 1, keys)
		forget(t, d, 1)
		counter++
		good := signed(testSecret, fixed, carp.Advert{VHID: 1, Advbase: 1, Counter: counter})
		for _, h := range allHooks(d) {
			if got := h.judge(t, d, ipv4(good), 1); got != h.spent(genuine) {
				t.Errorf("%s, %s: %v", what, h.name, got)
			}
			if got := h.judge(t, d, ipv4(flipped(good, 15)), 1); got != forged {
				t.Errorf("%s, %s: forged counter: %v", what, h.name, got)
			}
		}
	}
	for n := range 41 {
		for m := range 5 {
			mixed := slices.Concat(four[:n], six[:m])
			if m > 1 && n > 4 {
				continue
			}
			keys := carp.NewKey(testSecret, 1, mixed).Midstates()
			check(fmt.Sprintf("%d IPv4, %d IPv6", n, m), keys, message(1, nil, mixed))
		}
		mac := []byte{2, 0x11, 0x22, 0x33, 0x44, 0x55}
		check(fmt.Sprintf("a MAC and %d IPv4", n), []carp.Midstate{stateOf(testSecret, message(1, mac, four[:n]))}, message(1, mac, four[:n]))
		both := carp.NewKey(testSecret, 1, slices.Concat(four[:n], six[:1], local)).Midstates()
		if len(both) != 2 {
			t.Fatalf("%d forms with a link-local address", len(both))
		}
		check(fmt.Sprintf("%d IPv4, without the link-local one", n), both, message(1, nil, slices.Concat(four[:n], six[:1])))
		check(fmt.Sprintf("%d IPv4, with the link-local one", n), both, message(1, nil, slices.Concat(four[:n], six[:1], local)))
	}
	events(t, d)
}
