package agent

import (
	"sort"
	"sync/atomic"

	"github.com/carpd/carpd/internal/status"
)

// historyLen is how many events are kept.
const historyLen = 512

// history holds the last events. The loop writes, anybody reads: the list is
// replaced, never changed.
type history struct {
	list    atomic.Pointer[[]status.Event]
	changed atomic.Pointer[chan struct{}]
}

// init makes an empty history.
func (h *history) init() {
	h.list.Store(new([]status.Event))
	c := make(chan struct{})
	h.changed.Store(&c)
}

// add appends an event, numbers it and wakes those who wait.
func (h *history) add(e status.Event) {
	old := *h.list.Load()
	e.ID = 1
	if n := len(old); n > 0 {
		e.ID = old[n-1].ID + 1
	}
	keep := old[max(0, len(old)+1-historyLen):]
	list := append(append(make([]status.Event, 0, len(keep)+1), keep...), e)
	h.list.Store(&list)
	c := make(chan struct{})
	close(*h.changed.Swap(&c))
}

// Events are those with an id above after, the oldest first.
func (a *Agent) Events(after uint64) []status.Event {
	list := *a.history.list.Load()
	return list[sort.Search(len(list), func(i int) bool { return list[i].ID > after }):]
}

// Changed is closed when the next event is there. Ask for it before Events, so
// that none is missed.
func (a *Agent) Changed() <-chan struct{} { return *a.history.changed.Load() }

// note puts an event into the history.
func (a *Agent) note(e status.Event) {
	e.At = a.Wall(a.Now())
	a.history.add(e)
}
