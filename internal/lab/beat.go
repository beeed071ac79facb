package lab

import (
	"sync"
	"time"
)

// beat calls a function at a steady rate. When it is late it tells how many
// calls are due, so that the rate holds on a busy machine.
type beat struct {
	once sync.Once
	quit chan struct{}
	done chan struct{}
}

// newBeat starts beating.
func newBeat(every time.Duration, call func(due int)) *beat {
	b := &beat{quit: make(chan struct{}), done: make(chan struct{})}
	go b.run(every, call)
	return b
}

// run sleeps until the absolute time of the next beat.
func (b *beat) run(every time.Duration, call func(due int)) {
	defer close(b.done)
	next := time.Now()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-b.quit:
			return
		case <-timer.C:
		}
		due := 0
		for now := time.Now(); !next.After(now); next = next.Add(every) {
			due++
		}
		call(due)
		timer.Reset(time.Until(next))
	}
}

// stop ends the beat and waits for the last call; it reports whether this call
// was the one that ended it.
func (b *beat) stop() (first bool) {
	b.once.Do(func() {
		close(b.quit)
		first = true
	})
	<-b.done
	return first
}
