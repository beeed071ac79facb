package dataplane

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"testing"

	"github.com/carpd/carpd/internal/carp"
)

// expect says what must become of a frame of protocol 112 with the groups of
// withGroup. It is written from the rules and uses the Go parser, so that the
// two implementations check each other.
func expect(frame []byte) result {
	eth := binary.BigEndian.Uint16(frame[12:])
	rest, vlan, tags := frame[14:], false, 0
	for ; tags < 2 && (eth == 0x8100 || eth == 0x88a8); tags++ {
		if len(rest) < 4 {
			return result{"pass", ""}
		}
		vlan = vlan || binary.BigEndian.Uint16(rest)&0xfff != 0
		eth, rest = binary.BigEndian.Uint16(rest[2:]), rest[4:]
	}
	switch {
	case eth == 0x0800 && len(rest) >= 20 && rest[9] == 112:
		return expect4(rest, vlan)
	case eth == 0x86dd && len(rest) >= 40 && rest[6] == 112:
		return expect6(rest, vlan)
	}
	return result{"pass", ""}
}

func expect4(ip []byte, vlan bool) result {
	header, total := int(ip[0]&15)*4, int(binary.BigEndian.Uint16(ip[2:]))
	if ip[0]>>4 != 4 || header < 20 || total < header || total > len(ip) {
		return result{"pass", "[0 not ours]"}
	}
	dst, _ := netip.AddrFromSlice(ip[16:20])
	var faults []carp.Reason
	if ip[6]&0x3f != 0 || ip[7] != 0 {
		faults = append(faults, carp.Fragment)
	}
	if ip[8] != 255 {
		faults = append(faults, carp.BadTTL)
	}
	if dst.String() != "224.0.0.18" && dst.String() != "192.0.2.12" {
		faults = append(faults, carp.BadDst)
	}
	return expectPayload(ip[header:total], vlan, faults, map[byte]int{1: 1, 2: 2})
}

func expect6(ip []byte, vlan bool) result {
	length := int(binary.BigEndian.Uint16(ip[4:]))
	if ip[0]>>4 != 6 || 40+length > len(ip) {
		return result{"pass", "[0 not ours]"}
	}
	dst, _ := netip.AddrFromSlice(ip[24:40])
	var faults []carp.Reason
	if ip[7] != 255 {
		faults = append(faults, carp.BadTTL)
	}
	if dst.String() != "ff02::12" && dst.String() != "fe80::12" {
		faults = append(faults, carp.BadDst)
	}
	return expectPayload(ip[40:40+length], vlan, faults, map[byte]int{1: 1})
}

// expectPayload judges the payload; ours are the slots of the VHIDs that have
// the packet's family. Of several faults the first counts.
func expectPayload(b []byte, vlan bool, faults []carp.Reason, ours map[byte]int) result {
	if isVRRP(b) {
		slot := 0
		if !vlan && (b[1] == 1 || b[1] == 2) {
			slot = int(b[1])
		}
		return result{"pass", fmt.Sprintf("[%d VRRP]", slot)}
	}
	_, err := carp.Parse(b)
	if err != nil && !errors.Is(err, carp.BadChecksum) {
		return result{"pass", "[0 not ours]"}
	}
	slot := ours[b[1]]
	if vlan || slot == 0 {
		return result{"pass", "[0 not ours]"}
	}
	if err != nil {
		faults = append(faults, carp.BadChecksum)
	}
	if len(faults) > 0 {
		return result{"drop", fmt.Sprintf("[%d %v]", slot, faults[0])}
	}
	return result{"pass", fmt.Sprintf("[%d ok]", slot)}
}

// isVRRP goes by the shape, as the kernel does: version 3, or version 2 with
// room for its addresses and a known kind of authentication. With 7 addresses,
// which is the shape of an advert, length and checksum must be VRRP's, too.
func isVRRP(b []byte) bool {
	switch {
	case len(b) < 8 || b[0]&15 != 1:
		return false
	case b[0]>>4 == 3:
		return true
	case len(b) == 44 && b[0]>>4 == 2 && b[3] == 7 && b[4] <= 2 && carp.Checksum(b) == 0:
		return true
	case b[0]>>4 != 2 || len(b) >= 36 && b[3] == 7:
		return false
	}
	return b[3] >= 1 && len(b) >= 16+4*int(b[3]) && b[4] <= 2
}

// bases are frames to be cut and bent.
func bases() map[string][]byte {
	return map[string][]byte{
		"advert": unhex(freebsd4), "advert, IPv6": unhex(freebsd6), "unicast": unhex(unicast4),
		"options": withOptions(unhex(freebsd4)), "trailer": append(unhex(openbsd4), 1, 2, 3, 4, 5),
		"other group": ipv4(advert(2)), "nobody's": ipv4(advert(9)), "nobody's, IPv6": ipv6(advert(2)),
		"VRRPv2": padded(ipv4(vrrp2(1, 2, "password"))), "VRRPv3, IPv6": ipv6(vrrp3(1)),
		"VRRPv2 as CARP": ipv4(vrrp2(1, 7, "")), "VRRPv2 as CARP with a password": ipv4(vrrp2(1, 7, "password")),
		"later": patch(unhex(freebsd4), 20, 0, 1),
	}
}

// tagSets are no, one and two tags: priority tags, which count as none, and a
// VLAN that has no group.
var tagSets = [][][2]uint16{
	nil, {{0x8100, 0}}, {{0x88a8, 5}}, {{0x88a8, 0}, {0x8100, 0x6000}}, {{0x8100, 5}, {0x8100, 6}},
}

// least is the shortest frame that BPF_PROG_TEST_RUN takes: a TC program is
// never shown less than a whole IP header behind an untagged Ethernet header.
func (h hook) least(frame []byte) int {
	switch {
	case h.name == "carp_rx":
		return 14
	case frame[12] == 8 && frame[13] == 0:
		return 34
	case frame[12] == 0x86:
		return 54
	}
	return 14
}

func TestTruncatedAtEveryLength(t *testing.T) {
	d := withGroup(t)
	for _, h := range hooks(d) {
		seen := map[result]int{}
		for name, base := range bases() {
			for _, tags := range tagSets {
				frame := tagged(base, tags...)
				for n := h.least(frame); n <= len(frame); n++ {
					want := h.spent(expect(frame[:n]))
					if got := h.judge(t, d, frame[:n], 1, 2); got != want {
						t.Errorf("%s: %s, tags %x, %d of %d bytes: got %v, want %v", h.name, name, tags, n, len(frame), got, want)
					}
					seen[want]++
				}
				events(t, d)
			}
		}
		t.Logf("%s: %v", h.name, seen)
	}
}

func TestEveryByteBent(t *testing.T) {
	d := withGroup(t)
	for _, h := range hooks(d) {
		seen := map[result]int{}
		for name, base := range bases() {
			for _, tags := range [][][2]uint16{nil, {{0x8100, 0}}} {
				frame := tagged(base, tags...)
				for i := range frame {
					for _, bits := range []byte{0x01, 0x02, 0x10, 0x80, 0xff} {
						bent := patch(frame, i, frame[i]^bits)
						want := h.spent(expect(bent))
						if got := h.judge(t, d, bent, 1, 2); got != want {
							t.Errorf("%s: %s, tags %x, byte %d is %#x: got %v, want %v", h.name, name, tags, i, bent[i], got, want)
						}
						seen[want]++
					}
				}
				events(t, d)
			}
		}
		t.Logf("%s: %v", h.name, seen)
	}
}

// Whatever is cut off ARP and solicitations, nothing is answered or dropped
// before all that matters is there.
func TestTruncatedQuestions(t *testing.T) {
	d := withGroup(t)
	d.Answer(1, later())
	for _, h := range hooks(d) {
		for _, tags := range tagSets {
			for _, c := range []struct {
				frame     []byte
				from      int // bytes that say for whom it is
				need      int // bytes of the whole packet
				cut, want result
			}{
				{arpRequest, 42, 42, result{"pass", ""}, result{"reply", "[1 ARP answered]"}},
				{solicitation, 78, 86, result{"drop", "[1 ND malformed]"}, result{"reply", "[1 ND answered]"}},
				{ndPlain, 78, 78, result{"pass", ""}, result{"reply", "[1 ND answered]"}},
				{ndTwo, 78, 94, result{"drop", "[1 ND malformed]"}, result{"reply", "[1 ND answered]"}},
				{ndProbe, 78, 78, result{"pass", ""}, result{"reply", "[1 ND answered]"}},
			} {
				frame := tagged(c.frame, tags...)
				for n := h.least(frame); n <= len(frame); n++ {
					want := result{"pass", ""}
					ours := tags == nil || tags[0][1]&0xfff == 0
					if ours && n >= c.from+4*len(tags) {
						want = c.cut
					}
					if ours && n >= c.need+4*len(tags) {
						want = c.want
					}
					if got := h.judge(t, d, frame[:n], 1); got != want {
						t.Errorf("%s: %d of %d bytes, tags %x: got %v, want %v", h.name, n, len(frame), tags, got, want)
					}
				}
			}
		}
	}
}
