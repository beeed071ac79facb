package iface

import (
	"errors"
	"net/netip"
	"slices"

	"github.com/carpd/carpd/internal/carp"
	"github.com/carpd/carpd/internal/ledger"
)

// Claim is an address that is wanted on an interface, with or without a route
// to its subnet.
type Claim struct {
	netip.Prefix
	Route bool
}

// SweepAddresses takes away the addresses and routes that the ledger names and
// nobody claims, by interface. What is claimed stays as it is, and is ours.
func (k *Keeper) SweepAddresses(claimed map[int][]Claim) error {
	return errors.Join(
		k.sweep(ledger.Route, func(e ledger.Entry) bool {
			return slices.ContainsFunc(claimed[e.Ifindex], func(c Claim) bool { return c.Route && c.String() == e.Value })
		}),
		k.sweep(ledger.Address, func(e ledger.Entry) bool {
			return slices.ContainsFunc(claimed[e.Ifindex], func(c Claim) bool { return c.Addr().String() == e.Value })
		}),
	)
}

// SweepFilters takes away the entries for MACs that nobody claims, and
// promiscuous mode with the last of those for which it was switched on.
func (k *Keeper) SweepFilters(claimed map[int][]carp.MAC) error {
	keep := func(e ledger.Entry) bool {
		return slices.ContainsFunc(claimed[e.Ifindex], func(m carp.MAC) bool { return m.String() == e.Value })
	}
	return errors.Join(k.sweep(ledger.Filter, keep), k.sweep(ledger.Promiscuous, keep))
}

// sweep undoes the entries of a kind that are not to be kept.
func (k *Keeper) sweep(kind ledger.Kind, keep func(ledger.Entry) bool) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	var errs []error
	for _, e := range k.ledger.Entries() {
		if e.Kind == kind && !keep(e) {
			errs = append(errs, k.undo(e))
		}
	}
	return errors.Join(errs...)
}
