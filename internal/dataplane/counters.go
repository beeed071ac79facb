package dataplane

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/cilium/ebpf"

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

// counterBatch is how many slots one system call reads. With fewer groups each
// is read by itself.
const counterBatch = 256

// Counters reads all counters.
func (d *Dataplane) Counters() (Counters, error) {
	d.mu.Lock()
	slots := slices.Sorted(maps.Keys(d.groups))
	d.mu.Unlock()
	c := Counters{Groups: make(map[Slot]Packets, len(slots))}
	read := d.readEach
	if len(slots) > counterBatch {
		read = d.readBatches
	}
	if err := read(slots, c.Groups); err != nil {
		return c, err
	}
	var err error
	c.Other, err = d.packets(0)
	return c, err
}

// readEach reads the counters of slots one by one.
func (d *Dataplane) readEach(slots []Slot, into map[Slot]Packets) (err error) {
	for _, slot := range slots {
		if into[slot], err = d.packets(slot); err != nil {
			return err
		}
	}
	return nil
}

// readBatches reads the counters of all slots up to the last one that is asked
// for, which are in ascending order.
func (d *Dataplane) readBatches(slots []Slot, into map[Slot]Packets) error {
	cpus, err := ebpf.PossibleCPU()
	if err != nil {
		return fmt.Errorf("count the CPUs: %w", err)
	}
	var cursor ebpf.MapBatchCursor
	keys, values := make([]Slot, counterBatch), make([]bpfCarpCounters, counterBatch*cpus)
	for len(slots) > 0 {
		n, err := d.objs.CarpCounters.BatchLookup(&cursor, keys, values, nil)
		if err != nil && !errors.Is(err, ebpf.ErrKeyNotExist) {
			return fmt.Errorf("read the counters: %w", err)
		}
		for i, slot := range keys[:n] {
			if len(slots) > 0 && slots[0] == slot {
				into[slot] = sum(values[i*cpus : (i+1)*cpus])
				slots = slots[1:]
			}
		}
		if err != nil {
			break // That was the last slot of the map.
		}
	}
	return nil
}

// packets reads the counters of a slot.
func (d *Dataplane) packets(slot Slot) (Packets, error) {
	var perCPU []bpfCarpCounters
	if err := d.objs.CarpCounters.Lookup(slot, &perCPU); err != nil {
		return Packets{}, fmt.Errorf("read the counters of slot %d: %w", slot, err)
	}
	return sum(perCPU), nil
}

// sum adds counters up over all CPUs.
func sum(perCPU []bpfCarpCounters) (all Packets) {
	for _, c := range perCPU {
		for reason, n := range c.Packets {
			all[reason] += n
		}
	}
	return all
}
