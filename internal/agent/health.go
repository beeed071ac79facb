package agent

import (
	"github.com/carpd/carpd/internal/carp"
	"github.com/carpd/carpd/internal/demotion"
	"github.com/carpd/carpd/internal/election"
)

// A group that cannot do what a MASTER must is demoted by carpd itself, so that
// a peer that can takes over (OpenBSD and FreeBSD ip_carp.c: carp_send_ad; that a
// takeover fails is ours). The group is defended all the same while there is no
// such peer.

// inARow is how many adverts must fail, or leave, to make a difference.
const inARow = 3

// sending counts what became of the last adverts, by family: one that leaves
// must not hide that the other does not.
type sending struct {
	failed, left [2]int // in a row
	err          [2]error
	raised       bool
}

// note counts one advert.
func (s *sending) note(f carp.Family, err error) {
	if err != nil {
		s.failed[f]++
		s.left[f], s.err[f] = 0, err
		return
	}
	if s.left[f]++; s.left[f] >= inARow || !s.raised {
		s.failed[f] = 0
	}
}

// judgeSending demotes a group whose adverts do not leave, or clears it. It is
// done after a round, for it begins another one.
func (a *Agent) judgeSending(g *group) {
	s := &g.sending
	works := true
	for _, f := range g.families() {
		works = works && s.failed[f] == 0
		if s.failed[f] >= inARow && !s.raised {
			s.raised = true
			a.demoteSelf(g, demotion.SendErrors, demotion.SendErrorWeight, f.String()+" adverts are not sent: "+s.err[f].Error())
		}
	}
	if s.raised && works {
		a.lower(demotion.SendErrors, g.name, whyCleared)
	}
}

// demoteSelf raises a demotion of carpd's own. The reason may come from the
// system and is cut to what a demotion can have.
func (a *Agent) demoteSelf(g *group, name string, weight int, reason string) {
	d := demotion.Demotion{Name: name, Group: g.name, Owner: demotion.Carpd, Weight: weight,
		Reason: demotion.Line(reason), Since: a.Now()}
	if err := a.raise(d, whyFailed); err != nil {
		a.Log.Error().Err(err).Str("group", g.name).Str("demotion", name).Msg("not demoted")
	}
}

// stepFailed demotes a group whose takeover lacks something, and has it tried
// again.
func (a *Agent) stepFailed(g *group, what string, err error) {
	if g.machine.State() != election.Master {
		return
	}
	g.whole = 0
	a.tryAgain(a.Now().Add(retryAfter))
	if _, is := a.book.Get(demotion.TakeoverFailed, g.name); !is {
		a.demoteSelf(g, demotion.TakeoverFailed, demotion.TakeoverWeight, what+": "+err.Error())
	}
}

// noteWhole counts the rounds of adverts of a MASTER that lacks nothing.
func (a *Agent) noteWhole(g *group) {
	if _, is := a.book.Get(demotion.TakeoverFailed, g.name); !is {
		return
	}
	if g.isEntering() || len(g.addresses.failed) > 0 || g.entry.problem != "" {
		g.whole = 0
		return
	}
	if g.whole++; g.whole >= inARow {
		a.lower(demotion.TakeoverFailed, g.name, whyCleared)
	}
}

// forgetGroup ends what carpd itself holds against a group that is gone. What an
// operator has said stays, for the group may come back.
func (a *Agent) forgetGroup(g *group) {
	a.endHandOver(g, whyRemoved)
	for _, name := range []string{demotion.SendErrors, demotion.TakeoverFailed, demotion.HandOver} {
		a.lower(name, g.name, whyRemoved)
	}
	a.save()
}

// newLink forgets what could not be sent over the last link.
func (a *Agent) newLink(g *group) {
	g.sending = sending{}
	a.lower(demotion.SendErrors, g.name, whyCleared)
}
