package carp

import (
	"bytes"
	"encoding/binary"
	"errors"
	"net"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The worked example of the protocol: password mekmitasdigoat, VHID 1,
// address 192.0.2.1, counter 0123456789abcdef.
const example = "21010007000104310123456789abcdef804538a172de9d658c695edfe8729c0371ca91eb"

// TestVectors goes through key, message, digest, checksum and bytes of every
// positive vector, in both directions.
func TestVectors(t *testing.T) {
	f := loadVectors(t)
	if len(f.Vectors) != 47 {
		t.Fatalf("%d vectors, want 47", len(f.Vectors))
	}
	for _, v := range f.Vectors {
		t.Run(v.Name, func(t *testing.T) { testVector(t, v) })
	}
}

func testVector(t *testing.T, v vector) {
	secret := v.secret()
	if !bytes.Equal(secret[:], v.Key) {
		t.Errorf("key %x, want %x", secret[:], []byte(v.Key))
	}
	var mac []byte
	if v.CustomMAC != nil {
		mac, _ = net.ParseMAC(*v.CustomMAC)
	}
	counter := binary.BigEndian.Uint64(v.Counter)
	fixed := message(v.VHID, mac, HashedAddrs(v.VIPs, v.IncludeLL))
	if got := binary.BigEndian.AppendUint64(fixed, counter); !bytes.Equal(got, v.Message) {
		t.Errorf("message %x\n    want %x", got, []byte(v.Message))
	}
	want := Advert{VHID: v.VHID, Advbase: v.Advbase, Advskew: v.Advskew, Demotion: v.Demote, Counter: counter}
	copy(want.Digest[:], v.HMAC)

	key := newKey(secret, v.VHID, mac, v.VIPs)
	got := want
	key.digest(prepare(secret, fixed), counter, &got.Digest)
	if got != want {
		t.Errorf("digest %x, want %x", got.Digest, want.Digest)
	}
	if b := want.AppendTo(nil); !bytes.Equal(b, v.Packet) {
		t.Errorf("bytes %x\n  want %x", b, []byte(v.Packet))
	}
	if b := want.AppendTo(nil); !bytes.Equal(b[6:8], v.ChecksumText) {
		t.Errorf("checksum %x, want %x", b[6:8], []byte(v.ChecksumText))
	}
	parsed, err := Parse(v.Packet)
	if err != nil || parsed != want {
		t.Errorf("parsed with %v: %s", err, cmp.Diff(want, parsed))
	}
	if err := key.Verify(parsed); err != nil {
		t.Errorf("Verify: %v", err)
	}
}

// negatives maps the names of the BSD counters to our reasons.
var negatives = map[string]Reason{
	"ok": OK, "badttl": BadTTL, "badlen": BadLength, "badsum": BadChecksum,
	"badver": BadVersion, "badvhid": BadVHID, "badauth": BadDigest,
}

// stricter are the negative vectors which a BSD takes and we do not. The type
// nibble and authlen are checked by nobody, but nobody sends other values:
// what has them is not CARP, and a VRRP daemon may own it.
var stricter = map[string]Reason{"type-2": BadType, "authlen-0": BadAuthlen}

func TestNegativeVectors(t *testing.T) {
	f := loadVectors(t).Negative
	if len(f.Cases) != 14 {
		t.Fatalf("%d negative vectors, want 14", len(f.Cases))
	}
	secret, _ := NewSecret([]byte(f.Password))
	key := NewKey(secret, f.VHID, f.VIPs)
	seen := 0
	for _, c := range f.Cases {
		want, ok := negatives[c.Expect]
		if !ok {
			t.Fatalf("%s: no reason for %q", c.Name, c.Expect)
		}
		if s, ok := stricter[c.Name]; ok {
			want = s
			seen++
		}
		if got := receive(c.Packet, c.TTL, f.VHID, key); got != want {
			t.Errorf("%s: %v, want %v", c.Name, got, want)
		}
	}
	if seen != len(stricter) {
		t.Errorf("%d of the %d stricter vectors were seen", seen, len(stricter))
	}
}

// receive is the order in which a receiver of one group applies the checks.
func receive(packet []byte, ttl uint8, vhid VHID, key *Key) Reason {
	if ttl != TTL {
		return BadTTL
	}
	a, err := Parse(packet)
	if err != nil {
		return reason(err)
	}
	if a.VHID != vhid {
		return BadVHID
	}
	if err := key.Verify(a); err != nil {
		return reason(err)
	}
	return OK
}

// reason is the reason that an error is, or none if it is no reason.
func reason(err error) Reason {
	var r Reason
	if !errors.As(err, &r) {
		return NumReasons
	}
	return r
}

// TestParseRefuses changes one byte of a good advert at a time. Each row is
// repaired by its own checksum, so that only the named rule can refuse it.
func TestParseRefuses(t *testing.T) {
	rows := []struct {
		name   string
		offset int
		value  byte
		want   Reason
	}{
		{"VHID 0", 1, 0, BadVHID},
		{"type 2", 0, 0x22, BadType},
		{"version 3", 0, 0x31, BadVersion},
		{"authlen 6", 3, 6, BadAuthlen},
		{"another advskew", 2, 99, OK},
		{"a demotion", 4, 9, OK},
		{"advbase 0", 5, 0, OK},
	}
	for _, r := range rows {
		b := unhex(t, example)
		b[r.offset] = r.value
		b[6], b[7] = 0, 0
		binary.BigEndian.PutUint16(b[6:], Checksum(b))
		got, err := Parse(b)
		if r.want == OK {
			if err != nil {
				t.Errorf("%s: %v", r.name, err)
			}
			continue
		}
		if !errors.Is(err, r.want) || got != (Advert{}) {
			t.Errorf("%s: %v, %v, want %v and no advert", r.name, got, err, r.want)
		}
	}
}

// TestParseLengths cuts an advert everywhere and lengthens it.
func TestParseLengths(t *testing.T) {
	b := unhex(t, example)
	for n := range b {
		if _, err := Parse(b[:n]); !errors.Is(err, BadLength) {
			t.Errorf("%d bytes: %v, want %v", n, err, BadLength)
		}
	}
	want, _ := Parse(b)
	if got, err := Parse(append(b, 1, 2, 3)); err != nil || got != want {
		t.Errorf("with three bytes behind it: %v, %v", got, err)
	}
}

// TestChecksumZeros: one's complement has two zeros. Both are good on receipt
// and we send the one that a BSD sends.
func TestChecksumZeros(t *testing.T) {
	a := Advert{VHID: 1, Counter: 0}
	b := a.AppendTo(nil)
	rest := binary.BigEndian.Uint16(b[6:8]) // the sum of all the rest, inverted
	a.Counter = uint64(rest)                // now the rest sums to 0xffff
	b = a.AppendTo(nil)
	if b[6] != 0 || b[7] != 0 {
		t.Fatalf("checksum %x, want 0000", b[6:8])
	}
	b[6], b[7] = 0xff, 0xff
	if got, err := Parse(b); err != nil || got != a {
		t.Errorf("checksum ffff: %v, %v", got, err)
	}
}

// TestChecksum has the example of RFC 1071, section 3, and odd lengths.
func TestChecksum(t *testing.T) {
	rows := []struct {
		hex  string
		want uint16
	}{
		{"0001f203f4f5f6f7", 0x220d}, // the RFC's sum is ddf2
		{"", 0xffff},
		{"01", 0xfeff},     // 0100
		{"ffff01", 0xfeff}, // ffff + 0100 = 0100 with the carry
		{"ffffffff", 0},
		{"ffffffff0001", 0xfffe}, // 1ffff, 10000, 1: the carry carries again
	}
	for _, r := range rows {
		if got := Checksum(unhex(t, r.hex)); got != r.want {
			t.Errorf("Checksum(%s) = %04x, want %04x", r.hex, got, r.want)
		}
	}
}

func TestBowOut(t *testing.T) {
	rows := []struct {
		advbase, advskew uint8
		want             bool
	}{{255, 255, true}, {255, 254, false}, {254, 255, false}, {1, 255, false}, {0, 0, false}}
	for _, r := range rows {
		if got := (Advert{Advbase: r.advbase, Advskew: r.advskew}).IsBowOut(); got != r.want {
			t.Errorf("advbase %d advskew %d: %v", r.advbase, r.advskew, got)
		}
	}
}

// TestPeek shows the fields of an advert that Parse refuses.
func TestPeek(t *testing.T) {
	b := unhex(t, example)
	b[6]++
	a := Peek((*[AdvertLen]byte)(b))
	if a.VHID != 1 || a.Advbase != 1 || a.Counter != 0x0123456789abcdef || a.Digest[19] != 0xeb {
		t.Errorf("%+v", a)
	}
}
