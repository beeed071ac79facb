package iface

import (
	"fmt"
	"net/netip"
	"strings"
)

// ResolveError says why no interface, or more than one, is meant by addresses.
type ResolveError struct {
	Addrs      []netip.Prefix
	Candidates []string // interfaces whose subnets hold all of the addresses
	Partial    []string // with no candidate: those that hold some
}

// Error names the interfaces that came near.
func (e *ResolveError) Error() string {
	addrs := make([]string, len(e.Addrs))
	for i, a := range e.Addrs {
		addrs[i] = a.Addr().String()
	}
	these := strings.Join(addrs, ", ")
	switch {
	case len(e.Candidates) > 0:
		return fmt.Sprintf("%s: more than one interface has a subnet for it: %s; name one of them as carpdev",
			these, strings.Join(e.Candidates, ", "))
	case len(e.Partial) > 0:
		return fmt.Sprintf("%s: no interface has subnets for all of them, %s for some; name the carpdev",
			these, strings.Join(e.Partial, ", "))
	}
	return these + ": no interface has a subnet for it; name the carpdev, or give it an address of that subnet"
}

// Resolve finds the interface that "auto" means: the only one whose subnets hold
// every address. The error is a *ResolveError.
func (s System) Resolve(addrs []netip.Prefix) (Link, error) {
	var found []Link
	why := &ResolveError{Addrs: addrs}
	for _, l := range s.Links {
		switch held := l.holds(addrs); {
		case held == 0:
		case held == len(addrs):
			found = append(found, l)
			why.Candidates = append(why.Candidates, l.Name)
		default:
			why.Partial = append(why.Partial, l.Name)
		}
	}
	if len(found) != 1 {
		return Link{}, why
	}
	return found[0], nil
}

// holds counts the addresses that lie in a subnet of the interface. The address
// itself with a full prefix length is no subnet: so we add it ourselves.
func (l Link) holds(addrs []netip.Prefix) (n int) {
	if l.Loopback {
		return 0
	}
	for _, a := range addrs {
		for _, p := range l.Addrs {
			if !p.IsSingleIP() && p.Contains(a.Addr().WithZone("")) {
				n++
				break
			}
		}
	}
	return n
}
