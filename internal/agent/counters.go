package agent

import (
	"github.com/carpd/carpd/internal/carp"
	"github.com/carpd/carpd/internal/dataplane"
	"github.com/carpd/carpd/internal/status"
)

// GroupTally is what the loop counted for one group, and the slot under which
// the kernel side counted the rest.
type GroupTally struct {
	Name    string
	Slot    dataplane.Slot
	Bound   bool
	Packets [carp.NumReasons]uint64
	Sent    status.Sent
}

// Tallies are the loop's counters of all groups, in the order of the
// configuration. What the kernel has counted is not in them.
func (a *Agent) Tallies() []GroupTally {
	out := []GroupTally{}
	for _, g := range *a.listed.Load() {
		p := g.published.Load()
		t := GroupTally{Name: g.name, Slot: p.slot, Bound: p.bound, Sent: status.Sent{
			Adverts:       g.tally.adverts.Load(),
			BowOuts:       g.tally.bowOuts.Load(),
			Announcements: g.tally.announce.Load(),
			Errors:        g.tally.errors.Load(),
		}}
		for r := range g.tally.rejected {
			t.Packets[r] = g.tally.rejected[r].Load()
		}
		out = append(out, t)
	}
	return out
}
