package lab

import (
	"encoding/binary"
	"net/netip"
	"time"

	"github.com/carpd/carpd/internal/carp"
)

// Advert is one packet of protocol 112 that entered the switch: CARP or VRRP.
type Advert struct {
	At             time.Time // by the kernel, when the switch received it
	Port           string    // the node behind the port
	Family         carp.Family
	Src, Dst       netip.Addr
	TTL            uint8
	SrcMAC, DstMAC carp.MAC
	Payload        []byte
}

// CARP reports whether the advert looks like CARP and not like VRRP.
func (a Advert) CARP() bool {
	return len(a.Payload) >= carp.AdvertLen && a.Payload[0] == 0x21 && a.Payload[3] == carp.Authlen
}

// VHID is the virtual host id, or VRRP's virtual router id.
func (a Advert) VHID() carp.VHID { return carp.VHID(a.Payload[1]) }

// Advskew is byte 2: CARP's advskew, or VRRP's priority.
func (a Advert) Advskew() uint8 { return a.Payload[2] }

// Advbase is the seconds between two adverts of a CARP speaker.
func (a Advert) Advbase() uint8 { return a.Payload[5] }

// BowOut reports whether the sender says that it leaves.
func (a Advert) BowOut() bool {
	return a.CARP() && a.Advskew() == carp.BowOut && a.Advbase() == carp.BowOut
}

// Claim is a frame by which a node says that an address is at a MAC: an ARP
// packet of any kind, or a Neighbour Advertisement. Answers to an Asker are
// counted and not kept as claims.
type Claim struct {
	At      time.Time
	Port    string
	Request bool       // an ARP request
	Addr    netip.Addr // the sender of ARP, the target of an advertisement
	Target  netip.Addr // of ARP
	MAC     carp.MAC   // inside the packet
	SrcMAC  carp.MAC   // of the frame
	DstMAC  carp.MAC
}

// Control is another control packet: IGMP, MLD and ICMP errors.
type Control struct {
	At       time.Time
	Port     string
	Protocol uint8 // of IP; 0 is IPv6 hop-by-hop options, which MLD carries
	Type     uint8 // of ICMP or IGMP
	Code     uint8
	Src, Dst netip.Addr
}

// frame is what decode finds; one of the pointers is set, or none.
type frame struct {
	advert  *Advert
	claim   *Claim
	control *Control
}

// Ethernet types and IP protocols that decode looks at.
const (
	typeIPv4, typeARP, typeIPv6              = 0x0800, 0x0806, 0x86dd
	protoHopByHop, protoICMP, protoIGMP      = 0, 1, 2
	protoICMPv6                              = 58
	icmpv6NeighbourAdvert, icmpv6MLDv2Report = 136, 143
)

// decode reads a frame. What is too short or unknown gives an empty result.
func decode(b []byte) frame {
	if len(b) < 14 {
		return frame{}
	}
	dst, src := carp.MAC(b[0:6]), carp.MAC(b[6:12])
	switch p := b[14:]; binary.BigEndian.Uint16(b[12:]) {
	case typeARP:
		return decodeARP(p, src, dst)
	case typeIPv4:
		return decodeIPv4(p, src, dst)
	case typeIPv6:
		return decodeIPv6(p, src, dst)
	}
	return frame{}
}

// decodeARP reads an ARP packet for IPv4 over Ethernet.
func decodeARP(p []byte, src, dst carp.MAC) frame {
	if len(p) < 28 {
		return frame{}
	}
	return frame{claim: &Claim{
		Request: p[7] == 1, MAC: carp.MAC(p[8:14]), SrcMAC: src, DstMAC: dst,
		Addr: netip.AddrFrom4([4]byte(p[14:18])), Target: netip.AddrFrom4([4]byte(p[24:28])),
	}}
}

// decodeIPv4 reads an IPv4 packet; the payload ends where the header says,
// because Ethernet pads short frames.
func decodeIPv4(p []byte, src, dst carp.MAC) frame {
	if len(p) < 20 {
		return frame{}
	}
	head, total := int(p[0]&15)*4, int(binary.BigEndian.Uint16(p[2:]))
	if head < 20 || total < head || total > len(p) {
		return frame{}
	}
	from, to := netip.AddrFrom4([4]byte(p[12:16])), netip.AddrFrom4([4]byte(p[16:20]))
	return decodeIP(p[9], p[8], p[head:total], from, to, src, dst)
}

// decodeIPv6 reads an IPv6 packet without looking behind extension headers,
// except for the router alert in front of MLD.
func decodeIPv6(p []byte, src, dst carp.MAC) frame {
	if len(p) < 40 {
		return frame{}
	}
	payload := p[40:]
	if n := int(binary.BigEndian.Uint16(p[4:])); n <= len(payload) {
		payload = payload[:n]
	}
	from, to := netip.AddrFrom16([16]byte(p[8:24])), netip.AddrFrom16([16]byte(p[24:40]))
	if p[6] == protoHopByHop && len(payload) > 8 {
		return decodeIP(protoHopByHop, p[7], payload[8:], from, to, src, dst)
	}
	return decodeIP(p[6], p[7], payload, from, to, src, dst)
}

// decodeIP sorts a packet by its protocol.
func decodeIP(proto, ttl uint8, p []byte, from, to netip.Addr, src, dst carp.MAC) frame {
	switch {
	case proto == carp.Protocol && len(p) >= 8:
		return frame{advert: &Advert{
			Family: carp.FamilyOf(from), Src: from, Dst: to, TTL: ttl, SrcMAC: src, DstMAC: dst,
			Payload: append([]byte(nil), p...),
		}}
	case proto == protoICMPv6 && len(p) >= 24 && p[0] == icmpv6NeighbourAdvert:
		c := &Claim{Addr: netip.AddrFrom16([16]byte(p[8:24])), SrcMAC: src, DstMAC: dst}
		if len(p) >= 32 && p[24] == 2 { // target link-layer address
			c.MAC = carp.MAC(p[26:32])
		}
		return frame{claim: c}
	case len(p) >= 2:
		return frame{control: &Control{Protocol: proto, Type: p[0], Code: p[1], Src: from, Dst: to}}
	}
	return frame{}
}
