package capture

import (
	"net"
	"net/netip"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"

	"github.com/carpd/carpd/internal/carp"
)

// packet is one IP packet of protocol 112 without its envelope.
type packet struct {
	srcMAC, dstMAC net.HardwareAddr
	vlans          []uint16
	src, dst       netip.Addr
	ttl            uint8
	fragment       bool   // the IP packet came in pieces, and this is one
	offset         bool   // a piece which is not the first: payload has no header
	truncated      bool   // the capture has less than the IP packet had
	payload        []byte // ends where the IP packet ends; frames are padded
}

// maxLayers is how many headers may stand before protocol 112: two tags and
// some IPv6 extension headers, with room.
const maxLayers = 8

// find looks for protocol 112 in a frame. It goes as far as the first IP
// header and its extensions, never into tunnels: an advert in a tunnel is no
// advert on this link. The packet lives as long as the frame's bytes do.
func find(link layers.LinkType, frame []byte) (packet, bool) {
	var p packet
	next, data := firstLayer(link, frame), frame
	for range maxLayers {
		l := p.decoder(next)
		if l == nil || l.DecodeFromBytes(data, &p) != nil {
			return packet{}, false
		}
		next, data = l.NextLayerType(), l.LayerPayload()
		if p.note(l) == carp.Protocol {
			p.payload = data
			return p, p.src.IsValid() && p.dst.IsValid()
		}
	}
	return packet{}, false
}

// Some writers put their own system's number for raw IP into the file.
const dltRaw, dltRawBSD = 12, 14

// SetTruncated is called by the decoders when a header promises more bytes
// than there are.
func (p *packet) SetTruncated() { p.truncated = true }

// firstLayer is the layer with which frames of a link type begin.
func firstLayer(link layers.LinkType, frame []byte) gopacket.LayerType {
	switch link {
	case layers.LinkTypeEthernet:
		return layers.LayerTypeEthernet
	case layers.LinkTypeLinuxSLL:
		return layers.LayerTypeLinuxSLL
	case layers.LinkTypeLinuxSLL2:
		return layers.LayerTypeLinuxSLL2
	case layers.LinkTypeNull, layers.LinkTypeLoop:
		return layers.LayerTypeLoopback
	case layers.LinkTypeIPv4:
		return layers.LayerTypeIPv4
	case layers.LinkTypeIPv6:
		return layers.LayerTypeIPv6
	case layers.LinkTypeRaw, dltRaw, dltRawBSD:
		if len(frame) > 0 && frame[0]>>4 == 6 {
			return layers.LayerTypeIPv6
		}
		return layers.LayerTypeIPv4
	}
	return gopacket.LayerTypeZero
}

// decoder makes a decoder for a header that may stand before protocol 112, nil
// for any other. Behind an IP header only its own extensions may.
func (p *packet) decoder(t gopacket.LayerType) gopacket.DecodingLayer {
	switch t {
	case layers.LayerTypeIPv6Fragment:
		return &layers.IPv6Fragment{}
	case layers.LayerTypeIPv6Routing, layers.LayerTypeIPv6Destination, layers.LayerTypeIPv6HopByHop:
		return &layers.IPv6ExtensionSkipper{}
	}
	if p.src.IsValid() {
		return nil
	}
	return outerDecoder(t)
}

// outerDecoder makes a decoder for what stands up to the IP header.
func outerDecoder(t gopacket.LayerType) gopacket.DecodingLayer {
	switch t {
	case layers.LayerTypeEthernet:
		return &layers.Ethernet{}
	case layers.LayerTypeLinuxSLL:
		return &layers.LinuxSLL{}
	case layers.LayerTypeLinuxSLL2:
		return &layers.LinuxSLL2{}
	case layers.LayerTypeLoopback:
		return &layers.Loopback{}
	case layers.LayerTypeDot1Q:
		return &layers.Dot1Q{}
	case layers.LayerTypeIPv4:
		return &layers.IPv4{}
	case layers.LayerTypeIPv6:
		return &layers.IPv6{}
	}
	return nil
}
