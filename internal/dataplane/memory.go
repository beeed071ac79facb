package dataplane

import (
	"sync/atomic"
	"time"

	"github.com/cilium/ebpf"

	"github.com/carpd/carpd/internal/boottime"
)

// Memory is what carpd keeps of a group for the carpd after it. Instants are of
// the boot clock; the zero time is none.
type Memory struct {
	State       State
	Cause       uint32    // for people who read the map
	Since       time.Time // when the state was entered
	Lease       time.Time // MASTER: until when the kernel may act
	Next        time.Time // MASTER: when the next advert is due
	Interval    time.Duration
	Down        [2]time.Time // BACKUP: when it takes over, by family
	Counter     uint64       // of the last advert sent
	Transitions uint64
}

// memories are the memories of all slots: the map carp_memory itself, so that
// they are written without a system call.
type memories []bpfCarpMemory

// mapMemories maps the map into our memory.
func mapMemories(m *ebpf.Map) (memories, error) { return mapArray[bpfCarpMemory](m, "memory") }

// Remember keeps a group for the carpd after this one. The sequence number is
// odd meanwhile, so that what is half written is never believed.
func (d *Dataplane) Remember(slot Slot, m Memory) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.groups[slot] == nil {
		return
	}
	row := &d.memory[slot]
	seq := row.Seq | 1
	atomic.StoreUint64(&row.Seq, seq)
	row.State, row.Cause = bpfCarpState(m.State), m.Cause
	row.SinceNs, row.LeaseUntilNs, row.NextNs = boottime.ToKernel(m.Since), boottime.ToKernel(m.Lease), boottime.ToKernel(m.Next)
	row.IntervalMs = uint32(m.Interval.Milliseconds())
	for f, at := range m.Down {
		row.DownNs[f] = boottime.ToKernel(at)
	}
	row.Counter, row.Transitions = m.Counter, m.Transitions
	atomic.StoreUint64(&row.Seq, seq+1)
}

// Recall is what the carpd before this one kept of a group that it left behind;
// false if there was none. What was half written, or was left by a release that
// kept nothing, is made of the group's row and its deadlines: a MASTER whose
// next advert is due now.
func (d *Dataplane) Recall(slot Slot) (Memory, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	n := d.groups[slot]
	if n == nil || !n.adopted {
		return Memory{}, false
	}
	if row := d.memory[slot]; row.Seq > 0 && row.Seq%2 == 0 {
		return memoryOf(row), true
	}
	m := Memory{State: n.state, Since: boottime.FromKernel(n.sinceNs)}
	if n.state == Master {
		m.Lease, _ = d.Deadlines(slot)
	}
	return m, true
}

// memoryOf reads a row.
func memoryOf(row bpfCarpMemory) Memory {
	return Memory{
		State: State(row.State), Cause: row.Cause, Since: instant(row.SinceNs),
		Lease: instant(row.LeaseUntilNs), Next: instant(row.NextNs),
		Interval: time.Duration(row.IntervalMs) * time.Millisecond,
		Down:     [2]time.Time{instant(row.DownNs[0]), instant(row.DownNs[1])},
		Counter:  row.Counter, Transitions: row.Transitions,
	}
}

// instant is the time of nanoseconds of which 0 are none.
func instant(ns uint64) time.Time {
	if ns == 0 {
		return time.Time{}
	}
	return boottime.FromKernel(ns)
}
