package dataplane

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/cilium/ebpf"
)

// nextDir holds the new maps while old ones are exchanged for them.
const nextDir = "next"

// leftBehind opens what is pinned. New maps that were complete when a carpd was
// killed between them and the old ones go into their places first.
func (d *Dataplane) leftBehind() (*pinnedSet, error) {
	left, err := openPinned(d.dir)
	if err != nil {
		return nil, err
	}
	if left.layout > layout {
		return nil, errors.Join(&LayoutError{d.opts.Instance, left.layout}, left.close())
	}
	next, err := openPinned(filepath.Join(d.dir, nextDir))
	if err != nil {
		return nil, errors.Join(err, left.close())
	}
	complete := next.layout == layout
	if err := next.close(); err != nil || !complete {
		return left, err
	}
	if err := errors.Join(left.close(), d.exchangePins()); err != nil {
		return nil, err
	}
	return openPinned(d.dir)
}

// goOn takes over what the last carpd left: on its maps if they are of our
// layout, else on new ones with the same contents. Links get the new programs
// last, when all that those look at is in place.
func (d *Dataplane) goOn(left *pinnedSet) error {
	spec, err := loadBpf()
	if err != nil {
		return fmt.Errorf("read the BPF object: %w", err)
	}
	if !left.fits(spec) {
		return d.migrate(left, spec)
	}
	if err := d.loadObjects(left.maps); err != nil {
		return err
	}
	if err := d.open(); err != nil {
		return err
	}
	if err := errors.Join(makeDirs(d.dir), d.adoptGroups(), d.adoptLinks()); err != nil {
		return err
	}
	return d.pinPrograms(d.dir)
}

// migrate goes on with maps of another layout: new ones are made beside them and
// filled, links get programs that work on the new ones, and only then the new
// pins replace the old. A crash in between leaves either the old set, or the new
// one complete.
func (d *Dataplane) migrate(left *pinnedSet, spec *ebpf.CollectionSpec) error {
	if err := d.prepare(left, spec); err != nil {
		return err
	}
	if err := errors.Join(d.adoptLinks(), d.exchangePins()); err != nil {
		return err
	}
	d.opts.Log.Info().Uint32("from", left.layout).Int("to", layout).Msg("pinned maps carried over to another layout")
	return d.pinPrograms(d.dir)
}

// prepare makes the new maps, fills them, and pins them beside the old.
func (d *Dataplane) prepare(left *pinnedSet, spec *ebpf.CollectionSpec) error {
	if err := d.loadObjects(nil); err != nil {
		return err
	}
	if err := d.carryOver(left, spec); err != nil {
		return err
	}
	if err := d.open(); err != nil {
		return err
	}
	next := filepath.Join(d.dir, nextDir)
	if err := errors.Join(removePins(next), makeDirs(d.dir), makeDirs(next)); err != nil {
		return err
	}
	return errors.Join(d.adoptGroups(), d.pinMaps(next))
}

// exchangePins puts the new pins into the places of the old, carp_meta last,
// and removes old ones that have no successor.
func (d *Dataplane) exchangePins() error {
	next := filepath.Join(d.dir, nextDir)
	spec, err := loadBpf()
	if err != nil {
		return fmt.Errorf("read the BPF object: %w", err)
	}
	if err := makeDirs(d.dir); err != nil {
		return err
	}
	var errs []error
	for name := range spec.Maps {
		if name != bpfMapCarpMeta {
			errs = append(errs, movePin(pinPath(next, name), pinPath(d.dir, name)))
		}
	}
	errs = append(errs, d.removeStale(spec))
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("exchange the pins: %w", err)
	}
	if err := movePin(pinPath(next, bpfMapCarpMeta), pinPath(d.dir, bpfMapCarpMeta)); err != nil {
		return fmt.Errorf("exchange the pins: %w", err)
	}
	return removePins(next)
}

// movePin gives a pin another name. One that has gone was moved before.
func movePin(from, to string) error {
	if err := os.Rename(from, to); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// removeStale removes the pins of maps that only the old layout had.
func (d *Dataplane) removeStale(spec *ebpf.CollectionSpec) error {
	entries, err := os.ReadDir(d.dir)
	if err != nil {
		return fmt.Errorf("read the pin directory: %w", err)
	}
	var errs []error
	for _, e := range entries {
		known := spec.Maps[e.Name()] != nil || spec.Programs[e.Name()] != nil
		if !e.IsDir() && !known {
			errs = append(errs, os.Remove(filepath.Join(d.dir, e.Name())))
		}
	}
	return errors.Join(errs...)
}

// carried reports whether the contents of a map go over to another layout. A
// map that only one of the two has begins empty; so does the ring buffer, and
// the filters, which are made of the groups.
func carried(name string, to *ebpf.MapSpec) bool {
	return to != nil && to.Type != ebpf.RingBuf && name != bpfMapCarpFilters && name != bpfMapCarpMeta
}

// carryOver copies what the old maps hold.
func (d *Dataplane) carryOver(left *pinnedSet, spec *ebpf.CollectionSpec) error {
	slots, err := slotsOf(left)
	if err != nil {
		return err
	}
	for name, old := range left.maps {
		to := spec.Maps[name]
		if !carried(name, to) {
			continue
		}
		if to.Type == ebpf.Hash {
			err = copyRows(old, d.maps[name], to)
		} else {
			err = copySlots(old, d.maps[name], to, slots)
		}
		if err != nil {
			return fmt.Errorf("carry over %s: %w", name, err)
		}
	}
	return nil
}

// slotsOf are the slots of the groups of a set, and 0. They keep their numbers.
func slotsOf(left *pinnedSet) ([]uint32, error) {
	spec, err := loadBpf()
	if err != nil {
		return nil, fmt.Errorf("read the BPF object: %w", err)
	}
	c, err := newConverter(left.maps[bpfMapCarpGroups], spec.Maps[bpfMapCarpGroups])
	if err != nil {
		return nil, err
	}
	slots := []uint32{0}
	err = eachRow(left.maps[bpfMapCarpGroups], func(_, value []byte) error {
		var row bpfCarpGroup
		err := decodeRow(c.value(value), &row)
		slots = append(slots, row.Slot)
		return err
	})
	return slots, err
}
