package dataplane

import (
	"runtime"
	"sync/atomic"
	"time"

	"github.com/cilium/ebpf"

	"github.com/carpd/carpd/internal/boottime"
)

// leases are the deadlines of all slots: the memory of the map carp_lease
// itself, so that a deadline is set by one store and no system call.
type leases []bpfCarpLease

// mapLeases maps the map into our memory.
func mapLeases(m *ebpf.Map) (leases, error) { return mapArray[bpfCarpLease](m, "leases") }

// promises are what Answer and Accept work on: no lock, no system call, only
// loads and one store, because all groups of a machine flip in one go.
type promises struct {
	leases
	live []atomic.Bool // has the slot a group
}

// newPromises takes the leases over: their memory goes when nobody can be
// storing in it any more.
func newPromises(l leases) *promises {
	p := &promises{leases: l, live: make([]atomic.Bool, len(l))}
	runtime.AddCleanup(p, func(l leases) { _ = unmapArray(l) }, l)
	return p
}

// begin lets deadlines be stored for a slot, which has a group now.
func (p *promises) begin(slot Slot) { p.live[slot].Store(true) }

// end takes the deadlines of a slot back and lets none be stored.
func (p *promises) end(slot Slot) {
	p.live[slot].Store(false)
	atomic.StoreUint64(&p.leases[slot].AnswerUntil, 0)
	atomic.StoreUint64(&p.leases[slot].AcceptUntil, 0)
}

// of is the lease of a slot, if it has a group.
func (p *promises) of(slot Slot) *bpfCarpLease {
	if p == nil || int(slot) >= len(p.live) || !p.live[slot].Load() {
		return nil
	}
	return &p.leases[slot]
}

// Answer lets the kernel answer for the group and send as the group until then;
// the zero time is never.
func (d *Dataplane) Answer(slot Slot, until time.Time) {
	p := d.promises.Load()
	if l := p.of(slot); l != nil {
		p.store(slot, &l.AnswerUntil, until)
	}
}

// Accept lets the kernel take in frames for the virtual MAC until then; the
// zero time is never.
func (d *Dataplane) Accept(slot Slot, until time.Time) {
	p := d.promises.Load()
	if l := p.of(slot); l != nil {
		p.store(slot, &l.AcceptUntil, until)
	}
}

// store stores a deadline. A group may be removed meanwhile: either its removal
// comes after the store and takes the deadline back, or it is seen here.
func (p *promises) store(slot Slot, deadline *uint64, until time.Time) {
	atomic.StoreUint64(deadline, boottime.ToKernel(until))
	if !p.live[slot].Load() {
		atomic.StoreUint64(deadline, 0)
	}
	runtime.KeepAlive(p)
}

// Deadlines are until when the kernel may answer and accept for a group; the
// zero time is never.
func (d *Dataplane) Deadlines(slot Slot) (answer, accept time.Time) {
	p := d.promises.Load()
	l := p.of(slot)
	if l == nil {
		return answer, accept
	}
	answer, accept = instant(atomic.LoadUint64(&l.AnswerUntil)), instant(atomic.LoadUint64(&l.AcceptUntil))
	runtime.KeepAlive(p)
	return answer, accept
}
