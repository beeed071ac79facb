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

// arpRequest is a broadcast request for the target.
func (a *Asker) arpRequest(src carp.MAC) []byte {
	b := make([]byte, 0, 60)
	b = append(b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff)
	b = append(b, src[:]...)
	b = append(b, typeARP>>8, typeARP&0xff)
	b = append(b, 0, 1, typeIPv4>>8, typeIPv4&0xff, 6, 4, 0, 1)
	b = append(b, src[:]...)
	b = append(b, asker4.AsSlice()...)
	b = append(b, 0, 0, 0, 0, 0, 0)
	b = append(b, a.target.AsSlice()...)
	return b[:60]
}

// solicitation is a Neighbour Solicitation to the target's solicited-node
// group, with the source link-layer address as its option.
func (a *Asker) solicitation(src carp.MAC) []byte {
	t := a.target.As16()
	group := [16]byte{0xff, 2, 11: 1, 12: 0xff, 13: t[13], 14: t[14], 15: t[15]}
	b := make([]byte, 0, 86)
	b = append(b, 0x33, 0x33, group[12], group[13], group[14], group[15])
	b = append(b, src[:]...)
	b = append(b, typeIPv6>>8, typeIPv6&0xff)
	b = append(b, 0x60, 0, 0, 0, 0, 32, protoICMPv6, 255)
	b = append(b, asker6.AsSlice()...)
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
