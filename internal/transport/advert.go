package transport

import (
	"fmt"
	"net/netip"

	"github.com/carpd/carpd/internal/carp"
)

// Outgoing is one advert on its way to one destination.
type Outgoing struct {
	Ifindex int
	Family  carp.Family
	// Src is an address of the carpdev, or a group address when it has none.
	Src netip.Addr
	// Dst is the CARP group or a unicast peer.
	Dst netip.Addr
	// SrcMAC is the virtual MAC, for a unicast peer too: it is what keeps the
	// switches' tables right.
	SrcMAC carp.MAC
	DstMAC carp.MAC
	// Payload is the signed advert.
	Payload []byte
}

// check finds a caller's mistake before it becomes a malformed frame.
func (o Outgoing) check() error {
	is6 := o.Family == carp.IPv6
	for _, a := range [2]netip.Addr{o.Src, o.Dst} {
		if !a.IsValid() || a.Is4() == is6 || a.Is4In6() {
			return fmt.Errorf("address %v is not %v", a, o.Family)
		}
	}
	return nil
}

// AppendAdvert appends the whole Ethernet frame of an advert to b. The
// addresses must be of the advert's family.
func AppendAdvert(b []byte, o Outgoing) []byte {
	if o.Family == carp.IPv6 {
		b = appendEthernet(b, o.DstMAC, o.SrcMAC, etherIPv6)
		b = appendIPv6(b, o.Src, o.Dst, trafficClass, carp.Protocol, carp.TTL, len(o.Payload))
	} else {
		b = appendEthernet(b, o.DstMAC, o.SrcMAC, etherIPv4)
		b = appendIPv4(b, o.Src, o.Dst, len(o.Payload))
	}
	return append(b, o.Payload...)
}
