package dataplane

import (
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"

	"github.com/cilium/ebpf"

	"github.com/carpd/carpd/internal/carp"
)

// adoptGroups makes groups of what is in the maps. They keep slots, deadlines
// and counters; AddGroup gives each to the group of the configuration that it
// is, and Sweep removes the rest. Rows that no group has were left by a carpd that
// was killed while it added a group, and go.
func (d *Dataplane) adoptGroups() error {
	err := eachRow(d.objs.CarpGroups, func(key, value []byte) error {
		var k bpfCarpGroupKey
		var row bpfCarpGroup
		if err := errors.Join(decodeRow(key, &k), decodeRow(value, &row)); err != nil {
			return err
		}
		d.adopt(k, row)
		return nil
	})
	if err == nil {
		err = d.adoptShares()
	}
	if err == nil {
		err = d.adoptAddresses()
	}
	for _, slot := range slices.Sorted(maps.Keys(d.groups)) { // As they were added.
		n := d.groups[slot]
		d.filters.count(n.Group, 1)
		err = errors.Join(err, d.elsewhere.add(&d.objs, slot, n.Group))
	}
	if err == nil {
		err = d.adoptRows()
	}
	if err == nil {
		err = d.removeLost()
	}
	if err != nil {
		return fmt.Errorf("adopt the groups: %w", err)
	}
	d.filters.store(d.filterMap)
	return nil
}

// adopt makes a group of a row for people. Two rows with one slot cannot be: the
// second is left to be overwritten.
func (d *Dataplane) adopt(k bpfCarpGroupKey, row bpfCarpGroup) {
	slot := Slot(row.Slot)
	if d.groups[slot] != nil || !d.slots.claim(slot) {
		return
	}
	n := &group{
		Group: Group{
			Ifindex: int(k.Ifindex), VLAN: k.Vlan, Inner: k.Inner, VHID: carp.VHID(k.Vhid),
			Physical: row.Physical != 0, Balancing: carp.Balancing(row.Balancing),
		},
		slot: slot, state: State(row.State), sinceNs: row.SinceNs, adopted: true,
	}
	d.groups[slot], d.left[k] = n, n
	d.promises.Load().begin(slot)
}

// adoptAddresses finds out which addresses the groups have.
func (d *Dataplane) adoptAddresses() error {
	err := eachRow(d.objs.CarpVip4, func(key, value []byte) error {
		var k bpfCarpVip4Key
		err := decodeRow(key, &k)
		return errors.Join(err, d.adoptAddress(k.Ifindex, value, netip.AddrFrom4(k.Addr)))
	})
	return errors.Join(err, eachRow(d.objs.CarpVip6, func(key, value []byte) error {
		var k bpfCarpVip6Key
		err := decodeRow(key, &k)
		return errors.Join(err, d.adoptAddress(k.Ifindex, value, netip.AddrFrom16(k.Addr)))
	}))
}

// adoptAddress gives an address to the group whose row it is. Those for other
// interfaces have none.
func (d *Dataplane) adoptAddress(ifindex uint32, value []byte, addr netip.Addr) error {
	var o bpfCarpOwner
	if err := decodeRow(value, &o); err != nil {
		return err
	}
	for _, n := range d.ownersOf(o) {
		if n.Ifindex != int(ifindex) {
			continue
		}
		n.Addresses = append(n.Addresses, addr)
	}
	return nil
}

// ownersOf are the groups to which a row belongs: the one that it names, or all
// of a share.
func (d *Dataplane) ownersOf(o bpfCarpOwner) (all []*group) {
	if n := d.groups[Slot(o.Slot)]; n != nil && o.Share == 0 {
		return []*group{n}
	}
	if s := d.shares.byID[o.Share]; s != nil {
		for slot := range s.members {
			all = append(all, d.groups[slot])
		}
	}
	return all
}

// adoptShares finds out which groups share addresses. A group without its share
// was being changed when the last carpd was killed, and begins alone.
func (d *Dataplane) adoptShares() error {
	err := eachRow(d.objs.CarpShares, func(key, value []byte) error {
		var row bpfCarpShare
		if err := decodeRow(value, &row); err != nil {
			return err
		}
		id := binary.NativeEndian.Uint32(key)
		d.shares.last = max(d.shares.last, id)
		for i, slot := range row.Slots[:min(int(row.Count), len(row.Slots))] {
			if n := d.groups[Slot(slot)]; n != nil && carp.Balancing(row.Balancing) == n.Balancing && uint8(n.VHID) == row.Vhids[i] {
				n.Nodes = vhidsOf(row)
				d.shares.adopt(id, n, row)
			}
		}
		return nil
	})
	for _, n := range d.groups {
		if len(n.Nodes) == 0 {
			n.Balancing = carp.BalanceNone
		}
	}
	return err
}

// adoptRows claims the rows of the groups, and makes each what it should be: the
// last carpd may have been killed between two of them.
func (d *Dataplane) adoptRows() error {
	var errs []error
	for slot, n := range d.groups {
		errs = append(errs, d.joinShare(slot, n.Group), d.claimAll(d.entriesOf(n.Group), slot, n.Group))
	}
	return errors.Join(errs...)
}

// removeLost removes the rows that no group has.
func (d *Dataplane) removeLost() error {
	want := map[*ebpf.Map]map[string]bool{
		d.objs.CarpVhids: {}, d.objs.CarpVip4: {}, d.objs.CarpVip6: {}, d.objs.CarpVmac: {},
	}
	for _, n := range d.groups {
		for _, e := range d.entriesOf(n.Group) {
			key, err := binary.Append(nil, binary.NativeEndian, e.key)
			if err != nil {
				return fmt.Errorf("%s: %w", e.what, err)
			}
			want[e.table][string(key)] = true
		}
	}
	for a := range d.elsewhere {
		table, row := rowElsewhere(&d.objs, a)
		key, err := binary.Append(nil, binary.NativeEndian, row)
		if err != nil {
			return fmt.Errorf("%v on other interfaces: %w", a, err)
		}
		want[table][string(key)] = true
	}
	want[d.objs.CarpShares] = map[string]bool{}
	for _, s := range d.shares.byKey {
		want[d.objs.CarpShares][string(binary.NativeEndian.AppendUint32(nil, s.id))] = true
	}
	var errs []error
	for table, keys := range want {
		errs = append(errs, removeAllBut(table, keys))
	}
	return errors.Join(errs...)
}

// removeAllBut removes the rows with other keys.
func removeAllBut(table *ebpf.Map, keep map[string]bool) error {
	var lost [][]byte
	err := eachRow(table, func(key, _ []byte) error {
		if !keep[string(key)] {
			lost = append(lost, slices.Clone(key))
		}
		return nil
	})
	for _, key := range lost {
		err = errors.Join(err, ignoreMissing(table.Delete(key)))
	}
	return err
}

// claim gives an adopted group what it has now.
func (d *Dataplane) claim(n *group, g Group) error {
	err := d.exchange(n.slot, n.Group, g)
	if errors.Is(err, ErrTaken) && d.makeRoom(g) {
		err = d.exchange(n.slot, n.Group, g)
	}
	if err != nil {
		return fmt.Errorf("go on with vhid %d on interface %d: %w", g.VHID, g.Ifindex, err)
	}
	n.Group = g
	delete(d.left, keyOf(g))
	return d.showGroup(n)
}

// makeRoom takes addresses that a group wants from groups of the last carpd that
// nobody has claimed: the configuration has given them away. It reports whether
// there were any.
func (d *Dataplane) makeRoom(g Group) (made bool) {
	for key, n := range d.left {
		less := n.Group
		less.Addresses = slices.DeleteFunc(slices.Clone(n.Addresses), func(a netip.Addr) bool { return slices.Contains(g.Addresses, a) })
		if key == keyOf(g) || !sameLAN(less, g) || len(less.Addresses) == len(n.Addresses) {
			continue
		}
		if err := d.exchange(n.slot, n.Group, less); err != nil {
			d.opts.Log.Error().Err(err).Msg("addresses of the last carpd not removed")
		}
		n.Group, made = less, true
	}
	return made
}

// sameLAN reports whether two groups are on one interface with the same tags.
func sameLAN(a, b Group) bool {
	return a.Ifindex == b.Ifindex && a.VLAN == b.VLAN && a.Inner == b.Inner
}

// Sweep removes what the last carpd left and nobody has claimed: groups, and
// the programs on interfaces that carry none of ours. It is called when every
// group that can be placed has been.
func (d *Dataplane) Sweep() error {
	return errors.Join(d.removeLeft(func(Group) bool { return true }), d.sweepLinks())
}

// removeLeft removes those groups of the last carpd that fit.
func (d *Dataplane) removeLeft(fits func(Group) bool) error {
	d.mu.Lock()
	var slots []Slot
	for _, n := range d.left {
		if fits(n.Group) {
			slots = append(slots, n.slot)
		}
	}
	d.mu.Unlock()
	var errs []error
	for _, slot := range slots {
		errs = append(errs, d.RemoveGroup(slot))
	}
	return errors.Join(errs...)
}
