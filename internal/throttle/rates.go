// Package throttle bounds what each caller of a listener may take: how often it
// asks, and how many connections it holds. Who counts as one caller is for the
// listener to say. What is remembered of callers has bounds too.
package throttle

import (
	"container/list"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Rates are token buckets, one for each caller. They remember a bounded number of
// callers: the one that was idle longest is forgotten for a new one.
type Rates[K comparable] struct {
	limit rate.Limit
	burst int
	most  int

	mu      sync.Mutex // guards what follows
	entries map[K]*list.Element
	order   *list.List // of *rated[K], the idlest first
}

type rated[K comparable] struct {
	who     K
	limiter *rate.Limiter
}

// NewRates gives each caller limit a second and burst at once, and remembers most
// callers.
func NewRates[K comparable](limit rate.Limit, burst, most int) *Rates[K] {
	return &Rates[K]{limit: limit, burst: burst, most: most, entries: map[K]*list.Element{}, order: list.New()}
}

// Take uses up one; false when none is left.
func (r *Rates[K]) Take(who K, now time.Time) bool { return r.of(who).AllowN(now, 1) }

// Has tells whether one is left, and uses up none.
func (r *Rates[K]) Has(who K, now time.Time) bool { return r.of(who).TokensAt(now) >= 1 }

// Callers is how many are remembered.
func (r *Rates[K]) Callers() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.entries)
}

// of is the bucket of a caller.
func (r *Rates[K]) of(who K) *rate.Limiter {
	r.mu.Lock()
	defer r.mu.Unlock()
	if e, known := r.entries[who]; known {
		r.order.MoveToBack(e)
		return e.Value.(*rated[K]).limiter
	}
	if len(r.entries) >= r.most {
		delete(r.entries, r.order.Remove(r.order.Front()).(*rated[K]).who)
	}
	n := &rated[K]{who, rate.NewLimiter(r.limit, r.burst)}
	r.entries[who] = r.order.PushBack(n)
	return n.limiter
}
