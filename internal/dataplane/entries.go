package dataplane

import (
	"errors"
	"fmt"
	"net/netip"

	"github.com/cilium/ebpf"

	"github.com/carpd/carpd/internal/carp"
)

// entry is one row that packets are looked up by. All rows of a group have the
// same value: who the group is.
type entry struct {
	table *ebpf.Map
	key   any    // one of the generated key structs, comparable
	what  string // for errors
}

// entriesOf are the rows of a group, each once. A group without a VHID has none.
func (d *Dataplane) entriesOf(g Group) []entry {
	if g.VHID == 0 {
		return nil
	}
	i := uint32(g.Ifindex)
	mac := bpfCarpVmacKey{Ifindex: i, Vlan: g.VLAN, Inner: g.Inner, Mac: g.VHID.MAC()}
	all := []entry{{d.objs.CarpVmac, mac, fmt.Sprintf("virtual MAC %v", g.VHID.MAC())}}
	seen := map[any]bool{}
	add := func(e entry) {
		if !seen[e.key] {
			seen[e.key] = true
			all = append(all, e)
		}
	}
	for _, a := range g.Addresses {
		a = a.Unmap().WithZone("")
		f := carp.FamilyOf(a)
		vhid := bpfCarpVhidKey{Ifindex: i, Vlan: g.VLAN, Inner: g.Inner, Family: bpfCarpFamily(f), Vhid: uint8(g.VHID)}
		add(entry{d.objs.CarpVhids, vhid, fmt.Sprintf("vhid %d", g.VHID)})
		if f == carp.IPv4 {
			key := bpfCarpVip4Key{Ifindex: i, Vlan: g.VLAN, Inner: g.Inner, Addr: a.As4()}
			add(entry{d.objs.CarpVip4, key, a.String()})
			continue
		}
		key := bpfCarpVip6Key{Ifindex: i, Vlan: g.VLAN, Inner: g.Inner, Addr: a.As16()}
		add(entry{d.objs.CarpVip6, key, a.String()})
	}
	return all
}

// exchange takes the rows of a slot from those of one group to those of
// another. New rows come before old ones go, so that packets for an address
// that stays see no gap. When a new row cannot be had, nothing has changed.
func (d *Dataplane) exchange(slot Slot, from, to Group) error {
	before, after := d.entriesOf(from), d.entriesOf(to)
	d.sources.add(to.Addresses)
	err := d.sources.store(d.objs.CarpFilters)
	if err == nil {
		err = insert(minus(after, before), slot, to)
	}
	if err != nil {
		d.sources.remove(to.Addresses)
		return errors.Join(err, d.sources.store(d.objs.CarpFilters))
	}
	err = remove(minus(before, after))
	d.sources.remove(from.Addresses)
	return errors.Join(err, d.sources.store(d.objs.CarpFilters))
}

// ownerOf is the value of a group's rows.
func ownerOf(slot Slot, g Group) bpfCarpOwner {
	return bpfCarpOwner{Slot: uint32(slot), Mac: g.VHID.MAC(), Vhid: uint8(g.VHID)}
}

// insert adds rows, all or none. Rows of other groups are never overwritten.
func insert(es []entry, slot Slot, g Group) error {
	for i, e := range es {
		err := e.table.Update(e.key, ownerOf(slot, g), ebpf.UpdateNoExist)
		if errors.Is(err, ebpf.ErrKeyExist) {
			err = ErrTaken
		}
		if err != nil {
			return errors.Join(fmt.Errorf("%s: %w", e.what, err), remove(es[:i]))
		}
	}
	return nil
}

// remove removes rows. One that has gone is no error: a carpd that was killed may
// have left a group without some of its rows.
func remove(es []entry) error {
	var errs []error
	for _, e := range es {
		if err := ignoreMissing(e.table.Delete(e.key)); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", e.what, err))
		}
	}
	return errors.Join(errs...)
}

// minus are the rows of a that b lacks.
func minus(a, b []entry) (out []entry) {
	in := map[any]bool{}
	for _, e := range b {
		in[e.key] = true
	}
	for _, e := range a {
		if !in[e.key] {
			out = append(out, e)
		}
	}
	return out
}

// distinct are the addresses without mapping, zone and duplicates.
func distinct(addrs []netip.Addr) map[netip.Addr]bool {
	set := map[netip.Addr]bool{}
	for _, a := range addrs {
		set[a.Unmap().WithZone("")] = true
	}
	return set
}
