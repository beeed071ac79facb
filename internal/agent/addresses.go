package agent

import (
	"net/netip"
	"slices"
	"time"

	"github.com/carpd/carpd/internal/election"
)

// restoreGap is the least time between two attempts to put addresses back that
// somebody takes away.
const restoreGap = 200 * time.Millisecond

// placement is an address on a carpdev, with or without a route to its subnet.
type placement struct {
	netip.Prefix
	route bool
}

// addressState is which addresses of a group are on its carpdev. Only the loop
// changes it; at most one job of a group is under way, so that jobs never
// overtake each other and the channel of jobs never fills.
type addressState struct {
	have     []placement  // put there, or found there, or tried in vain
	failed   []placement  // of these could not be added
	foreign  []netip.Addr // of these were found there
	ifindex  int          // on this interface
	busy     bool         // a job is under way
	restored time.Time    // when lost ones were put back last
	problem  string
}

// addressJob asks the worker to change the addresses of a group.
type addressJob struct {
	g       *group
	ifindex int
	add     []placement
	del     []placement
	stay    []placement // wanted by other groups there
}

// addressResult is the worker's answer: the additions that failed, those that
// somebody else had made, and the first error.
type addressResult struct {
	job     addressJob
	failed  []placement
	foreign []netip.Addr
	err     error
}

// change removes and adds addresses; it does what it can. An address that only
// changes its route, its prefix length or its group stays where it is.
func (a *Agent) change(j addressJob) (r addressResult) {
	r.job = j
	for _, p := range j.del {
		if p.route && !slices.Contains(j.stay, p) {
			r.keep(a.Addresses.DelPrefixRoute(j.ifindex, p.Prefix))
		}
		if !holds(j.add, p.Addr()) && !holds(j.stay, p.Addr()) {
			r.keep(a.Addresses.DelAddress(j.ifindex, p.Addr()))
		}
	}
	for _, p := range j.add {
		ours, err := a.Addresses.AddAddress(j.ifindex, p.Addr())
		if err == nil && !ours {
			r.foreign = append(r.foreign, p.Addr())
		}
		if err == nil && p.route {
			err = a.Addresses.AddPrefixRoute(j.ifindex, p.Prefix)
		}
		if r.keep(err); err != nil {
			r.failed = append(r.failed, p)
		}
	}
	return r
}

// keep keeps the first error.
func (r *addressResult) keep(err error) {
	if r.err == nil {
		r.err = err
	}
}

// wanted are the addresses that should be on the carpdev now.
func (g *group) wanted() (out []placement) {
	if g.dev == nil {
		return nil
	}
	acts := g.machine.State() == election.Master || g.leaving
	for _, p := range g.cfg.Addresses {
		if acts || g.keeps(p.Addr()) {
			out = append(out, placement{p, g.cfg.PrefixRoute})
		}
	}
	return out
}

// keeps reports whether the address stays on the carpdev in every state, as
// address: always asks for: from when the programs there know that it is to be
// silent, until the group is asked to leave.
func (g *group) keeps(addr netip.Addr) bool {
	return g.cfg.Always && !g.ending && g.dev.attached && slices.Contains(g.told, addr)
}

// syncAddresses has the worker bring the carpdev's addresses to what is wanted.
// What is to go goes first, by a job of its own.
func (a *Agent) syncAddresses(g *group) {
	s := &g.addresses
	if s.busy {
		return
	}
	want := g.wanted()
	j := addressJob{g: g, ifindex: s.ifindex}
	moved := g.dev != nil && g.dev.link.Index != s.ifindex
	for _, p := range s.have {
		if moved || !holds(want, p.Addr()) {
			j.del = append(j.del, p)
		}
	}
	if len(j.del) == 0 {
		j.del, j.add = missing(s.have, want), missing(want, s.have)
		if moved {
			j.ifindex = g.dev.link.Index
		}
	}
	if len(j.add)+len(j.del) == 0 {
		return
	}
	if len(j.del) > 0 {
		j.stay = a.wantedOn(s.ifindex, g)
	}
	s.busy = true
	a.jobs <- func() {
		r := a.change(j)
		a.results <- func() { a.onAddresses(r) }
	}
}

// wantedOn are the addresses that other groups want on an interface.
func (a *Agent) wantedOn(ifindex int, but *group) (out []placement) {
	d := a.carpdevs[ifindex]
	if d == nil {
		return nil
	}
	for _, g := range d.groups {
		if g != but {
			out = append(out, g.wanted()...)
		}
	}
	return out
}

// missing are those of all that are not in some.
func missing(all, some []placement) (out []placement) {
	for _, p := range all {
		if !slices.Contains(some, p) {
			out = append(out, p)
		}
	}
	return out
}

// holds reports whether an address is among placements.
func holds(in []placement, addr netip.Addr) bool {
	return slices.ContainsFunc(in, func(p placement) bool { return p.Addr() == addr })
}

// onAddresses takes the worker's answer. An address that could not be added is
// not tried again until the interface changes: the group is still defended, and
// the status tells.
func (a *Agent) onAddresses(r addressResult) {
	g, s := r.job.g, &r.job.g.addresses
	s.busy = false
	s.ifindex = r.job.ifindex
	s.have = append(missing(s.have, r.job.del), r.job.add...)
	s.failed = r.failed
	s.foreign = append(slices.DeleteFunc(s.foreign, func(addr netip.Addr) bool {
		return holds(r.job.add, addr) || !holds(s.have, addr)
	}), r.foreign...)
	before := s.problem
	if s.problem = ""; r.err != nil {
		s.problem = r.err.Error()
	}
	if s.problem != "" && s.problem != before {
		a.Log.Error().Err(r.err).Str("group", g.name).Msg("addresses not changed")
	}
	if len(r.failed) > 0 {
		a.stepFailed(g, "addresses are not added", r.err)
	}
	a.syncAddresses(g)
	a.entered(g)
}

// restore has addresses put back that somebody took off the carpdev, and those
// tried again that could not be added.
func (a *Agent) restore(g *group) {
	s := &g.addresses
	if s.busy || len(g.wanted()) == 0 {
		return
	}
	lost := func(p placement) bool {
		return !a.where.Has(s.ifindex, p.Addr()) || slices.Contains(s.failed, p)
	}
	if !slices.ContainsFunc(s.have, lost) {
		return
	}
	now := a.Now()
	if next := s.restored.Add(restoreGap); now.Before(next) {
		a.tryAgain(next)
		return
	}
	s.restored = now
	s.have = slices.DeleteFunc(slices.Clone(s.have), lost)
	a.syncAddresses(g)
}
