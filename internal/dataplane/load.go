package dataplane

import (
	"errors"
	"fmt"
	"maps"
	"sync"
	"sync/atomic"

	"github.com/cilium/ebpf"
	"github.com/rs/zerolog"
)

// Options say how to load.
type Options struct {
	// Instance names the directory of the pins.
	Instance string
	// XDP is auto, native, generic, tcx or off; empty is auto.
	XDP string
	// DetachOnStop is auto, true or false: whether Stop takes the XDP program off
	// also where that may reset the link; empty is auto.
	DetachOnStop string
	// Devices knows the interfaces. Without it auto means tcx.
	Devices Devices
	// Anew, if set, is called before what another carpd left is cleared away because
	// it cannot be gone on with, and before the first start.
	Anew func()
	// Log gets what cannot be returned; the zero value discards it.
	Log zerolog.Logger
}

// Dataplane is the loaded kernel side of one instance.
type Dataplane struct {
	opts  Options
	dir   string
	objs  bpfObjects
	maps  map[string]*ebpf.Map // those of objs, by name
	progs map[string]*ebpf.Program
	ring  *ring

	promises atomic.Pointer[promises] // nil when closed

	mu        sync.Mutex // guards the groups
	memory    memories
	keys      keyWords
	echoes    echoRings
	slots     slots
	groups    map[Slot]*group
	left      map[bpfCarpGroupKey]*group // of the last carpd, which nobody has claimed
	adopted   bool                       // the maps are those of the last carpd, or their contents
	filters   filters
	filterMap []bpfCarpFilters // where they are stored: the map itself
	elsewhere elsewhere
	rows      owned
	shares    shares

	// linkMu guards the interfaces. It is apart from mu because a driver may take
	// its time to attach a program, and a lease must not wait for that.
	linkMu   sync.Mutex
	links    map[int]bpfCarpLink
	near     map[uint32]int // which interface has which row of carp_near
	own      map[int]map[bpfCarpOwnKey]bool
	attached map[int]*attachment
}

// Load loads programs and maps and pins them. What a carpd of that instance has
// left behind goes on: its maps, or their contents when they have another
// layout, and its links, which get the new programs one by one without a frame
// between. The caller makes sure that that carpd no longer runs.
//
// Maps of a layout that is not known are a *LayoutError, and are left as they
// are. Anything else that stands in the way is cleared away, so that a state
// which cannot be read never keeps carpd from starting.
func Load(opts Options) (_ *Dataplane, err error) {
	d, err := newDataplane(opts)
	if err != nil {
		return nil, err
	}
	if err := mountBPFFS(); err != nil {
		return nil, err
	}
	left, err := d.leftBehind()
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, left.close()) }()
	if left.layout > 0 {
		err := d.goOn(left)
		switch {
		case err == nil:
			d.adopted = true
			return d, nil
		case errors.As(err, new(*VerifierError)):
			return nil, errors.Join(err, d.Close())
		}
		opts.Log.Error().Err(err).Msg("what the last carpd left cannot be gone on with: it is cleared away")
	}
	return loadAnew(opts, d)
}

// newDataplane is one with nothing in it.
func newDataplane(opts Options) (*Dataplane, error) {
	if opts.XDP == "" {
		opts.XDP = xdpAuto
	}
	dir, err := instanceDir(opts.Instance)
	return &Dataplane{
		opts:      opts,
		dir:       dir,
		groups:    map[Slot]*group{},
		left:      map[bpfCarpGroupKey]*group{},
		elsewhere: elsewhere{},
		rows:      owned{},
		shares:    newShares(),
		links:     map[int]bpfCarpLink{},
		near:      map[uint32]int{},
		own:       map[int]map[bpfCarpOwnKey]bool{},
		attached:  map[int]*attachment{},
	}, err
}

// loadAnew clears away what there is and begins with nothing.
func loadAnew(opts Options, failed *Dataplane) (_ *Dataplane, err error) {
	if opts.Anew != nil {
		opts.Anew()
	}
	if err := errors.Join(failed.Close(), Unload(opts.Instance)); err != nil {
		return nil, err
	}
	d, err := newDataplane(opts)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, d.Close(), Unload(opts.Instance))
		}
	}()
	if err := d.loadObjects(nil); err != nil {
		return nil, err
	}
	if err := d.pin(d.dir); err != nil {
		return nil, err
	}
	return d, d.open()
}

// VerifierError says that the kernel refuses the programs.
type VerifierError struct{ err error }

func (e *VerifierError) Error() string { return fmt.Sprintf("load the BPF object: %v", e.err) }

// Unwrap gives the kernel's own words.
func (e *VerifierError) Unwrap() error { return e.err }

// loadObjects gives the object to the kernel, whose verifier checks it. The
// programs work on the given maps, and on new ones for the rest.
func (d *Dataplane) loadObjects(on map[string]*ebpf.Map) error {
	spec, err := loadBpf()
	if err != nil {
		return fmt.Errorf("read the BPF object: %w", err)
	}
	if err := checkSizes(spec); err != nil {
		return err
	}
	coll, err := ebpf.NewCollectionWithOptions(spec, ebpf.CollectionOptions{MapReplacements: on})
	if err != nil {
		return &VerifierError{err}
	}
	defer coll.Close()
	d.maps, d.progs = maps.Clone(coll.Maps), maps.Clone(coll.Programs)
	if err := coll.Assign(&d.objs); err != nil {
		return fmt.Errorf("name the BPF objects: %w", err)
	}
	return nil
}

// checkSizes makes sure that all maps which are looked up by slot have the same
// number of slots.
func checkSizes(spec *ebpf.CollectionSpec) error {
	want := spec.Maps[bpfMapCarpLease].MaxEntries
	for _, name := range []string{bpfMapCarpGroups, bpfMapCarpCounters, bpfMapCarpReports, bpfMapCarpVmac, bpfMapCarpMemory, bpfMapCarpKeys, bpfMapCarpEchoes, bpfMapCarpGuard} {
		if got := spec.Maps[name].MaxEntries; got != want {
			return fmt.Errorf("map %s has %d entries, %s has %d", name, got, bpfMapCarpLease, want)
		}
	}
	return nil
}

// open maps what is written without a system call, and the ring buffer.
func (d *Dataplane) open() (err error) {
	d.slots = newSlots(d.objs.CarpLease.MaxEntries())
	lease, err := mapLeases(d.objs.CarpLease)
	if err != nil {
		return err
	}
	d.promises.Store(newPromises(lease))
	if d.memory, err = mapMemories(d.objs.CarpMemory); err != nil {
		return err
	}
	if d.keys, err = mapKeyWords(d.objs.CarpKeys); err != nil {
		return err
	}
	if d.echoes, err = mapEchoRings(d.objs.CarpEchoes); err != nil {
		return err
	}
	if d.filterMap, err = mapArray[bpfCarpFilters](d.objs.CarpFilters, "filters"); err != nil {
		return err
	}
	d.ring, err = openRing(d.objs.CarpEvents)
	return err
}

// Adopted reports whether this goes on with what another carpd had pinned.
func (d *Dataplane) Adopted() bool { return d.adopted }

// Close gives back what the process holds and forgets the groups. The pins stay,
// and the kernel goes on until the deadlines have passed.
func (d *Dataplane) Close() error {
	d.linkMu.Lock()
	defer d.linkMu.Unlock()
	d.mu.Lock()
	defer d.mu.Unlock()
	errs := []error{d.ring.close(), unmapArray(d.memory), unmapArray(d.keys), unmapArray(d.echoes), unmapArray(d.filterMap)}
	d.memory, d.keys, d.echoes, d.filterMap, d.groups = nil, nil, nil, nil, nil
	d.promises.Store(nil)
	for ifindex, a := range d.attached {
		errs = append(errs, a.close())
		delete(d.attached, ifindex)
	}
	return errors.Join(append(errs, d.objs.Close())...)
}
