package transport

import (
	"encoding/binary"
	"net/netip"

	"github.com/carpd/carpd/internal/carp"
)

// EtherTypes of the frames that are built here.
const (
	etherIPv4 = 0x0800
	etherARP  = 0x0806
	etherIPv6 = 0x86dd
)

// Fields of the IP header of an advert that do not follow from its content.
const (
	// trafficClass is CS7, network control: FreeBSD's default in both families.
	trafficClass = 0xe0
	// dontFragment is the DF bit in the word of the IPv4 fragment offset.
	dontFragment = 0x4000
	// ndHopLimit proves to a neighbour that a packet was not forwarded.
	ndHopLimit = 255
	icmpv6     = 58
)

// appendEthernet appends an untagged Ethernet header.
func appendEthernet(b []byte, dst, src carp.MAC, etherType uint16) []byte {
	b = append(b, dst[:]...)
	b = append(b, src[:]...)
	return binary.BigEndian.AppendUint16(b, etherType)
}

// appendIPv4 appends the header of an advert: 20 bytes, no options, DF, and an
// id of 0, which a packet that is never fragmented may have (RFC 6864).
func appendIPv4(b []byte, src, dst netip.Addr, payload int) []byte {
	start := len(b)
	b = append(b, 0x45, trafficClass)
	b = binary.BigEndian.AppendUint16(b, uint16(20+payload))
	b = binary.BigEndian.AppendUint16(b, 0)
	b = binary.BigEndian.AppendUint16(b, dontFragment)
	b = append(b, carp.TTL, carp.Protocol, 0, 0)
	b = append(b, src.AsSlice()...)
	b = append(b, dst.AsSlice()...)
	binary.BigEndian.PutUint16(b[start+10:], carp.Checksum(b[start:]))
	return b
}

// appendIPv6 appends a header without extensions and with flow label 0.
func appendIPv6(b []byte, src, dst netip.Addr, class, next, hops uint8, payload int) []byte {
	b = append(b, 0x60|class>>4, class<<4, 0, 0)
	b = binary.BigEndian.AppendUint16(b, uint16(payload))
	b = append(b, next, hops)
	b = append(b, src.AsSlice()...)
	return append(b, dst.AsSlice()...)
}

// checksumICMPv6 is the checksum of an ICMPv6 message, whose own field is 0,
// with the pseudo-header of RFC 8200 section 8.1.
func checksumICMPv6(src, dst netip.Addr, message []byte) uint16 {
	pseudo := make([]byte, 0, 128)
	pseudo = append(pseudo, src.AsSlice()...)
	pseudo = append(pseudo, dst.AsSlice()...)
	pseudo = binary.BigEndian.AppendUint32(pseudo, uint32(len(message)))
	pseudo = append(pseudo, 0, 0, 0, icmpv6)
	return carp.Checksum(append(pseudo, message...))
}
