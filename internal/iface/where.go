package iface

import (
	"net/netip"
	"slices"
)

// Where tells on which interfaces each address is, by index.
type Where map[netip.Addr][]int

// Where is the picture turned round, for those who look for many addresses.
func (s System) Where() Where {
	w := Where{}
	for _, l := range s.Links {
		for _, p := range l.Addrs {
			if at := w[p.Addr()]; !slices.Contains(at, l.Index) {
				w[p.Addr()] = append(at, l.Index)
			}
		}
	}
	return w
}

// Has reports whether an interface has an address.
func (w Where) Has(index int, addr netip.Addr) bool { return slices.Contains(w[addr], index) }

// Answers are the interfaces that have an address for which the kernel would
// answer on the given one. It answers ARP for any address of the host, on
// whichever interface that is, and Neighbour Solicitations only for those of the
// interface that is asked.
func (w Where) Answers(on int, addr netip.Addr) []int {
	if addr.Is4() {
		return w[addr]
	}
	if w.Has(on, addr) {
		return []int{on}
	}
	return nil
}
