package agent

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/carpd/carpd/internal/carp"
	"github.com/carpd/carpd/internal/dataplane"
	"github.com/carpd/carpd/internal/demotion"
	"github.com/carpd/carpd/internal/election"
	"github.com/carpd/carpd/internal/status"
)

// published is what others may see of a group, and the deadlines from which
// what is left is computed when somebody looks.
type published struct {
	status.Group
	answerUntil, acceptUntil time.Time
	slot                     dataplane.Slot
	bound                    bool
	beat                     beat
}

// publish shows the group as it is now.
func (a *Agent) publish(g *group) {
	m := g.machine
	g.forgetRefusal(a.Now())
	p := &published{Group: status.Group{
		Name:        g.name,
		VHID:        int(g.cfg.VHID),
		Carpdev:     g.cfg.Carpdev,
		State:       m.State().String(),
		Since:       g.since,
		Cause:       m.Cause().String(),
		Why:         m.Why().Sentence(),
		VirtualMAC:  g.mac().String(),
		Advbase:     int(g.cfg.Advbase),
		Advskew:     int(g.cfg.Advskew),
		SentSkew:    int(m.SentSkew()),
		Demotion:    min(m.Demotion(), demotion.MaxSum),
		Disabled:    g.disabled,
		Description: g.cfg.Description,
		Preempt:     g.cfg.Preempt,
		MasterDown:  m.MasterDownTime().Seconds(),
		Lease:       g.cfg.Lease.Seconds(),
		Address:     onCarpdev(g.cfg.Always),
		Announce:    g.cfg.AnnounceEvery.Seconds(),
		Leaving:     g.leaving,
		Transitions: g.moves,
		Warnings:    g.warnings(),
	}}
	if g.isShared() {
		p.Balancing = g.cfg.Balancing.String()
		for _, v := range g.cfg.Nodes {
			p.Carpnodes = append(p.Carpnodes, int(v))
		}
	}
	for _, addr := range g.cfg.Addresses {
		p.Addresses = append(p.Addresses, addr.String())
	}
	if g.dev != nil {
		p.Carpdev = g.dev.link.Name
	}
	a.publishPeers(g, p)
	p.answerUntil, p.acceptUntil = g.promised()
	p.slot, p.bound, p.beat = g.slot, g.dev != nil, g.beat
	g.published.Store(p)
}

// onCarpdev is when the addresses are on the carpdev, as the configuration says it.
func onCarpdev(always bool) string {
	if always {
		return "always"
	}
	return "on-master"
}

// promised are the deadlines that the kernel was given.
func (g *group) promised() (answer, accept time.Time) {
	switch {
	case g.serving && g.leased:
		accept = g.machine.LeaseUntil()
		if g.answer.index < 0 {
			return accept, accept
		}
		accept = g.acceptUntil(accept)
	case g.leaving:
		accept = g.acceptUntil(g.linger.at)
	}
	return answer, accept
}

// warnings are what people should know of a group beside its state.
func (g *group) warnings() (out []string) {
	for _, w := range []string{g.problem, g.addresses.problem, g.entry.problem, g.filterProblem} {
		if w != "" {
			out = append(out, w)
		}
	}
	for _, s := range g.standing {
		out = append(out, s.String())
	}
	if g.refusal.text != "" {
		out = append(out, g.refusal.text)
	}
	return out
}

// refusal is a warning about a peer whose adverts are refused.
type refusal struct {
	text string
	at   time.Time
}

// noteRefusal makes the status warn of adverts with a wrong digest, for as long
// as they come: the usual reason why there are two MASTERs.
func (a *Agent) noteRefusal(g *group, e dataplane.Event) {
	text := "adverts from " + e.Src.String() + " are refused: another password or another list of addresses"
	isNews := g.refusal.text != text
	if g.refusal = (refusal{text, e.At}); isNews {
		a.publish(g)
	}
}

// forgetRefusal ends the warning when no such advert came for a while.
func (g *group) forgetRefusal(now time.Time) {
	if now.Sub(g.refusal.at) > 3*g.machine.MasterDownTime() {
		g.refusal = refusal{}
	}
}

// publishPeers shows the peers heard lately, and the MASTER that a BACKUP obeys.
func (a *Agent) publishPeers(g *group, p *published) {
	now := a.Now()
	var master peer
	for key, seen := range g.seen {
		if now.Sub(seen.at) > 10*g.machine.MasterDownTime() {
			delete(g.seen, key)
			continue
		}
		p.Peers = append(p.Peers, seen.status)
		if g.machine.State() == election.Backup && a.speaks(g, seen) && seen.names(master) {
			master = seen
			p.Master = &master.status
		}
	}
	slices.SortFunc(p.Peers, func(a, b status.Peer) int { return strings.Compare(a.Address, b.Address) })
}

// speaks reports whether a peer was heard as MASTER within a master-down time.
func (a *Agent) speaks(g *group, p peer) bool {
	return a.Now().Sub(p.at) <= g.machine.MasterDownTime() && p.status.Advbase != carp.BowOut
}

// names reports whether the MASTER is better called by this address than by
// the other: people know their routers by IPv4 addresses, and what was heard
// last is right if two nodes spoke.
func (p peer) names(other peer) bool {
	if p.family != other.family && !other.at.IsZero() {
		return p.family == carp.IPv4
	}
	return p.at.After(other.at)
}

// noteTransition writes the one line that each change of state leaves in log
// and history.
func (a *Agent) noteTransition(g *group, now time.Time, eff election.Effects) {
	g.since = a.Wall(now)
	g.moves++
	if a.upkeep.phase != status.MaintenanceOff {
		a.alarms.set(a.upkeep.look, now)
	}
	cause := eff.Cause.String()
	a.Log.Info().Str("group", g.name).Stringer("from", eff.From).Stringer("to", eff.To).
		Str("cause", cause).Msg("transition")
	a.note(status.Event{Kind: "transition", Group: g.name, From: eff.From.String(), To: eff.To.String(),
		Cause: cause, Text: eff.Cause.Sentence()})
}

// noteTie tells of a peer with equal settings, once in a while.
func (a *Agent) noteTie(g *group, eff election.Effects) {
	if !again(&g.tieTold, a.Now()) {
		return
	}
	text := fmt.Sprintf("%s advertises the same advbase and advskew: give each node its own advskew", eff.Cause.From)
	a.note(status.Event{Kind: "tie", Group: g.name, Cause: eff.Cause.String(), Text: text})
	a.Log.Warn().Str("group", g.name).Stringer("peer", eff.Cause.From).Msg("tie: give each node its own advskew")
}

// tellState shows the state of a group to people with bpftool.
func (a *Agent) tellState(g *group) {
	if g.dev == nil {
		return
	}
	state := dataplane.State(g.machine.State())
	if err := a.Dataplane.SetState(g.slot, state); err != nil {
		a.Log.Error().Err(err).Str("group", g.name).Msg("state not shown in the map")
	}
}

// relist publishes the list of groups.
func (a *Agent) relist() {
	list := make([]*group, 0, len(a.groups))
	for _, c := range a.cfg.Groups {
		if g := a.groups[c.Name()]; g != nil {
			list = append(list, g)
		}
	}
	a.listed.Store(&list)
}

// Groups are all groups as they were published last, with what is left of
// their leases, in the order of the configuration.
func (a *Agent) Groups() []status.Group {
	now := a.Now()
	out := []status.Group{}
	for _, g := range *a.listed.Load() {
		p := g.published.Load()
		sg := p.Group
		sg.AnswerFor = max(0, p.answerUntil.Sub(now).Seconds())
		sg.AcceptFor = max(0, p.acceptUntil.Sub(now).Seconds())
		sg.Gaps, sg.AdvertAge = p.beat.list(), p.beat.age(now)
		out = append(out, sg)
	}
	return out
}

// Awake is when the loop turned last, on the wall clock, and how long ago that
// is by the boot clock.
func (a *Agent) Awake() (at time.Time, ago time.Duration) {
	last := time.Unix(0, a.awake.Load())
	return a.Wall(last), a.Now().Sub(last)
}
