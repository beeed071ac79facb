package agent

import (
	"github.com/carpd/carpd/internal/carp"
	"github.com/carpd/carpd/internal/election"
)

// A bridge decides by its table which way a frame goes. While this node accepts
// frames to the virtual MAC the bridge must know that MAC for its own, or it
// would go on sending them to the port where it has learnt the last MASTER. At
// any other time it must not: it would swallow what its ports send to the MASTER
// behind another port, and would not learn where that is.

// entryState is whether a bridge has the entry of a group. Only the loop changes
// it; one job of a group is under way at most.
type entryState struct {
	has     bool
	ifindex int
	mac     carp.MAC
	busy    bool
	problem string
}

// needsEntry reports whether frames to the group come by an entry in the table
// of a bridge. A MAC that several nodes accept is none that one may claim.
func (g *group) needsEntry() bool {
	return g.dev != nil && g.dev.link.Kind == "bridge" && !g.cfg.Physical && !g.cfg.Balancing.SharesFrames()
}

// wantsEntry reports whether the bridge is to have the entry now.
func (g *group) wantsEntry() bool {
	return g.needsEntry() && (g.machine.State() == election.Master || g.leaving)
}

// isEntering reports whether what a takeover needs on the carpdev is under way.
func (g *group) isEntering() bool { return g.addresses.busy || g.entry.busy }

// syncEntry has the worker bring the bridge's table to what is wanted, behind
// the addresses.
func (a *Agent) syncEntry(g *group) {
	s := &g.entry
	want := g.wantsEntry()
	goes := s.has && (!want || g.dev.link.Index != s.ifindex || frameMAC(g.cfg) != s.mac)
	if s.busy || !goes && (s.has || !want) {
		return
	}
	if !goes {
		s.ifindex, s.mac = g.dev.link.Index, frameMAC(g.cfg)
	}
	s.busy = true
	index, mac, change := s.ifindex, s.mac, a.Addresses.AddEntry
	if goes {
		change = a.Addresses.DelFilter
	}
	a.jobs <- func() {
		err := change(index, mac)
		a.results <- func() { a.onEntry(g, !goes, err) }
	}
}

// onEntry takes the worker's answer. What failed is not tried again before the
// next look: the group is still defended, and the status tells.
func (a *Agent) onEntry(g *group, has bool, err error) {
	s := &g.entry
	before := s.problem
	s.busy, s.has, s.problem = false, has, ""
	if err != nil {
		s.problem = err.Error()
	}
	if s.problem != "" && s.problem != before {
		a.Log.Error().Err(err).Str("group", g.name).Msg("table of the bridge not changed")
	}
	if err != nil && has {
		a.stepFailed(g, "the table of the bridge lacks the virtual MAC", err)
	}
	a.syncEntry(g)
	a.entered(g)
}

// entered goes on with what waited for a job on the carpdev.
func (a *Agent) entered(g *group) {
	if g.takeover.index >= 0 && !g.isEntering() {
		a.serve(g, a.Now())
	}
	a.publish(g)
	if g.removed && !g.leaving {
		a.dropGroup(g)
	}
}

// refreshEntry puts the entry of a MASTER back if somebody has removed it, and
// into the VLANs that the bridge has got since.
func (a *Agent) refreshEntry(g *group) {
	if s := &g.entry; !s.busy && s.has && g.wantsEntry() {
		s.has = false
		a.syncEntry(g)
	}
}
