package transport

import (
	"encoding/binary"
	"net/netip"

	"github.com/carpd/carpd/internal/carp"
)

var (
	broadcastMAC = carp.MAC{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}
	allNodesMAC  = carp.MAC{0x33, 0x33, 0, 0, 0, 1}
	allNodes     = netip.MustParseAddr("ff02::1")
)

// AppendGratuitousARP appends the frame that tells a LAN where an IPv4 address
// is now: a broadcast request whose sender and target are the address, with an
// empty target MAC, as OpenBSD sends it (carp_send_arp). The Ethernet source is
// the virtual MAC as well, because its purpose is to move the switches' entry.
func AppendGratuitousARP(b []byte, mac carp.MAC, addr netip.Addr) []byte {
	b = appendEthernet(b, broadcastMAC, mac, etherARP)
	b = append(b, 0, 1, etherIPv4>>8, etherIPv4&0xff, 6, 4, 0, 1)
	b = append(b, mac[:]...)
	b = append(b, addr.AsSlice()...)
	b = append(b, 0, 0, 0, 0, 0, 0)
	return append(b, addr.AsSlice()...)
}

// Flags and lengths of a Neighbour Advertisement (RFC 4861 section 4.4).
const (
	neighbourAdvert   = 136
	naRouter          = 0x80
	naOverride        = 0x20
	optTargetLinkAddr = 2
	naLen             = 32 // with the link-layer option
)

// AppendNA appends the frame that tells a LAN where an IPv6 address is now: a
// Neighbour Advertisement to all nodes, from the address itself, with Override
// and without Solicited, and the virtual MAC as target link-layer address.
// router says whether this host forwards, as its own advertisements would.
func AppendNA(b []byte, mac carp.MAC, addr netip.Addr, router bool) []byte {
	flags := byte(naOverride)
	if router {
		flags |= naRouter
	}
	b = appendEthernet(b, allNodesMAC, mac, etherIPv6)
	b = appendIPv6(b, addr, allNodes, 0, icmpv6, ndHopLimit, naLen)
	start := len(b)
	b = append(b, neighbourAdvert, 0, 0, 0, flags, 0, 0, 0)
	b = append(b, addr.AsSlice()...)
	b = append(b, optTargetLinkAddr, 1) // The length is in units of 8 bytes.
	b = append(b, mac[:]...)
	binary.BigEndian.PutUint16(b[start+2:], checksumICMPv6(addr, allNodes, b[start:]))
	return b
}
