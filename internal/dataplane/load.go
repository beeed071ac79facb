package dataplane

import (
	"errors"
	"fmt"
	"path/filepath"
	"sync"

	"github.com/cilium/ebpf"
	"github.com/rs/zerolog"
)

// Options say how to load.
type Options struct {
	// Instance names the directory of the pins.
	Instance string
	// XDP is auto, native, generic or off; empty is auto.
	XDP string
	// Log gets what cannot be returned; the zero value discards it.
	Log zerolog.Logger
}

// Dataplane is the loaded kernel side of one instance.
type Dataplane struct {
	opts Options
	dir  string
	objs bpfObjects
	ring *ring

	mu      sync.Mutex // guards the groups
	lease   leases
	slots   slots
	groups  map[Slot]*group
	sources sources

	// linkMu guards the interfaces. It is apart from mu because a driver may take
	// its time to attach a program, and a lease must not wait for that.
	linkMu   sync.Mutex
	links    map[int]bpfCarpLink
	own      map[int]map[bpfCarpOwnKey]bool
	attached map[int]*attachment
}

// Load loads and pins programs and maps. What an instance of that name has left
// behind is unloaded first; the caller makes sure that it no longer runs.
func Load(opts Options) (_ *Dataplane, err error) {
	if opts.XDP == "" {
		opts.XDP = xdpAuto
	}
	dir, err := instanceDir(opts.Instance)
	if err != nil {
		return nil, err
	}
	if err := mountBPFFS(); err != nil {
		return nil, err
	}
	if err := Unload(opts.Instance); err != nil {
		return nil, err
	}
	d := &Dataplane{
		opts:     opts,
		dir:      dir,
		groups:   map[Slot]*group{},
		links:    map[int]bpfCarpLink{},
		own:      map[int]map[bpfCarpOwnKey]bool{},
		attached: map[int]*attachment{},
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, d.Close(), Unload(opts.Instance))
		}
	}()
	if err := d.loadObjects(); err != nil {
		return nil, err
	}
	if err := d.pin(); err != nil {
		return nil, err
	}
	d.slots = newSlots(d.objs.CarpLease.MaxEntries())
	if d.lease, err = mapLeases(d.objs.CarpLease); err != nil {
		return nil, err
	}
	d.ring, err = openRing(d.objs.CarpEvents)
	return d, err
}

// loadObjects gives the object to the kernel, whose verifier checks it.
func (d *Dataplane) loadObjects() error {
	spec, err := loadBpf()
	if err != nil {
		return fmt.Errorf("read the BPF object: %w", err)
	}
	if err := checkSizes(spec); err != nil {
		return err
	}
	if err := spec.LoadAndAssign(&d.objs, nil); err != nil {
		return fmt.Errorf("load the BPF object: %w", err)
	}
	return nil
}

// checkSizes makes sure that all maps which are looked up by slot have the same
// number of slots.
func checkSizes(spec *ebpf.CollectionSpec) error {
	want := spec.Maps[bpfMapCarpLease].MaxEntries
	for _, name := range []string{bpfMapCarpGroups, bpfMapCarpCounters, bpfMapCarpReports, bpfMapCarpVmac} {
		if got := spec.Maps[name].MaxEntries; got != want {
			return fmt.Errorf("map %s has %d entries, %s has %d", name, got, bpfMapCarpLease, want)
		}
	}
	return nil
}

// pin gives programs and maps their names in the file system.
func (d *Dataplane) pin() error {
	if err := makeDirs(d.dir); err != nil {
		return err
	}
	type pinner interface{ Pin(string) error }
	m, p := &d.objs.bpfMaps, &d.objs.bpfPrograms
	for name, o := range map[string]pinner{
		filepath.Join(secretDir, bpfMapCarpSecret): m.CarpSecret,
		bpfMapCarpCounters:                         m.CarpCounters, bpfMapCarpEvents: m.CarpEvents, bpfMapCarpGroups: m.CarpGroups,
		bpfMapCarpLease: m.CarpLease, bpfMapCarpLinks: m.CarpLinks, bpfMapCarpOwn: m.CarpOwn,
		bpfMapCarpReports: m.CarpReports, bpfMapCarpFilters: m.CarpFilters, bpfMapCarpVhids: m.CarpVhids,
		bpfMapCarpVip4: m.CarpVip4, bpfMapCarpVip6: m.CarpVip6, bpfMapCarpVmac: m.CarpVmac,
		bpfMapCarpEchoes: m.CarpEchoes, bpfMapCarpGuard: m.CarpGuard, bpfMapCarpKeys: m.CarpKeys,
		bpfMapCarpMemory: m.CarpMemory, bpfMapCarpMeta: m.CarpMeta, bpfMapCarpShares: m.CarpShares,
		bpfProgCarpRx: p.CarpRx, bpfProgCarpRxGeneric: p.CarpRxGeneric, bpfProgCarpIn: p.CarpIn, bpfProgCarpOut: p.CarpOut,
	} {
		if err := o.Pin(filepath.Join(d.dir, name)); err != nil {
			return fmt.Errorf("pin %s: %w", name, err)
		}
	}
	return nil
}

// Close gives back what the process holds and forgets the groups. The pins stay,
// and the kernel goes on until the deadlines have passed.
func (d *Dataplane) Close() error {
	d.linkMu.Lock()
	defer d.linkMu.Unlock()
	d.mu.Lock()
	defer d.mu.Unlock()
	errs := []error{d.ring.close(), d.lease.close()}
	d.lease, d.groups = nil, nil
	for ifindex, a := range d.attached {
		errs = append(errs, a.close())
		delete(d.attached, ifindex)
	}
	return errors.Join(append(errs, d.objs.Close())...)
}
