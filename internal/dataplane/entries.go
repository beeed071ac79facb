package dataplane

import (
	"errors"
	"fmt"
	"net/netip"

	"github.com/cilium/ebpf"

	"github.com/carpd/carpd/internal/carp"
)

// entry is one row that packets are looked up by. Its value is who the group is,
// or the share.
type entry struct {
	table *ebpf.Map
	key   any    // one of the generated key structs, comparable
	what  string // for errors
	// shared says that all groups of a share have the row together.
	shared bool
}

// entriesOf are the rows of a group, each once. A group without a VHID has none.
func (d *Dataplane) entriesOf(g Group) []entry {
	if g.VHID == 0 {
		return nil
	}
	i := uint32(g.Ifindex)
	var all []entry
	if !g.Physical {
		all = append(all, d.macEntryOf(g))
	}
	shared := g.Balancing != carp.BalanceNone
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
		add(entry{d.objs.CarpVhids, vhid, fmt.Sprintf("vhid %d", g.VHID), false})
		if f == carp.IPv4 {
			key := bpfCarpVip4Key{Ifindex: i, Vlan: g.VLAN, Inner: g.Inner, Addr: a.As4()}
			add(entry{d.objs.CarpVip4, key, a.String(), shared})
			continue
		}
		key := bpfCarpVip6Key{Ifindex: i, Vlan: g.VLAN, Inner: g.Inner, Addr: a.As16()}
		add(entry{d.objs.CarpVip6, key, a.String(), shared})
	}
	return all
}

// macEntryOf is the row of the MAC to which frames for the group come: where
// every node gets every frame, all have one.
func (d *Dataplane) macEntryOf(g Group) entry {
	mac, shared := g.VHID.MAC(), g.Balancing.SharesFrames()
	if shared {
		mac = g.Balancing.MAC(g.Nodes[0])
	}
	key := bpfCarpVmacKey{Ifindex: uint32(g.Ifindex), Vlan: g.VLAN, Inner: g.Inner, Mac: mac}
	return entry{d.objs.CarpVmac, key, fmt.Sprintf("virtual MAC %v", mac), shared}
}

// exchange takes the rows of a slot from those of one group to those of
// another. New rows come before old ones go, so that packets for an address
// that stays see no gap. When a new row cannot be had, nothing has changed.
func (d *Dataplane) exchange(slot Slot, from, to Group) error {
	before, after := d.entriesOf(from), d.entriesOf(to)
	if err := checkNodes(to); err != nil {
		return err
	}
	for _, e := range after {
		if err := d.rows.free(e, slot, to); err != nil {
			return err
		}
	}
	if err := d.settle(slot, to, after); err != nil {
		return errors.Join(err, d.joinShare(slot, from), d.claimAll(before, slot, from),
			d.unsettle(slot, to, from, minus(after, before)))
	}
	return d.unsettle(slot, from, to, minus(before, after))
}

// settle gives a group its rows.
func (d *Dataplane) settle(slot Slot, g Group, es []entry) error {
	d.filters.count(g, 1)
	d.filters.store(d.filterMap)
	return errors.Join(d.joinShare(slot, g), d.claimAll(es, slot, g),
		d.elsewhere.add(&d.objs, slot, g))
}

// unsettle takes back what settle did for the group as it was.
func (d *Dataplane) unsettle(slot Slot, was, is Group, es []entry) error {
	err := errors.Join(d.releaseAll(es, slot), d.leaveShare(slot, was, is), d.elsewhere.remove(&d.objs, slot, was, is))
	d.filters.count(was, -1)
	d.filters.store(d.filterMap)
	return err
}

// ownerOf is the value of a group's own rows. Those of groups that share by ARP
// name the share, so that their MACs are known to belong together. The
// interface's own MAC is in no row: packets read it where SetLink puts it.
func (d *Dataplane) ownerOf(slot Slot, g Group) bpfCarpOwner {
	o := bpfCarpOwner{Slot: uint32(slot), Mac: g.VHID.MAC(), Vhid: uint8(g.VHID), Physical: flag(g.Physical)}
	if g.Physical {
		o.Mac = carp.MAC{}
	}
	if s := d.shares.byKey[shareKeyOf(g)]; s != nil {
		o.Balancing, o.Share = bpfCarpBalancing(g.Balancing), s.id
	}
	return o
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
