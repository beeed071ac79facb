package agent

import (
	"context"
	"fmt"
	"time"

	"github.com/carpd/carpd/internal/carp"
	"github.com/carpd/carpd/internal/dataplane"
	"github.com/carpd/carpd/internal/status"
)

// ringLook is how often the kernel's counters are looked at for lost adverts.
const ringLook = 5 * time.Second

// watchRing tells of adverts that were lost because the ring buffer was full. It
// runs beside the loop: to read the counters of thousands of groups takes too
// long for the loop itself.
func (a *Agent) watchRing(ctx context.Context) {
	tick := time.NewTicker(ringLook)
	defer tick.Stop()
	var known uint64
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		now, err := a.lost()
		if err == nil && now > known {
			text := fmt.Sprintf("%d adverts lost because the ring buffer was full", now-known)
			err = a.do(ctx, func() { a.note(status.Event{Kind: carp.RingFull.String(), Text: text}) })
		}
		if err != nil && ctx.Err() == nil {
			a.Log.Error().Err(err).Msg("counters not read")
		}
		known = now
	}
}

// lost is how many adverts found no room in the ring buffer.
func (a *Agent) lost() (sum uint64, err error) {
	c, err := a.Dataplane.Counters()
	for _, p := range c.Groups {
		sum += p[carp.RingFull]
	}
	return sum + c.Other[carp.RingFull], err
}

var _ Dataplane = (*dataplane.Dataplane)(nil)
