package dataplane

import (
	"fmt"
	"maps"
	"slices"

	"github.com/carpd/carpd/internal/carp"
)

// Packets are packets by reason.
type Packets [carp.NumReasons]uint64

// Counters are what the kernel has counted. carp.OK counts adverts that were
// given to carpd, before their digest was looked at.
type Counters struct {
	Groups map[Slot]Packets
	Other  Packets // what belongs to no group
}

// Counters reads all counters.
func (d *Dataplane) Counters() (Counters, error) {
	d.mu.Lock()
	slots := slices.Collect(maps.Keys(d.groups))
	d.mu.Unlock()
	c := Counters{Groups: make(map[Slot]Packets, len(slots))}
	var err error
	if c.Other, err = d.packets(0); err != nil {
		return c, err
	}
	for _, slot := range slots {
		if c.Groups[slot], err = d.packets(slot); err != nil {
			return c, err
		}
	}
	return c, nil
}

// packets adds up the counters of a slot over all CPUs.
func (d *Dataplane) packets(slot Slot) (sum Packets, err error) {
	var perCPU []bpfCarpCounters
	if err := d.objs.CarpCounters.Lookup(slot, &perCPU); err != nil {
		return sum, fmt.Errorf("read the counters of slot %d: %w", slot, err)
	}
	for _, c := range perCPU {
		for reason, n := range c.Packets {
			sum[reason] += n
		}
	}
	return sum, nil
}
