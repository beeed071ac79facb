package agent

import (
	"time"

	"github.com/carpd/carpd/internal/carp"
)

// beatDepth is how many gaps between adverts are shown.
const beatDepth = 32

// beat are the last gaps between the adverts of whoever is MASTER, for people who
// look for jitter. It is copied with what is published of a group.
type beat struct {
	gaps  [beatDepth]float32 // seconds, a ring
	count int                // of all that were ever put in
	last  time.Time
}

// add notes an advert that was sent or arrived at an instant.
func (b *beat) add(at time.Time) {
	if !b.last.IsZero() && at.After(b.last) {
		b.gaps[b.count%beatDepth] = float32(at.Sub(b.last).Seconds())
		b.count++
	}
	b.last = at
}

// list are the gaps, the oldest first, to the millisecond.
func (b *beat) list() []float64 {
	out := []float64{}
	for i := max(0, b.count-beatDepth); i < b.count; i++ {
		out = append(out, float64(int(b.gaps[i%beatDepth]*1000+0.5))/1000)
	}
	return out
}

// age is how old the last advert is; below 0 there was none.
func (b *beat) age(now time.Time) float64 {
	if b.last.IsZero() {
		return -1
	}
	return max(0, now.Sub(b.last).Seconds())
}

// beats reports whether adverts of a family are counted: the two families of a
// round would make gaps of nothing.
func (g *group) beats(f carp.Family) bool { return g.families()[0] == f }
