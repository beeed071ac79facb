package iface

import (
	"fmt"
	"net/netip"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/carpd/carpd/internal/ledger"
)

// routeProtocol marks our routes in the kernel: `ip route show proto 112` lists
// them, and what does not have it is not deleted.
const routeProtocol = 112

// metric6 is what the kernel gives to the prefix routes that it makes in IPv6.
const metric6 = 256

// AddPrefixRoute makes the subnet of a group address reachable through an
// interface that has no address of its own in it. The address must be there. A
// route to that subnet that exists is the operator's, unless another group
// address made it: then it is shared, and stays until the last of them goes.
func (k *Keeper) AddPrefixRoute(index int, p netip.Prefix) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if p.IsSingleIP() {
		return nil
	}
	e, err := k.entry(ledger.Route, index, p.String())
	if err == nil {
		shared := len(k.sharing(index, p)) > 0
		_, err = k.noted(e, shared, func() error { return k.handle.RouteAdd(newRoute(index, p)) })
	}
	if err != nil {
		return fmt.Errorf("add route to %v on interface %d: %w", p.Masked(), index, gone(err))
	}
	return nil
}

// DelPrefixRoute takes away what AddPrefixRoute added for this address.
func (k *Keeper) DelPrefixRoute(index int, p netip.Prefix) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.delPrefixRoute(index, p)
}

// delPrefixRoute is DelPrefixRoute with the lock held. An IPv4 route carries its
// address as source, so a route that is still needed is made anew for another.
func (k *Keeper) delPrefixRoute(index int, p netip.Prefix) error {
	e := ledger.Entry{Kind: ledger.Route, Ifindex: index, Value: p.String()}
	if !k.ledger.Has(e) {
		return nil
	}
	err := unless(k.handle.RouteDel(newRoute(index, p)), unix.ESRCH, unix.ENETDOWN, unix.ENETUNREACH)
	if others := k.sharing(index, p); err == nil && len(others) > 0 {
		err = unless(k.handle.RouteAdd(newRoute(index, others[0])), unix.EEXIST)
	}
	if err != nil {
		return fmt.Errorf("delete route to %v on interface %d: %w", p.Masked(), index, err)
	}
	return k.ledger.Forget(e)
}

// sharing are the other group addresses for which the same route was made.
func (k *Keeper) sharing(index int, p netip.Prefix) (others []netip.Prefix) {
	for _, e := range k.ledger.Entries() {
		o, err := netip.ParsePrefix(e.Value)
		if e.Kind == ledger.Route && e.Ifindex == index && err == nil && o != p && o.Masked() == p.Masked() {
			others = append(others, o)
		}
	}
	return others
}

// newRoute is the route to the subnet of an address.
func newRoute(index int, p netip.Prefix) *netlink.Route {
	r := &netlink.Route{LinkIndex: index, Dst: ipNet(p.Masked()), Protocol: routeProtocol}
	if p.Addr().Is4() {
		// Without it the kernel would choose an address of another subnet.
		r.Src = p.Addr().AsSlice()
		r.Scope = netlink.SCOPE_LINK
	} else {
		r.Priority = metric6
	}
	return r
}
