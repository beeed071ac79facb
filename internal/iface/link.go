package iface

import (
	"net/netip"

	"github.com/carpd/carpd/internal/carp"
)

// System is all interfaces of the host at one instant, by index.
type System struct {
	Links []Link
}

// Link is one interface.
type Link struct {
	Index int
	Name  string
	MAC   carp.MAC // zero when it has none of six bytes
	// Up is administratively up, and not known to be without carrier: many
	// virtual devices do not know and count as up.
	Up       bool
	Loopback bool
	// NoEthernet: it carries no Ethernet frames, such as a tunnel of IP packets.
	NoEthernet bool
	// Addrs are its addresses with their prefix lengths, in the kernel's order:
	// the first is what the kernel would choose first itself.
	Addrs []netip.Prefix
	// Kind is the kernel's word (veth, bridge, vlan …); "device" for a NIC.
	Kind string
	// Mode is that of a macvlan or macvtap: private, vepa, bridge, passthru, source.
	Mode string
	// Master is the name of the bridge, bond or the like whose port it is, or
	// empty, and MasterKind the kernel's word for that.
	Master, MasterKind string
	// TakenBy is the macvlan in passthru mode on top, which gets all frames.
	TakenBy string
	// Uppers are the names of the devices that take frames from this one: its
	// bridge or bond, and VLANs, macvlans and the like on it. Those that were
	// moved to another network namespace cannot be seen.
	Uppers []string
}

// ByName finds an interface by its name.
func (s System) ByName(name string) (Link, bool) {
	return s.find(func(l Link) bool { return l.Name == name })
}

// ByIndex finds an interface by its index.
func (s System) ByIndex(index int) (Link, bool) {
	return s.find(func(l Link) bool { return l.Index == index })
}

func (s System) find(is func(Link) bool) (Link, bool) {
	for _, l := range s.Links {
		if is(l) {
			return l, true
		}
	}
	return Link{}, false
}
