package dataplane

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/cilium/ebpf"
)

// eachRow gives every entry of a hash to fn.
func eachRow(m *ebpf.Map, fn func(key, value []byte) error) error {
	var key, value []byte
	for it := m.Iterate(); ; {
		if !it.Next(&key, &value) {
			return it.Err()
		}
		if err := fn(key, value); err != nil {
			return err
		}
	}
}

// decodeRow reads a generated struct from the bytes of a map.
func decodeRow(b []byte, out any) error {
	if _, err := binary.Decode(b, binary.NativeEndian, out); err != nil {
		return fmt.Errorf("read a row: %w", err)
	}
	return nil
}

// copyRows copies a hash.
func copyRows(from, to *ebpf.Map, spec *ebpf.MapSpec) error {
	c, err := newConverter(from, spec)
	if err != nil {
		return err
	}
	return eachRow(from, func(key, value []byte) error { return to.Put(c.key(key), c.value(value)) })
}

// copySlots copies the given slots of an array.
func copySlots(from, to *ebpf.Map, spec *ebpf.MapSpec, slots []uint32) error {
	c, err := newConverter(from, spec)
	if err != nil {
		return err
	}
	for _, slot := range slots {
		if slot >= from.MaxEntries() || slot >= to.MaxEntries() {
			continue
		}
		if err := copySlot(from, to, c, slot); err != nil {
			return err
		}
	}
	return nil
}

// copySlot copies one of them, for each CPU if the map is one of counters.
func copySlot(from, to *ebpf.Map, c *converter, slot uint32) error {
	if from.Type() != ebpf.PerCPUArray {
		value, err := from.LookupBytes(slot)
		return errors.Join(err, to.Put(slot, c.value(value)))
	}
	var values [][]byte
	if err := from.Lookup(slot, &values); err != nil {
		return err
	}
	for i, v := range values {
		values[i] = c.value(v)
	}
	return to.Put(slot, values)
}
