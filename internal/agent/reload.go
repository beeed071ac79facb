package agent

import (
	"context"
	"maps"
	"net/netip"
	"slices"

	"github.com/carpd/carpd/internal/config"
	"github.com/carpd/carpd/internal/election"
	"github.com/carpd/carpd/internal/status"
)

// Apply makes cfg the running configuration. Groups that did not change keep
// state, timers and counters.
func (a *Agent) Apply(ctx context.Context, cfg *config.Config) (config.Plan, error) {
	var plan config.Plan
	err := a.do(ctx, func() { plan = a.reconfigure(cfg) })
	return plan, err
}

// reconfigure does the reload in the loop: gone groups leave, changed ones are
// told, new ones are placed.
func (a *Agent) reconfigure(cfg *config.Config) config.Plan {
	plan := config.Diff(a.cfg, cfg)
	running := *cfg // What counts after a restart is compared with what runs.
	running.Instance, running.LogLevel, running.XDP = a.cfg.Instance, a.cfg.LogLevel, a.cfg.XDP
	running.DetachOnStop = a.cfg.DetachOnStop
	a.cfg = &running
	a.removeGone(cfg)
	var kept []*group
	for _, c := range cfg.Groups {
		if g := a.groups[c.Name()]; g != nil && !g.removed {
			a.adopt(g, c)
			kept = append(kept, g)
		} else if g == nil {
			a.addGroup(c)
		}
	}
	a.exchange(kept)
	for _, g := range kept {
		a.update(g)
	}
	a.relist()
	a.placeAll()
	a.lookForStanding()
	a.publishPosture()
	a.note(status.Event{Kind: "reload", Text: plan.Summary()})
	return plan
}

// removeGone makes groups leave that are not in the configuration any more, and
// those that get another MAC or share in another way: they begin anew when they have left.
func (a *Agent) removeGone(cfg *config.Config) {
	next := make(map[string]config.Group, len(cfg.Groups))
	for _, c := range cfg.Groups {
		next[c.Name()] = c
	}
	for name, g := range maps.Clone(a.groups) {
		if c, stays := next[name]; !stays || beginsAnew(g.cfg, c) {
			a.remove(g)
		}
	}
}

// remove makes a group leave and be forgotten.
func (a *Agent) remove(g *group) {
	g.removed = true
	a.end(g)
	if !g.leaving && !g.addresses.busy {
		a.dropGroup(g)
	}
}

// adopt gives a group its new settings. Only the addresses and the secret are
// inside the digest.
func (a *Agent) adopt(g *group, c config.Group) {
	pause := g.agePause()
	g.cfg, g.addrs = c, c.Addrs()
	if g.serving && g.agePause() != pause {
		a.startAgeing(g, a.Now())
	}
	next := newKeyring(c.VHID, c.Secret, g.addrs)
	if next.secret != g.keys.secret || !slices.Equal(next.fingerprint, g.keys.fingerprint) {
		g.keys.replace(next, a.Now(), g.machine.MasterDownTime())
	}
	a.tellKeys(g)
}

// exchange gives the kernel side the new addresses of groups. An address may go
// from one group to another, or both ways: who cannot have it yet first lets go
// of what it loses, and asks again when it is placed.
func (a *Agent) exchange(groups []*group) {
	for _, g := range groups {
		if g.dev != nil && !slices.Equal(g.told, g.addrs) {
			a.tellLink(g.dev)
		}
	}
	waiting := slices.DeleteFunc(slices.Clone(groups), func(g *group) bool { return a.tell(g, g.addrs) == nil })
	for _, g := range waiting {
		stay := slices.DeleteFunc(slices.Clone(g.told), func(addr netip.Addr) bool { return !slices.Contains(g.addrs, addr) })
		if err := a.tell(g, stay); err != nil {
			a.Log.Error().Err(err).Str("group", g.name).Msg("addresses not told to the kernel side")
		}
	}
}

// update does what follows from new settings.
func (a *Agent) update(g *group) {
	a.configure(g)
	a.syncAddresses(g)
	if g.serving {
		a.extendLease(g) // A shorter lease holds at once.
	}
	a.publish(g)
}

// configure tells the machine the settings of its group.
func (a *Agent) configure(g *group) {
	p := paramsOf(g.cfg)
	if g.dev != nil {
		p.TieWait = tieWait(g.dev.link)
	}
	if p != g.machine.Params() {
		a.step(g, election.Reconfigured{Params: p})
	}
}

// added are the addresses of next that were not in old.
func added(old, next []netip.Addr) (out []netip.Addr) {
	for _, n := range next {
		if !slices.Contains(old, n) {
			out = append(out, n)
		}
	}
	return out
}
