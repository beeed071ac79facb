package dataplane

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"

	"github.com/cilium/ebpf"

	"github.com/carpd/carpd/internal/carp"
)

// elsewhere are the slots of the groups that have an address, wherever they are.
// The kernel answers for every address of the host on every interface, so each
// carpdev must know the addresses of groups on the others: a row with ifindex 0.
// A link-local address is another one on each interface and has none.
type elsewhere map[netip.Addr][]Slot

// known are the addresses of a group that other carpdevs must know.
func (elsewhere) known(g Group) map[netip.Addr]bool {
	set := map[netip.Addr]bool{}
	for a := range distinct(g.Addresses) {
		if g.VHID != 0 && !a.IsLinkLocalUnicast() {
			set[a] = true
		}
	}
	return set
}

// add gives a group its rows.
func (e elsewhere) add(o *bpfObjects, slot Slot, g Group) error {
	var errs []error
	for a := range e.known(g) {
		if !slices.Contains(e[a], slot) {
			e[a] = append(e[a], slot)
		}
		errs = append(errs, e.store(o, a))
	}
	return errors.Join(errs...)
}

// remove takes back those of a group as it was that it no longer is to have.
func (e elsewhere) remove(o *bpfObjects, slot Slot, was, is Group) error {
	stay := e.known(is)
	var errs []error
	for a := range e.known(was) {
		if !stay[a] {
			e[a] = slices.DeleteFunc(e[a], func(s Slot) bool { return s == slot })
			errs = append(errs, e.store(o, a))
		}
	}
	return errors.Join(errs...)
}

// store makes the row of an address name the first group that has it.
func (e elsewhere) store(o *bpfObjects, a netip.Addr) error {
	table, key := rowElsewhere(o, a)
	if len(e[a]) == 0 {
		delete(e, a)
		if err := ignoreMissing(table.Delete(key)); err != nil {
			return fmt.Errorf("forget %v on other interfaces: %w", a, err)
		}
		return nil
	}
	if err := table.Put(key, bpfCarpOwner{Slot: uint32(e[a][0])}); err != nil {
		return fmt.Errorf("tell of %v on other interfaces: %w", a, err)
	}
	return nil
}

// rowElsewhere is where the row of an address is.
func rowElsewhere(o *bpfObjects, a netip.Addr) (*ebpf.Map, any) {
	if carp.FamilyOf(a) == carp.IPv4 {
		return o.CarpVip4, bpfCarpVip4Key{Addr: a.As4()}
	}
	return o.CarpVip6, bpfCarpVip6Key{Addr: a.As16()}
}
