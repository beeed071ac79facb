package agent

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/carpd/carpd/internal/election"
	"github.com/carpd/carpd/internal/status"
)

// A disabled group is silent: it bows out, nothing is answered, its addresses
// are gone. It is that until it is enabled, or until carpd is started again,
// and it is kept by name, so that a reload changes nothing about it.

// Disable silences a group, or all of them and those that a reload brings.
func (a *Agent) Disable(ctx context.Context, name string) error {
	return a.act(ctx, func() error {
		groups, err := a.named(name)
		if err != nil {
			return err
		}
		if name == "" {
			a.allOff = true
		}
		for _, g := range groups {
			a.off[g.name] = true
			a.disable(g)
		}
		a.publishPosture()
		return nil
	})
}

// Enable lets a group, or all of them, take part again.
func (a *Agent) Enable(ctx context.Context, name string) error {
	return a.act(ctx, func() error {
		groups, err := a.named(name)
		if err != nil {
			return err
		}
		a.allOff = false
		if name == "" {
			clear(a.off)
		}
		for _, g := range groups {
			delete(a.off, g.name)
			a.enable(g)
		}
		a.publishPosture()
		return nil
	})
}

// named are the groups that a name means; none means all.
func (a *Agent) named(name string) ([]*group, error) {
	if name != "" {
		g, err := a.groupNamed(name)
		return []*group{g}, err
	}
	groups := slices.DeleteFunc(slices.Collect(maps.Values(a.groups)), func(g *group) bool { return g.removed })
	slices.SortFunc(groups, func(a, b *group) int { return int(a.cfg.VHID) - int(b.cfg.VHID) })
	return groups, nil
}

// disable silences one group. An address that it has in every state goes too.
func (a *Agent) disable(g *group) {
	if g.disabled {
		return
	}
	g.disabled = true
	a.noteSwitch(g, "disabled")
	g.ending = true
	a.step(g, election.Shutdown{Disabled: true})
	a.syncAddresses(g)
}

// enable puts it where it belongs, as if its carpdev had just come up.
func (a *Agent) enable(g *group) {
	if !g.disabled {
		return
	}
	g.disabled, g.ending = false, false
	a.noteSwitch(g, "enabled")
	g.linkUp = true
	a.linkDown(g, election.LinkDownNow) // Until place finds that it is not.
	a.place(g)
}

// noteSwitch leaves the event.
func (a *Agent) noteSwitch(g *group, what string) {
	a.note(status.Event{Kind: what, Group: g.name, Cause: string(whyAsked), Text: g.name + " is " + what})
	a.Log.Info().Str("group", g.name).Msg("group is " + what)
}

// born silences a new group if its name is disabled.
func (a *Agent) born(g *group) {
	if a.allOff || a.off[g.name] {
		a.off[g.name] = true
		g.disabled, g.ending = true, true
		g.machine.Step(a.Now(), election.Shutdown{Disabled: true})
	}
}

// Announce repeats the announcements of a group that is MASTER here, or of all.
func (a *Agent) Announce(ctx context.Context, name string) error {
	return a.act(ctx, func() error {
		groups, err := a.named(name)
		if err != nil {
			return err
		}
		groups = slices.DeleteFunc(groups, func(g *group) bool { return !g.serving || g.dev == nil || g.isShared() })
		if len(groups) == 0 {
			return notAnnounced(name)
		}
		for _, g := range groups {
			a.note(status.Event{Kind: "announced", Group: g.name, Cause: string(whyAsked), Text: "the addresses of " + g.name + " are announced again"})
			a.startAnnouncing(g, a.Now())
		}
		return nil
	})
}

// notAnnounced says why there is nothing to announce.
func notAnnounced(name string) error {
	if name == "" {
		return fmt.Errorf("nothing to announce: no group is MASTER here, or their addresses are shared")
	}
	return fmt.Errorf("%s has nothing to announce: it is not MASTER here, or its addresses are shared", name)
}
