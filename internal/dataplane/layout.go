package dataplane

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/cilium/ebpf"
)

// layout is CARP_LAYOUT of bpf/types.h: the layout of the maps that the programs
// of this carpd work on.
const layout = 2

// firstLayout is that of the release that pinned no carp_meta.
const firstLayout = 1

// LayoutError says that the pinned maps have a layout that this carpd does not
// know: a newer carpd has made them. Nothing was touched.
type LayoutError struct {
	Instance string
	Pinned   uint32
}

// Error says what runs, what is known, and the way out.
func (e *LayoutError) Error() string {
	return fmt.Sprintf("the maps pinned for instance %s have layout %d, and this carpd knows %d to %d: "+
		"run the carpd that made them, or end it with carpd unload first", e.Instance, e.Pinned, firstLayout, layout)
}

// pinnedSet are the maps that are pinned in one directory.
type pinnedSet struct {
	maps   map[string]*ebpf.Map
	layout uint32 // 0: nothing is there, or only the beginning of a set
}

// close gives back the file descriptors.
func (s *pinnedSet) close() error {
	var errs []error
	for _, m := range s.maps {
		errs = append(errs, m.Close())
	}
	s.maps = nil
	return errors.Join(errs...)
}

// openPinned opens the maps in a directory of pins, and those in the directory
// of secrets beside them. A file that is no map of ours is left alone.
func openPinned(dir string) (*pinnedSet, error) {
	s := &pinnedSet{maps: map[string]*ebpf.Map{}}
	for _, d := range []string{dir, filepath.Join(dir, secretDir)} {
		entries, err := os.ReadDir(d)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, errors.Join(fmt.Errorf("read the pin directory: %w", err), s.close())
		}
		for _, e := range entries {
			if e.IsDir() {
				continue
			}
			if m, err := ebpf.LoadPinnedMap(filepath.Join(d, e.Name()), nil); err == nil {
				s.maps[e.Name()] = m
			}
		}
	}
	s.layout = layoutOf(s.maps)
	return s, nil
}

// layoutOf reads the layout of a set. carp_meta is pinned first and written
// last, so that one that says 0 tells of a set that was never finished; the
// first layout had none. Without its maps of groups and deadlines there is
// nothing to go on with.
func layoutOf(set map[string]*ebpf.Map) uint32 {
	n := uint32(firstLayout)
	if meta := set[bpfMapCarpMeta]; meta != nil {
		n = 0
		// The first word is the layout, whatever later ones have beside it.
		if b, err := meta.LookupBytes(uint32(0)); err == nil && len(b) >= 4 {
			n = binary.NativeEndian.Uint32(b)
		}
	}
	if n <= layout && (set[bpfMapCarpGroups] == nil || set[bpfMapCarpLease] == nil) {
		return 0
	}
	return n
}

// fits reports whether the programs can work on the set as it is: no map is
// missing, and each is of the kind and size that they were made for.
func (s *pinnedSet) fits(spec *ebpf.CollectionSpec) bool {
	return s.layout == layout && !slices.ContainsFunc(slices.Collect(maps.Keys(spec.Maps)), func(name string) bool {
		return s.maps[name] == nil || spec.Maps[name].Compatible(s.maps[name]) != nil
	})
}
