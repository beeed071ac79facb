package demo

import (
	"slices"
	"time"

	"github.com/carpd/carpd/internal/carp"
)

// measure names what is measured in each round.
type measure int

// What is measured on the wire, and spans of time in which the client is
// watched.
const (
	crashWire measure = iota
	handOverWire
	crashOutage
	cutOutage
	handOverSpan
	frozenSpan
	failbackSpan
)

// span is a time in which the client was watched.
type span struct{ from, until time.Time }

// book keeps what was measured. The spans are evaluated at the end, when no
// reply can be under way any more.
type book struct {
	times map[measure][]time.Duration
	spans map[measure][]span
	macs  []carp.MAC
}

// note keeps a measured time.
func (b *book) note(m measure, d time.Duration) {
	if b.times == nil {
		b.times = map[measure][]time.Duration{}
	}
	b.times[m] = append(b.times[m], d)
}

// watch keeps a span.
func (b *book) watch(m measure, from, until time.Time) {
	if b.spans == nil {
		b.spans = map[measure][]span{}
	}
	b.spans[m] = append(b.spans[m], span{from, until})
}

// median is the middle one, or the upper of the two in the middle.
func median(list []time.Duration) time.Duration {
	if len(list) == 0 {
		return 0
	}
	sorted := slices.Clone(list)
	slices.Sort(sorted)
	return sorted[len(sorted)/2]
}
