package dataplane

import (
	"errors"
	"fmt"
)

// Check reports whether Load could go on with what is pinned for the instance,
// and changes nothing: the layout is known and can be carried over, and the
// kernel accepts the programs. A carpd may be running on it.
func Check(opts Options) (err error) {
	d, err := newDataplane(opts)
	if err != nil {
		return err
	}
	if mounted, err := onBPFFS(); err != nil || !mounted {
		return errors.Join(err, d.checkPrograms(&pinnedSet{}))
	}
	left, err := openPinned(d.dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, left.close()) }()
	if left.layout > layout {
		return &LayoutError{opts.Instance, left.layout}
	}
	return d.checkPrograms(left)
}

// checkPrograms loads the programs on the maps on which they would work, and
// gives them back.
func (d *Dataplane) checkPrograms(left *pinnedSet) error {
	spec, err := loadBpf()
	if err != nil {
		return fmt.Errorf("read the BPF object: %w", err)
	}
	if left.fits(spec) {
		return errors.Join(d.loadObjects(left.maps), d.Close())
	}
	if left.layout > 0 {
		for name, old := range left.maps {
			if to := spec.Maps[name]; carried(name, to) {
				_, err = newConverter(old, to)
			}
			if err != nil {
				return fmt.Errorf("carry over %s: %w", name, err)
			}
		}
	}
	return errors.Join(d.loadObjects(nil), d.Close())
}
