package iface

import (
	"net/netip"
	"slices"

	"github.com/carpd/carpd/internal/carp"
)

// Source is the address from which adverts of a family are sent on a carpdev:
// its first own one, in IPv6 a link-local one if there is any, because that is
// where a peer's stack expects a message to a link-local group to come from.
// Group addresses are nobody's own: notThese are all that live on the carpdev.
//
// The zero Addr means that the carpdev has no own address. The BSDs send from a
// group address then.
func Source(f carp.Family, l Link, notThese []netip.Addr) netip.Addr {
	var first netip.Addr
	for _, p := range l.Addrs {
		a := p.Addr()
		if carp.FamilyOf(a) != f || slices.ContainsFunc(notThese, is(a)) {
			continue
		}
		if f == carp.IPv6 && a.IsLinkLocalUnicast() {
			return a
		}
		if !first.IsValid() {
			first = a
		}
	}
	return first
}

// is compares addresses whatever way they are written.
func is(a netip.Addr) func(netip.Addr) bool {
	return func(b netip.Addr) bool { return a == b.Unmap().WithZone("") }
}
