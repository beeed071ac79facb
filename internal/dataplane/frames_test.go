package dataplane

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/carpd/carpd/internal/carp"
)

// Frames of an advert of vhid 1 as OpenBSD, FreeBSD and UCarp build it, for the
// addresses 192.0.2.1 and, in IPv6, 2001:db8::1.
const (
	openbsd4 = "01005e00001200005e00010108004510003812344000ff70c6f3c000020be000001221010007000104310123456789abcdef804538a172de9d658c695edfe8729c0371ca91eb"
	freebsd4 = "01005e00001200005e000101080045e0003800004000ff70d857c000020be000001221010007000104310123456789abcdef804538a172de9d658c695edfe8729c0371ca91eb"
	unicast4 = "020000000012020000000011080045e0003800004000ff70f65dc000020bc000020c21010007000104310123456789abcdef804538a172de9d658c695edfe8729c0371ca91eb"
	ucarp4   = "01005e00001200005e00000108004510003800004000ff70d927c000020be000001221010007000104310123456789abcdef804538a172de9d658c695edfe8729c0371ca91eb"
	bcast4   = "ffffffffffff00005e00000108004510003800004000ff70d927c000020be000001221010007000104310123456789abcdef804538a172de9d658c695edfe8729c0371ca91eb"
	openbsd6 = "33330000001200005e00010186dd60000000002470fffe800000000000000000000000000011ff0200000000000000000000000000122101000700015e1f0123456789abcdef5d59a778cee10f2713156573bca724f92c357978"
	freebsd6 = "33330000001200005e00010186dd6e000000002470fffe800000000000000000000000000011ff0200000000000000000000000000122101000700015e1f0123456789abcdef5d59a778cee10f2713156573bca724f92c357978"
	// captured from a real UCarp, vhid 1, address 10.9.0.250
	captured4 = "01005e00001200005e000001080045100038c5b24000ff70cb750a090002e0000012210100070001354e033cf07e7e9992958d035e138d668638f68528a91b85d195162e8390"
)

// unhex reads hex with any white space in it.
func unhex(s string) []byte {
	b, err := hex.DecodeString(strings.Join(strings.Fields(s), ""))
	if err != nil {
		panic(fmt.Sprintf("%v in %q", err, s))
	}
	return b
}

// patch is a frame with other bytes at an offset.
func patch(frame []byte, offset int, b ...byte) []byte {
	frame = slices.Clone(frame)
	copy(frame[offset:], b)
	return frame
}

// tagged is a frame with VLAN tags put in, each of a protocol and a TCI.
func tagged(frame []byte, tags ...[2]uint16) []byte {
	out := slices.Clone(frame[:12])
	for _, tag := range tags {
		out = binary.BigEndian.AppendUint16(out, tag[0])
		out = binary.BigEndian.AppendUint16(out, tag[1])
	}
	return append(out, frame[12:]...)
}

// padded is a frame of at least 60 bytes, as it comes from a wire.
func padded(frame []byte) []byte {
	for len(frame) < 60 {
		frame = append(slices.Clip(frame), 0xa5)
	}
	return frame
}

// ipv4 is a frame to 224.0.0.18 with a payload of protocol 112.
func ipv4(payload []byte) []byte {
	h := unhex("01005e000012 020000000011 0800 45e0 0000 0000 4000 ff70 0000 c000020b e0000012")
	binary.BigEndian.PutUint16(h[16:], uint16(20+len(payload)))
	binary.BigEndian.PutUint16(h[24:], carp.Checksum(h[14:34]))
	return append(h, payload...)
}

// ipv6 is a frame to ff02::12 with a payload of protocol 112.
func ipv6(payload []byte) []byte {
	h := unhex(`333300000012 020000000011 86dd 60000000 0000 70ff
		fe800000000000000000000000000011 ff020000000000000000000000000012`)
	binary.BigEndian.PutUint16(h[18:], uint16(len(payload)))
	return append(h, payload...)
}

// summed puts the checksum of the whole payload into its bytes 6 and 7, where
// CARP and VRRP both have it.
func summed(payload []byte) []byte {
	payload = patch(payload, 6, 0, 0)
	binary.BigEndian.PutUint16(payload[6:], carp.Checksum(payload))
	return payload
}

// vrrp2 is a VRRPv2 packet with n addresses and a password of 8 bytes, or none.
func vrrp2(id byte, n int, password string) []byte {
	b := []byte{0x21, id, 100, byte(n), byte(len(password) / 8), 1, 0, 0}
	for i := range n {
		b = append(b, 192, 0, 2, byte(100+i))
	}
	return summed(append(append(b, password...), make([]byte, 8-len(password))...))
}

// vrrp3 is a VRRPv3 packet with one address. Its checksum is not looked at.
func vrrp3(id byte) []byte {
	return []byte{0x31, id, 100, 1, 0, 100, 0x12, 0x34, 192, 0, 2, 100}
}

// advert is a payload with the fields that matter to the kernel.
func advert(vhid carp.VHID) []byte {
	return carp.Advert{VHID: vhid, Advbase: 1, Counter: 7}.AppendTo(nil)
}

func TestFramesAreWhatTheyShould(t *testing.T) {
	for name, frame := range map[string]string{
		"openbsd4": openbsd4, "freebsd4": freebsd4, "unicast4": unicast4, "ucarp4": ucarp4, "captured4": captured4,
	} {
		if _, err := carp.Parse(unhex(frame)[34:]); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, frame := range map[string]string{"openbsd6": openbsd6, "freebsd6": freebsd6} {
		if _, err := carp.Parse(unhex(frame)[54:]); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
