package agent

import (
	"cmp"
	"errors"
	"fmt"
	"time"

	"github.com/carpd/carpd/internal/config"
	"github.com/carpd/carpd/internal/election"
	"github.com/carpd/carpd/internal/iface"
)

// retryAfter is when a carpdev that could not be attached is tried again, if
// nothing about the interfaces changes before.
const retryAfter = 5 * time.Second

// onSystem takes a new picture of the interfaces.
func (a *Agent) onSystem(sys iface.System) {
	a.sys, a.where = sys, sys.Where()
	a.lookForStanding()
	for _, d := range a.carpdevs {
		if l, ok := sys.ByIndex(d.link.Index); ok {
			cameUp := l.Up && !d.link.Up
			was := d.link
			d.link = l
			a.tellLink(d)
			a.onNewMAC(d, was, a.Now())
			if cameUp && d.attached {
				a.rejoin(d)
			}
		}
	}
	a.lookAgain()
	a.sweep()
}

// lookAgain repairs what failed and puts each group where it belongs.
func (a *Agent) lookAgain() {
	for _, d := range a.carpdevs {
		a.repair(d)
	}
	a.placeAll()
}

// tryAgain has everything that failed tried again then, or before.
func (a *Agent) tryAgain(at time.Time) {
	if a.retry.index < 0 || at.Before(a.retry.at) {
		a.alarms.set(a.retry, at)
	}
}

// placeAll puts each group where it belongs now.
func (a *Agent) placeAll() {
	if a.stopping {
		return
	}
	for _, c := range a.cfg.Groups {
		if g := a.groups[c.Name()]; g != nil && !g.removed {
			a.place(g)
		}
	}
}

// place follows the carpdev of one group: it may be missing, late, renamed,
// re-created, down or unfit; the group is INIT with that reason and comes back
// by itself.
func (a *Agent) place(g *group) {
	l, why, err := a.carpdevOf(g.cfg)
	if g.dev != nil && (err != nil || g.dev.link.Index != l.Index) {
		a.linkDown(g, lostReason(err, why))
		a.unbind(g)
	}
	if err == nil {
		why, err = election.LinkBusy, a.settle(g, l)
	}
	if err != nil {
		a.fail(g, why, err)
		return
	}
	if g.memory != nil {
		a.resume(g, l.Up) // At once: its programs have been at work all the time.
	}
	if g.dev.opening {
		a.publish(g)
		return // It will be placed again.
	}
	if !l.Up {
		a.linkDown(g, election.LinkDownNow)
	} else if !g.linkUp && !g.disabled {
		g.linkUp = true
		a.newLink(g)
		a.step(g, election.LinkUp{})
	}
	a.publish(g)
}

// settle puts a group on its carpdev, if it is not there, and has it get what it
// lacks there.
func (a *Agent) settle(g *group, l iface.Link) (err error) {
	if g.dev == nil {
		err = a.bind(g, l)
	}
	if err != nil {
		a.tryAgain(a.Now().Add(retryAfter))
		return err
	}
	switch d := g.dev; {
	case d.opening:
		g.problem = cmp.Or(d.problem, "the programs are being attached")
		return nil
	case !d.attached:
		return errors.New(d.problem)
	}
	g.problem = ""
	if err := a.tell(g, g.addrs); err != nil {
		g.problem = "addresses not served: " + err.Error()
		a.tryAgain(a.Now().Add(retryAfter))
	}
	if g.cfg.Always {
		a.syncAddresses(g)
	}
	a.restore(g)
	return nil
}

// lostReason is why a group leaves its carpdev: the interface of that name is
// now another one, unless there is none.
func lostReason(err error, why election.LinkReason) election.LinkReason {
	if err != nil {
		return why
	}
	return election.LinkMissing
}

// fail notes why a group has no carpdev.
func (a *Agent) fail(g *group, why election.LinkReason, err error) {
	if g.problem != err.Error() {
		g.problem = err.Error()
		a.Log.Warn().Str("group", g.name).Str("why", g.problem).Msg("group has no carpdev")
	}
	g.linkUp = true // The machine is to be told even if it never was up.
	a.linkDown(g, why)
}

// linkDown tells the machine, once.
func (a *Agent) linkDown(g *group, why election.LinkReason) {
	if !g.linkUp {
		return
	}
	g.linkUp = false
	if !g.disabled {
		a.step(g, election.LinkDown{Why: why})
	}
}

// carpdevOf finds the interface that the configuration means.
func (a *Agent) carpdevOf(c config.Group) (l iface.Link, why election.LinkReason, err error) {
	if c.Carpdev == config.Auto {
		l, err = a.sys.Resolve(c.Addresses)
		why = election.LinkAmbiguous
	} else if named, ok := a.sys.ByName(c.Carpdev); ok {
		l = named
	} else {
		return l, election.LinkMissing, fmt.Errorf("there is no interface %s", c.Carpdev)
	}
	if err == nil {
		why, err = election.LinkNotSupported, l.Unfit(c.Physical)
	}
	return l, why, err
}
