package lab

import (
	"encoding/binary"
	"net/netip"

	"github.com/carpd/carpd/internal/carp"
)

// The addresses from which an Asker asks. No node has them.
var (
	asker4 = netip.MustParseAddr("192.0.2.254")
	asker6 = netip.MustParseAddr("2001:db8::fe")
)

// arpRequest is the question of an Asker by ARP.
func (a *Asker) arpRequest(src carp.MAC) []byte { return ARPRequest(src, asker4, a.target) }

// solicitation is the question of an Asker by Neighbour Solicitation.
func (a *Asker) solicitation(src carp.MAC) []byte { return Solicitation(src, asker6, a.target) }

// ARPRequest is a broadcast request for the target, padded to 60 bytes. The
// asker's address is in bytes 28 to 31, its MAC in 6 to 11 and 22 to 27.
func ARPRequest(src carp.MAC, from, target netip.Addr) []byte {
	b := make([]byte, 0, 60)
	b = append(b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff)
	b = append(b, src[:]...)
	b = append(b, typeARP>>8, typeARP&0xff)
	b = append(b, 0, 1, typeIPv4>>8, typeIPv4&0xff, 6, 4, 0, 1)
	b = append(b, src[:]...)
	b = append(b, from.AsSlice()...)
	b = append(b, 0, 0, 0, 0, 0, 0)
	b = append(b, target.AsSlice()...)
	return b[:60]
}

// Solicitation is a Neighbour Solicitation to the target's solicited-node
// group, with the source link-layer address as its option.
func Solicitation(src carp.MAC, from, target netip.Addr) []byte {
	t := target.As16()
	group := [16]byte{0xff, 2, 11: 1, 12: 0xff, 13: t[13], 14: t[14], 15: t[15]}
	b := make([]byte, 0, 86)
	b = append(b, 0x33, 0x33, group[12], group[13], group[14], group[15])
	b = append(b, src[:]...)
	b = append(b, typeIPv6>>8, typeIPv6&0xff)
	b = append(b, 0x60, 0, 0, 0, 0, 32, protoICMPv6, 255)
	b = append(b, from.AsSlice()...)
	b = append(b, group[:]...)
	icmp := len(b)
	b = append(b, 135, 0, 0, 0, 0, 0, 0, 0)
	b = append(b, t[:]...)
	b = append(b, 1, 1)
	b = append(b, src[:]...)
	pseudo := append([]byte(nil), b[22:54]...) // both addresses
	pseudo = append(pseudo, 0, 0, 0, 32, 0, 0, 0, protoICMPv6)
	binary.BigEndian.PutUint16(b[icmp+2:], checksum(append(pseudo, b[icmp:]...)))
	return b
}

// checksum is the Internet checksum, which CARP shares with ICMP.
func checksum(b []byte) uint16 { return carp.Checksum(b) }
