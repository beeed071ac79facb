package carp

import "net/netip"

// Family is the IP version in which an advert travels.
type Family uint8

// The two families, in the order in which they are sent.
const (
	IPv4 Family = iota
	IPv6
)

// Families lists both, for loops and for arrays indexed by Family.
var Families = [2]Family{IPv4, IPv6}

// String is "IPv4" or "IPv6".
func (f Family) String() string {
	if f == IPv6 {
		return "IPv6"
	}
	return "IPv4"
}

// FamilyOf is the family of an address; a mapped IPv4 address counts as IPv4.
func FamilyOf(a netip.Addr) Family {
	if a.Unmap().Is4() {
		return IPv4
	}
	return IPv6
}

// Group is the multicast group to which adverts of this family are sent.
func (f Family) Group() netip.Addr {
	if f == IPv6 {
		return group6
	}
	return group4
}

// GroupMAC is the Ethernet address of that multicast group.
func (f Family) GroupMAC() MAC {
	if f == IPv6 {
		return MAC{0x33, 0x33, 0, 0, 0, 0x12}
	}
	return MAC{1, 0, 0x5e, 0, 0, 0x12}
}

var (
	group4 = netip.MustParseAddr("224.0.0.18")
	group6 = netip.MustParseAddr("ff02::12")
)
