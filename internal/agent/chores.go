package agent

import (
	"errors"
	"net/netip"
	"slices"

	"github.com/carpd/carpd/internal/carp"
	"github.com/carpd/carpd/internal/dataplane"
	"github.com/carpd/carpd/internal/transport"
)

// What is done here may have to wait for a driver, or for a lock that the kernel
// holds while any interface is changed. The loop must not: in that time it would
// hear no advert, and the leases of all its groups would run out. One worker
// does these chores in the order in which they were asked for.

// attach has the programs attached and the multicast groups joined. Groups on
// the carpdev are INIT until that is done.
func (a *Agent) attach(d *carpdev) {
	index, name := d.link.Index, d.link.Name
	d.opening = true
	a.chores <- func() {
		att, err := a.Dataplane.Attach(index, name)
		var joinErr error
		if err == nil {
			joinErr = a.Transport.Join(index)
		}
		a.results <- func() { a.onAttached(d, att, err, joinErr) }
	}
}

// onAttached goes on with the groups of a carpdev.
func (a *Agent) onAttached(d *carpdev, att dataplane.Attachment, err, joinErr error) {
	if a.carpdevs[d.link.Index] != d {
		return // It was closed meanwhile.
	}
	d.opening, d.attached, d.attachment, d.problem = false, err == nil, att, ""
	if err != nil {
		d.problem = err.Error()
		a.tryAgain(a.Now().Add(retryAfter))
	} else {
		a.logAttached(d)
	}
	a.onJoined(d, joinErr)
	a.placeAll()
}

// detach has taken back what attach did.
func (a *Agent) detach(d *carpdev) {
	index, name := d.link.Index, d.link.Name
	a.chores <- func() {
		a.Transport.Leave(index)
		if err := a.Dataplane.Detach(index); err != nil {
			a.Log.Warn().Err(err).Str("carpdev", name).Msg("programs not detached")
		}
	}
}

// rejoin has the multicast groups left and joined, so that a switch that snoops
// hears a report on the new link.
func (a *Agent) rejoin(d *carpdev) {
	index := d.link.Index
	a.chores <- func() {
		err := a.Transport.Rejoin(index)
		a.results <- func() { a.onJoined(d, err) }
	}
}

// onJoined notes whether the multicast groups are joined. Without them a NIC or
// a switch may keep the peers' adverts from us.
func (a *Agent) onJoined(d *carpdev, err error) {
	if err != nil && (d.joinErr == nil || err.Error() != d.joinErr.Error()) {
		a.Log.Warn().Err(err).Str("carpdev", d.link.Name).Msg("multicast groups not joined")
	}
	if d.joinErr = err; err != nil && !errors.Is(err, transport.ErrNoIPv6) {
		a.tryAgain(a.Now().Add(retryAfter))
	}
	a.relistCarpdevs()
}

// repair tries again what failed on a carpdev. Where there is no IPv6 it waits
// until there is some.
func (a *Agent) repair(d *carpdev) {
	switch {
	case d.opening:
	case !d.attached:
		a.attach(d)
	case d.joinErr != nil && (!errors.Is(d.joinErr, transport.ErrNoIPv6) || d.hasIPv6()):
		a.rejoin(d)
	}
	for _, g := range d.groups {
		if g.filterProblem != "" {
			a.addFilter(g)
		}
	}
}

// hasIPv6 reports whether the interface has an IPv6 address.
func (d *carpdev) hasIPv6() bool {
	return slices.ContainsFunc(d.link.Addrs, func(p netip.Prefix) bool { return carp.FamilyOf(p.Addr()) == carp.IPv6 })
}

// tellLink has the kernel side told what it must know of the interface.
func (a *Agent) tellLink(d *carpdev) {
	if d.changed = d.telling; d.telling {
		return
	}
	d.telling = true
	l, own := d.link, make([]netip.Addr, 0, len(d.link.Addrs))
	groups := d.groupAddrs()
	for _, p := range l.Addrs {
		if !slices.Contains(groups, p.Addr()) {
			own = append(own, p.Addr())
		}
	}
	a.chores <- func() {
		link := dataplane.Link{MAC: l.MAC, HasUpper: len(l.Uppers) > 0, Router: a.Router(l.Name)}
		err := errors.Join(a.Dataplane.SetLink(l.Index, link), a.Dataplane.SetOwn(l.Index, own))
		att, lookErr := a.Dataplane.Look(l.Index)
		a.results <- func() { a.onTold(d, err); a.onLook(d, att, lookErr) }
	}
}

// onTold notes that the kernel side knows of the link by now.
func (a *Agent) onTold(d *carpdev, err error) {
	if err != nil {
		a.Log.Error().Err(err).Str("carpdev", d.link.Name).Msg("link not told to the kernel side")
	}
	d.telling = false
	if d.changed && a.carpdevs[d.link.Index] == d {
		a.tellLink(d)
	}
}

// addFilter has the interface let in frames to the group's virtual MAC. A bridge
// gets an entry for the time in which it is needed: see syncEntry.
func (a *Agent) addFilter(g *group) {
	if g.cfg.Physical || g.needsEntry() {
		return
	}
	d, mac := g.dev, frameMAC(g.cfg)
	index := d.link.Index
	a.chores <- func() {
		err := a.Addresses.AddFilter(index, mac)
		a.results <- func() { a.onFilter(g, d, err) }
	}
}

// onFilter shows people that frames to the virtual MAC may not arrive.
func (a *Agent) onFilter(g *group, d *carpdev, err error) {
	if g.dev != d {
		return
	}
	before := g.filterProblem
	if g.filterProblem = ""; err != nil {
		g.filterProblem = err.Error()
	}
	if g.filterProblem != "" && g.filterProblem != before {
		a.Log.Warn().Err(err).Str("group", g.name).Msg("virtual MAC not in the interface's filter")
	}
	a.publish(g)
}

// delFilter takes back what addFilter did.
func (a *Agent) delFilter(g *group) {
	index, mac, name := g.dev.link.Index, frameMAC(g.cfg), g.name
	if g.filterProblem = ""; g.sharesFilter() || g.cfg.Physical || g.needsEntry() {
		return
	}
	a.chores <- func() {
		if err := a.Addresses.DelFilter(index, mac); err != nil {
			a.Log.Debug().Err(err).Str("group", name).Msg("filter entry not removed")
		}
	}
}
