package agent

import (
	"net/netip"
	"sync/atomic"
	"time"

	"github.com/carpd/carpd/internal/carp"
	"github.com/carpd/carpd/internal/config"
	"github.com/carpd/carpd/internal/dataplane"
	"github.com/carpd/carpd/internal/election"
	"github.com/carpd/carpd/internal/status"
)

// group is one VHID on one carpdev: its machine and what hangs on it.
type group struct {
	name    string
	cfg     config.Group
	addrs   []netip.Addr // the group addresses, no prefix lengths
	machine *election.Machine
	keys    keyring

	dev       *carpdev // nil while the carpdev is not there
	slot      dataplane.Slot
	linkUp    bool              // what the machine was told last
	problem   string            // why the group is not on its carpdev, for people
	told      []netip.Addr      // what the kernel side knows
	toldNodes []carp.VHID       // of its share
	removed   bool              // gone from the configuration, still leaving
	memory    *dataplane.Memory // of the last carpd, until the group goes on
	ending    bool              // asked to leave, for good or until it is enabled
	disabled  bool              // by an operator

	serving       bool            // MASTER, with addresses and adverts out
	leased        bool            // a round has left since it became MASTER
	leaving       bool            // MASTER no more, still accepting frames
	yielding      bool            // and another MASTER has spoken
	advert        carp.Advert     // what to send when the addresses are there
	answerFrom    time.Time       // no answers before, so that the old MASTER can yield
	bowOuts       int             // copies of the bow-out still to be sent
	echoes        echoes          // our own last adverts
	seen          map[string]peer // by source address
	addresses     addressState
	entry         entryState
	filterProblem string     // why the interface may not let in the virtual MAC
	announced     int        // rounds of announcements done
	masterFrom    time.Time  // when the first of them was
	standing      []standing // addresses of it that somebody else configured
	handing       handing
	sending       sending
	whole         int // rounds of adverts since a takeover that lacked something was made good
	beat          beat
	aged          int // announcements for switches that forget, since then

	tick, takeover, answer, bowOut, linger, announcing, ageing, expiry *alarm

	tally     tally
	tieTold   time.Time
	refusal   refusal
	since     time.Time // wall clock
	moves     uint64
	logged    [carp.NumReasons]time.Time
	published atomic.Pointer[published]
}

// peer is another speaker of the group, and when its advert arrived.
type peer struct {
	status status.Peer
	family carp.Family
	at     time.Time
}

// tally counts what the loop did with packets of one group. Readers load it
// while the loop adds.
type tally struct {
	rejected [carp.NumReasons]atomic.Uint64
	adverts  atomic.Uint64
	bowOuts  atomic.Uint64
	announce atomic.Uint64
	errors   atomic.Uint64
}

// addGroup makes a group of its configuration, in INIT and on no carpdev.
func (a *Agent) addGroup(c config.Group) {
	g := &group{name: c.Name(), cfg: c, addrs: c.Addrs(), seen: map[string]peer{}}
	g.machine = election.New(paramsOf(c))
	g.keys = newKeyring(c.VHID, c.Secret, g.addrs)
	g.since = a.Wall(a.Now())
	g.problem = "waiting for the list of interfaces"
	g.tick = newAlarm(func(time.Time) { a.step(g, election.Tick{}) })
	g.takeover = newAlarm(func(now time.Time) { a.serve(g, now) })
	g.answer = newAlarm(func(time.Time) { a.extendLease(g); a.publish(g) })
	g.bowOut = newAlarm(func(time.Time) { a.sendBowOut(g) })
	g.linger = newAlarm(func(time.Time) { a.endLeaving(g) })
	g.announcing = newAlarm(func(now time.Time) { a.announceRound(g, now) })
	g.ageing = newAlarm(func(now time.Time) { a.announceAgain(g, now) })
	g.expiry = newAlarm(func(time.Time) { a.tellKeys(g) })
	g.handing.giveUp = newAlarm(func(time.Time) { a.giveUpHandOver(g) })
	g.machine.Step(a.Now(), election.Demoted{Total: a.book.Sum(g.name)})
	a.born(g)
	a.groups[g.name] = g
	a.publish(g) // Who finds it in the list looks at it.
	a.relist()
}

// dropGroup forgets a group that has left. If a later reload named it again, it
// begins anew.
func (a *Agent) dropGroup(g *group) {
	a.unbind(g)
	if g.isEntering() {
		return // Its answer will come here again.
	}
	delete(a.groups, g.name)
	a.forgetGroup(g)
	for _, c := range a.cfg.Groups {
		if c.Name() == g.name && !a.stopping {
			a.addGroup(c)
		}
	}
	a.relist()
	a.tryAgain(a.Now()) // Another group may have waited for what this one had.
}

// alarms lists the alarms of a group, to silence them all.
func (g *group) alarms() []*alarm {
	return []*alarm{g.tick, g.takeover, g.answer, g.bowOut, g.linger, g.announcing, g.ageing, g.expiry}
}

// paramsOf are the election's settings of a group.
func paramsOf(c config.Group) election.Params {
	p := election.Params{
		VHID:        c.VHID,
		Advbase:     c.Advbase,
		Advskew:     c.Advskew,
		Preempt:     c.Preempt,
		MasterDown:  c.MasterDown,
		SharedTimer: c.SharedTimer,
		Lease:       c.Lease,
	}
	for _, a := range c.Addresses {
		if carp.FamilyOf(a.Addr()) == carp.IPv4 {
			p.IPv4 = true
		} else {
			p.IPv6 = true
		}
	}
	return p
}

// families are those in which the group sends.
func (g *group) families() []carp.Family {
	p := g.machine.Params()
	switch {
	case p.IPv4 && p.IPv6:
		return carp.Families[:]
	case p.IPv6:
		return carp.Families[carp.IPv6:]
	default:
		return carp.Families[:carp.IPv6]
	}
}
