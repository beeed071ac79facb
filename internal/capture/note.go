package capture

import (
	"net"
	"net/netip"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
)

// note keeps what a header says and returns the IP protocol that follows it,
// or 0 where none does.
func (p *packet) note(l gopacket.DecodingLayer) layers.IPProtocol {
	switch l := l.(type) {
	case *layers.Ethernet:
		p.srcMAC, p.dstMAC = l.SrcMAC, l.DstMAC
	case *layers.LinuxSLL:
		p.srcMAC = l.Addr // the "any" device keeps the sender only
	case *layers.LinuxSLL2:
		p.srcMAC = l.Addr
	case *layers.Dot1Q:
		p.vlans = append(p.vlans, l.VLANIdentifier)
	case *layers.IPv4:
		return p.noteIPv4(l)
	case *layers.IPv6:
		return p.noteIPv6(l)
	case *layers.IPv6ExtensionSkipper:
		return l.NextHeader
	case *layers.IPv6Fragment:
		p.piece(l.FragmentOffset, l.MoreFragments)
		return l.NextHeader
	}
	return 0
}

// noteIPv4 leaves the addresses invalid when the version is not 4.
func (p *packet) noteIPv4(ip *layers.IPv4) layers.IPProtocol {
	if ip.Version == 4 {
		p.addresses(ip.SrcIP, ip.DstIP)
	}
	p.ttl = ip.TTL
	p.piece(ip.FragOffset, ip.Flags&layers.IPv4MoreFragments != 0)
	return ip.Protocol
}

// noteIPv6 leaves the addresses invalid when the version is not 6. The decoder
// reads hop-by-hop options together with the header.
func (p *packet) noteIPv6(ip *layers.IPv6) layers.IPProtocol {
	if ip.Version == 6 {
		p.addresses(ip.SrcIP, ip.DstIP)
	}
	p.ttl = ip.HopLimit
	if ip.HopByHop != nil {
		return ip.HopByHop.NextHeader
	}
	return ip.NextHeader
}

func (p *packet) addresses(src, dst net.IP) {
	p.src, _ = netip.AddrFromSlice(src)
	p.dst, _ = netip.AddrFromSlice(dst)
}

// piece notes whether an IP packet came in fragments.
func (p *packet) piece(offset uint16, more bool) {
	p.fragment = offset != 0 || more
	p.offset = offset != 0
}
