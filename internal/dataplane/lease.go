package dataplane

import (
	"fmt"
	"sync/atomic"
	"time"
	"unsafe"

	"github.com/cilium/ebpf"
	"golang.org/x/sys/unix"

	"github.com/carpd/carpd/internal/boottime"
)

// leases are the deadlines of all slots: the memory of the map carp_lease
// itself, so that a deadline is set by one store and no system call.
type leases []bpfCarpLease

// mapLeases maps the map into our memory.
func mapLeases(m *ebpf.Map) (leases, error) {
	n := int(m.MaxEntries())
	b, err := unix.Mmap(m.FD(), 0, n*int(unsafe.Sizeof(bpfCarpLease{})), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return nil, fmt.Errorf("map the leases: %w", err)
	}
	return unsafe.Slice((*bpfCarpLease)(unsafe.Pointer(unsafe.SliceData(b))), n), nil
}

// close undoes mapLeases.
func (l leases) close() error {
	if len(l) == 0 {
		return nil
	}
	first := (*byte)(unsafe.Pointer(unsafe.SliceData(l)))
	return unix.Munmap(unsafe.Slice(first, len(l)*int(unsafe.Sizeof(bpfCarpLease{}))))
}

// Answer lets the kernel answer for the group and send as the group until then;
// the zero time is never.
func (d *Dataplane) Answer(slot Slot, until time.Time) {
	d.promise(slot, until, func(l *bpfCarpLease) *uint64 { return &l.AnswerUntil })
}

// Accept lets the kernel take in frames for the virtual MAC until then; the
// zero time is never.
func (d *Dataplane) Accept(slot Slot, until time.Time) {
	d.promise(slot, until, func(l *bpfCarpLease) *uint64 { return &l.AcceptUntil })
}

// promise stores a deadline.
func (d *Dataplane) promise(slot Slot, until time.Time, which func(*bpfCarpLease) *uint64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.groups[slot] != nil {
		atomic.StoreUint64(which(&d.lease[slot]), boottime.ToKernel(until))
	}
}
