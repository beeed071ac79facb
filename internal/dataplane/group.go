package dataplane

import (
	"errors"
	"fmt"
	"net/netip"
	"os"

	"github.com/cilium/ebpf"

	"github.com/carpd/carpd/internal/boottime"
	"github.com/carpd/carpd/internal/carp"
)

// State is what people read in the map carp_groups.
type State uint8

// The states.
const (
	Init   = State(bpfCarpStateCARP_INIT)
	Backup = State(bpfCarpStateCARP_BACKUP)
	Master = State(bpfCarpStateCARP_MASTER)
)

// Group is one VHID on one interface with its addresses.
type Group struct {
	Ifindex   int
	VLAN      uint16 // 0 is untagged
	Inner     uint16 // the second of two tags
	VHID      carp.VHID
	Addresses []netip.Addr
	Physical  bool           // the interface's own MAC stands for the group
	Balancing carp.Balancing // how the addresses are shared, if they are
	Nodes     []carp.VHID    // the VHIDs of all groups that share them, ascending
}

// ErrUnknownSlot says that no group has the slot.
var ErrUnknownSlot = errors.New("no group in this slot")

// ErrTaken says that another group has the VHID or an address on that interface.
var ErrTaken = errors.New("another group has it")

// group is a Group in the maps.
type group struct {
	Group
	slot    Slot
	state   State
	sinceNs uint64
	adopted bool // the last carpd had it
}

// AddGroup puts a group into the maps. It answers and accepts nothing until it
// is told to; frames for it are kept from the stack from now on. A group that
// the last carpd left under the same name goes on with its slot, its deadlines
// and its counters; only rows that changed are exchanged.
func (d *Dataplane) AddGroup(g Group) (Slot, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.promises.Load() == nil {
		return 0, os.ErrClosed
	}
	if n := d.left[keyOf(g)]; n != nil {
		return n.slot, d.claim(n, g)
	}
	slot, err := d.slots.take()
	if err != nil {
		return 0, err
	}
	n := &group{Group: g, slot: slot, sinceNs: boottime.ToKernel(boottime.Now())}
	err = d.clear(slot)
	if err == nil {
		err = d.exchange(slot, Group{}, g)
	}
	if errors.Is(err, ErrTaken) && d.makeRoom(g) {
		err = d.exchange(slot, Group{}, g)
	}
	if err == nil {
		err = d.showGroup(n)
	}
	if err != nil {
		d.slots.give(slot)
		return 0, fmt.Errorf("add vhid %d on interface %d: %w", g.VHID, g.Ifindex, err)
	}
	d.groups[slot] = n
	d.promises.Load().begin(slot)
	return slot, nil
}

// ReplaceGroup changes the addresses of a group or its place. State, deadlines
// and counters stay: packets meet the new entries before the old ones go, and
// an entry in both is not touched. A group with another VHID is another group.
func (d *Dataplane) ReplaceGroup(slot Slot, g Group) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	n := d.groups[slot]
	if n == nil {
		return ErrUnknownSlot
	}
	if g.VHID != n.VHID {
		return fmt.Errorf("replace vhid %d by vhid %d: not the same group", n.VHID, g.VHID)
	}
	if err := d.exchange(slot, n.Group, g); err != nil {
		return fmt.Errorf("replace vhid %d on interface %d: %w", n.VHID, n.Ifindex, err)
	}
	if before := keyOf(n.Group); before != keyOf(g) {
		if err := d.objs.CarpGroups.Delete(before); err != nil {
			return fmt.Errorf("remove the row of vhid %d: %w", n.VHID, err)
		}
	}
	n.Group = g
	return d.showGroup(n)
}

// RemoveGroup takes a group out of the maps: its promises end first, its slot
// is free when nothing points to it any more.
func (d *Dataplane) RemoveGroup(slot Slot) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	n := d.groups[slot]
	if n == nil {
		return ErrUnknownSlot
	}
	d.promises.Load().end(slot)
	err := errors.Join(
		d.exchange(slot, n.Group, Group{}), ignoreMissing(d.objs.CarpGroups.Delete(keyOf(n.Group))),
		d.setKeys(slot, nil),
	)
	if err != nil {
		return fmt.Errorf("remove vhid %d on interface %d: %w", n.VHID, n.Ifindex, err)
	}
	delete(d.groups, slot)
	delete(d.left, keyOf(n.Group))
	d.slots.give(slot)
	return nil
}

// SetState shows people the state of a group. Packets do not care.
func (d *Dataplane) SetState(slot Slot, s State) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	n := d.groups[slot]
	if n == nil {
		return ErrUnknownSlot
	}
	if n.state != s {
		n.state, n.sinceNs = s, boottime.ToKernel(boottime.Now())
	}
	return d.showGroup(n)
}

// clear wipes what the last owner of a slot has left.
func (d *Dataplane) clear(slot Slot) error {
	d.promises.Load().end(slot)
	cpus, err := ebpf.PossibleCPU()
	if err != nil {
		return fmt.Errorf("count the CPUs: %w", err)
	}
	if err := d.objs.CarpCounters.Put(slot, make([]bpfCarpCounters, cpus)); err != nil {
		return fmt.Errorf("clear the counters: %w", err)
	}
	if err := d.objs.CarpReports.Put(slot, bpfCarpReports{}); err != nil {
		return fmt.Errorf("clear the times of reports: %w", err)
	}
	if err := d.objs.CarpGuard.Put(slot, bpfCarpGuard{}); err != nil {
		return fmt.Errorf("clear what the filter of adverts remembers: %w", err)
	}
	d.memory[slot], d.echoes[slot] = bpfCarpMemory{}, bpfCarpEchoes{}
	d.keys[slot].IntervalNs = 0
	return d.setKeys(slot, nil)
}

// showGroup writes the row for people.
func (d *Dataplane) showGroup(n *group) error {
	row := bpfCarpGroup{
		State:     bpfCarpState(n.state),
		Slot:      uint32(n.slot),
		SinceNs:   n.sinceNs,
		Mac:       d.macEntryOf(n.Group).key.(bpfCarpVmacKey).Mac,
		Balancing: bpfCarpBalancing(n.Balancing),
		Physical:  flag(n.Physical),
		Addresses: uint32(len(n.Addresses)),
	}
	if n.Physical {
		row.Mac = carp.MAC{} // It is the interface's, in carp_links.
	}
	if err := d.objs.CarpGroups.Put(keyOf(n.Group), row); err != nil {
		return fmt.Errorf("show vhid %d: %w", n.VHID, err)
	}
	return nil
}

// keyOf is the key of the row for people.
func keyOf(g Group) bpfCarpGroupKey {
	return bpfCarpGroupKey{Ifindex: uint32(g.Ifindex), Vlan: g.VLAN, Inner: g.Inner, Vhid: uint8(g.VHID)}
}
