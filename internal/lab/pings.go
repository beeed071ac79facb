package lab

import (
	"context"
	"slices"
	"time"
)

// Pings is what a client saw during a span of time.
type Pings struct {
	Sent int
	Lost int // no reply within LostAfter
	// Outage is the longest gap between the send times of two consecutive
	// requests that were answered; it began at From.
	Outage time.Duration
	From   time.Time
	// Delay is the longest time that a reply took.
	Delay time.Duration
	// Stall is the longest time in which the client itself sent nothing; an
	// outage cannot be measured finer than that.
	Stall time.Duration
}

// Report evaluates the requests sent from and until two instants; a zero until
// means all. Ask LostAfter later, or replies under way count as lost.
func (p *Pinger) Report(from, until time.Time) Pings {
	probes := p.between(from, until)
	r := Pings{Sent: len(probes)}
	if len(probes) == 0 {
		return r
	}
	good, last := probes[0].sent, probes[0].sent
	for _, pr := range probes {
		r.Stall = max(r.Stall, time.Duration(pr.sent-last))
		last = pr.sent
		if !pr.answered() {
			r.Lost++
			continue
		}
		r.Delay = max(r.Delay, time.Duration(pr.back-pr.sent))
		r.gap(good, pr.sent)
		good = pr.sent
	}
	r.gap(good, last)
	return r
}

// gap keeps the longest.
func (r *Pings) gap(from, to int64) {
	if d := time.Duration(to - from); d > r.Outage {
		r.Outage, r.From = d, time.Unix(0, from)
	}
}

// answered reports whether the reply came in time.
func (p probe) answered() bool {
	return p.back != 0 && p.back-p.sent <= int64(LostAfter)
}

// between copies the requests sent in a span of time.
func (p *Pinger) between(from, until time.Time) []probe {
	p.mu.Lock()
	defer p.mu.Unlock()
	search := func(t time.Time) int {
		i, _ := slices.BinarySearchFunc(p.probes, t.UnixNano(), func(pr probe, t int64) int {
			return int(pr.sent - t)
		})
		return i
	}
	last := len(p.probes)
	if !until.IsZero() {
		last = search(until)
	}
	return slices.Clone(p.probes[min(search(from), last):last])
}

// Share is how many of the requests of a span of time were answered, for a
// display: 1 is all of them, 0 is none; ok is false when nothing was sent.
func (p *Pinger) Share(from, until time.Time) (share float64, ok bool) {
	probes := p.between(from, until)
	answered := 0
	for _, pr := range probes {
		if pr.answered() {
			answered++
		}
	}
	return float64(answered) / float64(max(1, len(probes))), len(probes) > 0
}

// WaitReply waits for the reply to a request sent after an instant.
func (p *Pinger) WaitReply(ctx context.Context, after time.Time) error {
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for {
		if slices.ContainsFunc(p.between(after, time.Time{}), probe.answered) {
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
