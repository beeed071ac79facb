package cluster

import (
	"time"

	"github.com/carpd/carpd/internal/status"
)

// Picture is what a node has shown of itself.
type Picture struct {
	// Sent and Received are when it was asked for and when it came, on this node's
	// clock: it was taken in between.
	Sent, Received time.Time
	Snapshot       *status.Snapshot  // nil while that node starts
	Shared         map[string]string // its carpdevs to the names that all nodes share
}

// span is a stretch of time on this node's clock in which something was so for
// certain: it began before from and had not ended at to.
type span struct{ from, to time.Time }

// held is when a group was in the state that the picture shows. The node has counted
// itself how long that is, so that its clock need not agree with ours, and how old
// the picture was when it was given out.
func (p *Picture) held(g status.Group) span {
	age := time.Duration(p.Snapshot.Age * float64(time.Second))
	lasted := p.Snapshot.TakenAt.Sub(g.Since)
	return span{p.Received.Add(-age - lasted), p.Sent.Add(-age)}
}

// overlap is when all of some spans were so at the same time; negative when they
// may never have been.
func overlap(spans []span) time.Duration {
	all := spans[0]
	for _, s := range spans[1:] {
		if s.from.After(all.from) {
			all.from = s.from
		}
		if s.to.Before(all.to) {
			all.to = s.to
		}
	}
	return all.to.Sub(all.from)
}

// began is the latest beginning.
func began(spans []span) (at time.Time) {
	for _, s := range spans {
		at = latest(at, s.from)
	}
	return at
}
