package carp

import (
	"net/netip"
	"slices"
)

// HashedAddrs is the address list in the order in which it is authenticated:
// IPv4 before IPv6, each ascending by network-order bytes, duplicates once, no
// prefix lengths. The all-zeros and all-ones addresses never count; link-local
// IPv6 addresses count when linkLocal says so, with bytes 2 and 3 cleared,
// where BSD kernels keep the interface index.
func HashedAddrs(addrs []netip.Addr, linkLocal bool) []netip.Addr {
	var out []netip.Addr
	for _, a := range addrs {
		a = a.Unmap().WithZone("")
		if scoped(a) {
			if !linkLocal {
				continue
			}
			b := a.As16()
			b[2], b[3] = 0, 0
			a = netip.AddrFrom16(b)
		}
		if !neverHashed(a) {
			out = append(out, a)
		}
	}
	slices.SortFunc(out, netip.Addr.Compare)
	return slices.Compact(out)
}

// scoped reports whether BSD kernels keep an interface index in the address:
// fe80::/10, and interface-local and link-local multicast.
func scoped(a netip.Addr) bool {
	return a.Is6() && (a.IsLinkLocalUnicast() || a.IsLinkLocalMulticast() || a.IsInterfaceLocalMulticast())
}

// neverHashed are the exclusive bounds of the kernels' search for the next
// address: all zeros and all ones.
func neverHashed(a netip.Addr) bool {
	for _, b := range a.AsSlice() {
		if b != 0xff {
			return a.IsUnspecified()
		}
	}
	return true
}
