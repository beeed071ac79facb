package dataplane

import (
	"testing"
	"time"

	"github.com/carpd/carpd/internal/carp"
)

// With a group in every slot all calls stay usable: the time of each is bounded
// by that of the same call on an emptier dataplane, and not by a clock.
func TestAllSlotsInUse(t *testing.T) {
	d := load(t, Options{})
	all := manyGroups(allGroups)
	add := func(gs []Group) (each time.Duration) {
		begin := time.Now()
		for _, g := range gs {
			addGroup(t, d, g)
		}
		return time.Since(begin) / time.Duration(len(gs))
	}
	first := add(all[:1024])
	middle := add(all[1024 : allGroups-1024])
	last := add(all[allGroups-1024:])
	t.Logf("AddGroup takes %v for the first 1024, %v in between, %v for the last 1024", first, middle, last)
	if last > 5*first {
		t.Errorf("the last groups take %v each, the first %v", last, first)
	}
	if _, err := d.AddGroup(Group{Ifindex: loopback, VLAN: 4000, VHID: 1}); err == nil {
		t.Error("a group more than there are slots was added")
	}
	testCountersOfAll(t, d)
	begin := time.Now()
	for slot := Slot(allGroups - 1023); slot <= allGroups; slot++ {
		if err := d.RemoveGroup(slot); err != nil {
			t.Fatal(err)
		}
	}
	each := time.Since(begin) / 1024
	t.Logf("RemoveGroup takes %v", each)
	if each > 5*last {
		t.Errorf("RemoveGroup takes %v, AddGroup %v", each, last)
	}
}

// testCountersOfAll reads the counters of all slots: each is where it belongs.
func testCountersOfAll(t *testing.T, d *Dataplane) {
	for _, slot := range []Slot{0, 1, 257, 4096, allGroups} {
		row, err := d.packets(slot)
		if err != nil || row != (Packets{}) {
			t.Fatalf("slot %d: %v %v", slot, row, err)
		}
		perCPU := make([]bpfCarpCounters, cpus(t))
		for i := range perCPU {
			perCPU[i].Packets[carp.ArpAnswered] = uint64(slot) + 7
		}
		if err := d.objs.CarpCounters.Put(slot, perCPU); err != nil {
			t.Fatal(err)
		}
	}
	begin := time.Now()
	c, err := d.Counters()
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("Counters takes %v", time.Since(begin))
	if len(c.Groups) != allGroups {
		t.Fatalf("counters of %d groups", len(c.Groups))
	}
	want := map[Slot]uint64{1: 8, 257: 264, 4096: 4103, allGroups: 8199}
	for slot, p := range c.Groups {
		var row Packets
		row[carp.ArpAnswered] = want[slot] * uint64(cpus(t))
		if p != row {
			t.Errorf("slot %d: %v", slot, p)
		}
	}
	if c.Other[carp.ArpAnswered] != 7*uint64(cpus(t)) {
		t.Errorf("of no group: %v", c.Other)
	}
}
