package dataplane

import (
	"net/netip"
	"slices"
	"time"
	"unsafe"

	"github.com/carpd/carpd/internal/boottime"
	"github.com/carpd/carpd/internal/carp"
)

// Kind tells the events apart.
type Kind uint8

// The kinds of events.
const (
	// Advert is an advert for a group of ours that kept every rule the kernel
	// checks. Its digest may not have been looked at.
	Advert Kind = iota
	// Claim is an ARP packet in which a foreign MAC says that it has an address
	// of the group; Src is that address. At most one per second and group.
	Claim
	// VRRPCollision is a VRRP packet whose id is our VHID. At most one per
	// second and group.
	VRRPCollision
	// Forged is an advert whose digest fits no key. At most one per second and
	// group; the others are only counted.
	Forged
	// Moved is a frame from outside whose Ethernet source is the virtual MAC of a
	// group that answers here: a switch has learnt it elsewhere. At most ten per
	// second and group.
	Moved
)

// String names the kind.
func (k Kind) String() string {
	switch k {
	case Advert:
		return "advert"
	case Claim:
		return "claim"
	case VRRPCollision:
		return "vrid collision"
	case Forged:
		return "forged advert"
	case Moved:
		return "MAC seen elsewhere"
	default:
		return "unknown event"
	}
}

// Event is something that carpd should know.
type Event struct {
	Kind     Kind
	At       time.Time // of boottime, when the packet arrived
	Ifindex  int
	VLAN     uint16
	Inner    uint16
	Slot     Slot // of the group at that time
	VHID     carp.VHID
	Family   carp.Family
	TTL      uint8
	Src, Dst netip.Addr // of the IP header; sender and target of ARP
	MAC      carp.MAC   // Ethernet source; the sender's of ARP
	// Payload are the first 36 bytes of an advert, genuine or not, 8 of a VRRP packet, none of
	// a claim. It belongs to the receiver.
	Payload []byte
}

// kinds are the events by the reason that the kernel gives.
var kinds = map[bpfCarpReason]struct {
	kind    Kind
	payload int
}{
	bpfCarpReasonCARP_OK:         {Advert, carp.AdvertLen},
	bpfCarpReasonCARP_CLAIMED:    {Claim, 0},
	bpfCarpReasonCARP_IS_VRRP:    {VRRPCollision, 8},
	bpfCarpReasonCARP_BAD_DIGEST: {Forged, carp.AdvertLen},
	bpfCarpReasonCARP_MOVED:      {Moved, 0},
}

// decode reads an event of the ring; false for what this version does not know.
func decode(b []byte) (Event, bool) {
	var raw bpfCarpEvent
	if copy(unsafe.Slice((*byte)(unsafe.Pointer(&raw)), unsafe.Sizeof(raw)), b) < int(unsafe.Sizeof(raw)) {
		return Event{}, false
	}
	k, ok := kinds[raw.Reason]
	if !ok {
		return Event{}, false
	}
	e := Event{
		Kind:    k.kind,
		At:      boottime.FromKernel(raw.AtNs),
		Ifindex: int(raw.Ifindex),
		VLAN:    raw.Vlan,
		Inner:   raw.Inner,
		Slot:    Slot(raw.Slot),
		VHID:    carp.VHID(raw.Vhid),
		Family:  carp.Family(raw.Family),
		TTL:     raw.Ttl,
		Src:     address(carp.Family(raw.Family), raw.Src),
		Dst:     address(carp.Family(raw.Family), raw.Dst),
		MAC:     raw.Mac,
		Payload: slices.Clone(raw.Payload[:k.payload]),
	}
	return e, true
}

// address reads an address field, of which IPv4 uses the first four bytes.
func address(f carp.Family, b [16]byte) netip.Addr {
	if f == carp.IPv4 {
		return netip.AddrFrom4([4]byte(b[:4]))
	}
	return netip.AddrFrom16(b)
}
