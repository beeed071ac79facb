package agent

import (
	"net/netip"
	"slices"

	"github.com/carpd/carpd/internal/election"
)

// addressState is which addresses of a group are on its carpdev. Only the loop
// changes it; at most one job of a group is under way, so that jobs never
// overtake each other and the channel of jobs never fills.
type addressState struct {
	have    []netip.Prefix // put there, or found there
	ifindex int            // on this interface
	busy    bool           // a job is under way
	problem string
}

// addressJob asks the worker to change the addresses of a group.
type addressJob struct {
	g       *group
	ifindex int
	add     []netip.Prefix
	del     []netip.Prefix
	route   bool
}

// addressResult is the worker's answer.
type addressResult struct {
	job addressJob
	err error
}

// work does jobs until there are no more. It is the only place where a running
// group waits for netlink, and it is not the loop.
func (a *Agent) work() {
	for job := range a.jobs {
		job()
	}
}

// change removes and adds addresses; it does what it can and returns the first
// error.
func (a *Agent) change(j addressJob) (first error) {
	keep := func(err error) {
		if first == nil {
			first = err
		}
	}
	for _, p := range j.del {
		if j.route {
			keep(a.Addresses.DelPrefixRoute(j.ifindex, p))
		}
		keep(a.Addresses.DelAddress(j.ifindex, p.Addr()))
	}
	for _, p := range j.add {
		_, err := a.Addresses.AddAddress(j.ifindex, p.Addr())
		keep(err)
		if err == nil && j.route {
			keep(a.Addresses.AddPrefixRoute(j.ifindex, p))
		}
	}
	return first
}

// wanted are the addresses that should be on the carpdev now.
func (g *group) wanted() []netip.Prefix {
	if g.dev == nil || (g.machine.State() != election.Master && !g.leaving) {
		return nil
	}
	return g.cfg.Addresses
}

// syncAddresses has the worker bring the carpdev's addresses to what is wanted.
func (a *Agent) syncAddresses(g *group) {
	s := &g.addresses
	if s.busy {
		return
	}
	want := g.wanted()
	j := addressJob{g: g, ifindex: s.ifindex, route: g.cfg.PrefixRoute}
	j.del = missing(s.have, want)
	if len(j.del) == 0 {
		j.add = missing(want, s.have)
		if len(j.add) > 0 {
			j.ifindex = g.dev.link.Index
		}
	}
	if len(j.add)+len(j.del) == 0 {
		return
	}
	s.busy = true
	a.jobs <- func() { a.results <- addressResult{j, a.change(j)} }
}

// missing are those of all that are not in some.
func missing(all, some []netip.Prefix) (out []netip.Prefix) {
	for _, p := range all {
		if !slices.Contains(some, p) {
			out = append(out, p)
		}
	}
	return out
}

// onAddresses takes the worker's answer. An address that could not be added is
// not tried again until the interface changes: the group is still defended, and
// the status tells.
func (a *Agent) onAddresses(r addressResult) {
	g, s := r.job.g, &r.job.g.addresses
	s.busy = false
	s.ifindex = r.job.ifindex
	s.have = append(missing(s.have, r.job.del), r.job.add...)
	s.problem = ""
	if r.err != nil {
		s.problem = r.err.Error()
		a.Log.Error().Err(r.err).Str("group", g.name).Msg("addresses not changed")
	}
	a.syncAddresses(g)
	if g.takeover.index >= 0 && !s.busy {
		a.serve(g, a.Now())
	}
	a.publish(g)
	if g.removed && !g.leaving {
		a.dropGroup(g)
	}
}
