package agent

import (
	"container/heap"
	"time"
)

// alarm is something to do at an instant: the next advert, the end of a
// waiting time. A group has a handful of them, and thousands stay cheap.
type alarm struct {
	at    time.Time
	index int // place in the heap, -1 when not set
	ring  func(now time.Time)
}

// newAlarm makes an alarm that is not set.
func newAlarm(ring func(now time.Time)) *alarm { return &alarm{index: -1, ring: ring} }

// alarms is a heap of set alarms, the earliest first.
type alarms []*alarm

// set makes the alarm ring at the given instant; the zero time silences it.
func (h *alarms) set(a *alarm, at time.Time) {
	switch {
	case at.IsZero():
		if a.index >= 0 {
			heap.Remove(h, a.index)
		}
	case a.index >= 0:
		a.at = at
		heap.Fix(h, a.index)
	default:
		a.at = at
		heap.Push(h, a)
	}
}

// stop silences an alarm.
func (h *alarms) stop(a *alarm) { h.set(a, time.Time{}) }

// next is when the earliest alarm rings, or the zero time.
func (h *alarms) next() time.Time {
	if len(*h) == 0 {
		return time.Time{}
	}
	return (*h)[0].at
}

// due takes the earliest alarm out if its time has come, or returns nil.
func (h *alarms) due(now time.Time) *alarm {
	if len(*h) == 0 || (*h)[0].at.After(now) {
		return nil
	}
	return heap.Pop(h).(*alarm)
}

// The methods of heap.Interface.

func (h alarms) Len() int           { return len(h) }
func (h alarms) Less(i, j int) bool { return h[i].at.Before(h[j].at) }

func (h alarms) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].index, h[j].index = i, j
}

// Push is for package heap only.
func (h *alarms) Push(x any) {
	a := x.(*alarm)
	a.index = len(*h)
	*h = append(*h, a)
}

// Pop is for package heap only.
func (h *alarms) Pop() any {
	old := *h
	a := old[len(old)-1]
	a.index = -1
	*h = old[:len(old)-1]
	return a
}
