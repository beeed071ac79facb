package agent

import (
	"net/netip"
	"time"

	"github.com/carpd/carpd/internal/carp"
	"github.com/carpd/carpd/internal/dataplane"
	"github.com/carpd/carpd/internal/election"
	"github.com/carpd/carpd/internal/iface"
	"github.com/carpd/carpd/internal/status"
)

// What the last carpd left in the kernel goes on while nobody runs: deadlines,
// programs, addresses, and a memory of each group, which is written after every
// step and read when the group is placed. So a carpd that was killed, or has
// retired for another, is missed by nobody if the next one comes within the
// lease.

// keep writes down what a successor needs to go on with the group. A MASTER
// that has not served yet is none: what nobody has heard is decided anew.
func (a *Agent) keep(g *group) {
	if g.dev == nil || g.memory != nil {
		return
	}
	k := g.machine.Memory()
	if k.State == election.Master && (!g.serving || !g.leased) {
		k = election.Memory{Since: k.Since}
	}
	a.Dataplane.Remember(g.slot, dataplane.Memory{
		State:       dataplane.State(k.State),
		Cause:       uint32(g.machine.Cause().Kind),
		Since:       k.Since,
		Lease:       k.Lease,
		Next:        k.Next,
		Interval:    carp.Interval(g.cfg.Advbase, g.machine.SentSkew()),
		Down:        k.Down,
		Counter:     a.counter,
		Transitions: g.moves,
	})
}

// recall finds out what the last carpd kept of a group, which has just been
// placed. Our adverts go on above its last counter.
func (a *Agent) recall(g *group) {
	m, ok := a.Dataplane.Recall(g.slot)
	if !ok {
		return
	}
	g.memory = &m
	a.counter = max(a.counter, m.Counter)
}

// resume goes on with a group where the last carpd stopped, if its carpdev is
// up. A group that is not MASTER by this has nothing to answer: what its
// predecessor promised the kernel ends here.
func (a *Agent) resume(g *group, up bool) {
	m := g.memory
	g.memory = nil
	if up {
		g.linkUp = true
		g.moves = m.Transitions
		now := a.Now()
		a.goOn(g, now, m, g.machine.Step(now, election.Resumed{Memory: election.Memory{
			State: election.State(m.State), Since: m.Since, Lease: m.Lease, Next: m.Next, Down: m.Down,
		}}))
	}
	if !g.serving {
		a.Dataplane.Answer(g.slot, time.Time{})
		a.Dataplane.Accept(g.slot, time.Time{})
	}
}

// goOn does what follows from having resumed. Nothing is sent: a MASTER's
// adverts go on in their rhythm, and its addresses need no announcement.
func (a *Agent) goOn(g *group, now time.Time, m *dataplane.Memory, eff election.Effects) {
	a.alarms.set(g.tick, eff.Wake)
	if eff.To == election.State(m.State) {
		g.since = a.Wall(g.machine.Since())
		a.noteResumed(g, eff)
	} else {
		a.noteTransition(g, now, eff)
	}
	if eff.To == election.Master {
		g.serving, g.leased = true, true
		a.extendLease(g)
		a.syncAddresses(g)
		a.syncEntry(g)
		a.startAgeing(g, now)
		a.forgetHandOver(g) // Nobody waits for it any more.
	}
	a.tellState(g)
	a.keep(g)
	a.publish(g)
}

// noteResumed tells of a group that goes on.
func (a *Agent) noteResumed(g *group, eff election.Effects) {
	a.Log.Info().Str("group", g.name).Stringer("state", eff.To).Str("cause", eff.Cause.String()).Msg("resumed")
	a.note(status.Event{Kind: "resumed", Group: g.name, To: eff.To.String(), Cause: eff.Cause.String(), Text: eff.Cause.Sentence()})
}

// sweep has everything removed that the last carpd left and no group has
// claimed: it is done once, when every group that can be placed has been. Each
// worker does its own part, so that what it is asked to add later stays.
func (a *Agent) sweep() {
	if a.swept {
		return
	}
	a.swept = true
	addrs, macs := a.claimed()
	a.jobs <- func() {
		if err := a.Addresses.SweepAddresses(addrs); err != nil {
			a.Log.Warn().Err(err).Msg("addresses of the last carpd not removed")
		}
	}
	a.chores <- func() {
		if err := a.Dataplane.Sweep(); err != nil {
			a.Log.Warn().Err(err).Msg("programs of the last carpd not removed")
		}
		if err := a.Addresses.SweepFilters(macs); err != nil {
			a.Log.Warn().Err(err).Msg("filter entries of the last carpd not removed")
		}
	}
}

// claimed are the addresses and the virtual MACs that groups want on their
// carpdevs, by interface.
func (a *Agent) claimed() (map[int][]iface.Claim, map[int][]carp.MAC) {
	addrs, macs := map[int][]iface.Claim{}, map[int][]carp.MAC{}
	for _, g := range a.groups {
		if g.dev == nil {
			continue
		}
		i := g.dev.link.Index
		if !g.needsEntry() || g.wantsEntry() {
			macs[i] = append(macs[i], frameMAC(g.cfg))
		}
		want := g.wanted()
		if g.cfg.Always {
			want = placements(g)
		}
		for _, p := range want {
			addrs[i] = append(addrs[i], iface.Claim{Prefix: p.Prefix, Route: p.route})
		}
	}
	return addrs, macs
}

// placements are all addresses of a group.
func placements(g *group) (out []placement) {
	for _, p := range g.cfg.Addresses {
		out = append(out, placement{netip.PrefixFrom(p.Addr(), p.Bits()), g.cfg.PrefixRoute})
	}
	return out
}
