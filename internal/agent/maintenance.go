package agent

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/carpd/carpd/internal/demotion"
	"github.com/carpd/carpd/internal/election"
	"github.com/carpd/carpd/internal/status"
)

// Maintenance is a demotion that every group counts. A BACKUP is silent, so
// whether a healthy peer is there can only be seen by what happens: the peer
// hears that it is less demoted and takes over. Where that does not happen the
// demotion is withdrawn, and nobody has noticed anything.

const (
	// peerSlack is added to the master-down time in which a peer must take over.
	peerSlack = time.Second
	// upkeepLook is how often it is looked whether all groups have gone, until
	// they have; and how often when they were gone before.
	upkeepLook  = 50 * time.Millisecond
	upkeepAgain = 500 * time.Millisecond
)

// upkeep is what the loop knows of maintenance beside its demotion.
type upkeep struct {
	forced  bool
	settled bool   // a peer has taken over everything: never withdrawn by itself
	alone   bool   // nobody has taken over in time, and that was forced
	refused string // why the last attempt was given up
	phase   string // as it was told last
	look    *alarm
	giveUp  *alarm
}

// inMaintenance reports whether the node is, or is entering it.
func (a *Agent) inMaintenance() bool {
	_, is := a.book.Get(demotion.Maintenance, "")
	return is
}

// EnterMaintenance demotes the node and returns at once; Posture tells how far
// it is. Asked again, it takes the new end, and the new reason if there is one.
func (a *Agent) EnterMaintenance(ctx context.Context, reason string, lasts time.Duration, force bool) (*status.Maintenance, error) {
	var shown status.Maintenance
	err := a.act(ctx, func() error {
		d := demotion.Demotion{Name: demotion.Maintenance, Owner: demotion.Maintenance, Weight: demotion.MaintenanceWeight,
			Reason: reason, Persistent: true}
		d.Since, d.Until = a.span(lasts)
		if before, is := a.book.Get(demotion.Maintenance, ""); is && reason == "" {
			d.Reason = before.Reason
		}
		if err := d.Check(); err != nil {
			return err
		}
		u := &a.upkeep
		u.forced, u.refused, u.alone = force, "", false
		u.settled = u.settled && a.inMaintenance()
		err := a.raise(d, whyAsked)
		a.lookAtMaintenance(whyAsked)
		a.beginUpkeep()
		shown = *a.maintenance()
		return err
	})
	if err != nil {
		return nil, err
	}
	return &shown, nil
}

// LeaveMaintenance ends it, or what is told of an attempt that was refused.
func (a *Agent) LeaveMaintenance(ctx context.Context) error {
	return a.act(ctx, func() error {
		refused := a.upkeep.refused != ""
		a.upkeep.refused = ""
		if !a.inMaintenance() {
			if refused { // Only what is told of the last attempt ends.
				a.publishPosture()
				return nil
			}
			return fmt.Errorf("this node is not in maintenance")
		}
		a.lower(demotion.Maintenance, "", whyRemoved)
		a.endMaintenance(whyRemoved)
		return nil
	})
}

// resumeMaintenance goes on with what the last carpd began.
func (a *Agent) resumeMaintenance(k *keptMaintenance) {
	if !a.inMaintenance() {
		return
	}
	if k != nil {
		a.upkeep.forced, a.upkeep.settled = k.Forced, k.Settled
	}
	a.lookAtMaintenance(whyRestored)
	a.beginUpkeep()
}

// beginUpkeep looks from now on whether peers take over, and gives them the time
// that one needs which has missed an advert.
func (a *Agent) beginUpkeep() {
	now := a.Now()
	a.alarms.set(a.upkeep.look, now.Add(upkeepLook))
	longest := time.Duration(0)
	for _, g := range a.groups {
		longest = max(longest, g.machine.MasterDownTime())
	}
	if a.alarms.stop(a.upkeep.giveUp); !a.upkeep.settled {
		a.alarms.set(a.upkeep.giveUp, now.Add(longest+peerSlack))
	}
}

// lookOn looks at maintenance, again and again while a group is not served by a
// peer. Otherwise every transition has it looked at once.
func (a *Agent) lookOn(now time.Time) {
	if !a.inMaintenance() {
		return
	}
	a.lookAtMaintenance(whyTakenOver)
	switch {
	case !a.upkeep.settled:
		a.alarms.set(a.upkeep.look, now.Add(upkeepLook))
	case a.upkeep.phase != status.MaintenanceOn:
		a.alarms.set(a.upkeep.look, now.Add(upkeepAgain))
	}
}

// lookAtMaintenance notes a new phase.
func (a *Agent) lookAtMaintenance(w why) {
	u := &a.upkeep
	phase := a.phase()
	if phase == u.phase {
		a.publishPosture()
		return
	}
	if phase == status.MaintenanceOn {
		u.settled, u.alone = true, false
		a.alarms.stop(u.giveUp)
	} else if u.phase == status.MaintenanceOn {
		w = whyServing
	}
	a.noteMaintenance(phase, w)
	a.save()
}

// phase is how far maintenance is now.
func (a *Agent) phase() string {
	switch {
	case !a.inMaintenance():
		return status.MaintenanceOff
	case len(a.unserved()) > 0:
		return status.MaintenanceEntering
	default:
		return status.MaintenanceOn
	}
}

// unserved are the groups that no peer serves: this node is MASTER, or a BACKUP
// that has heard of none, or has not begun. Any other that is INIT takes no part.
func (a *Agent) unserved() (names []string) {
	for _, c := range a.cfg.Groups {
		g := a.groups[c.Name()]
		if g == nil {
			continue
		}
		if !a.served(g) {
			names = append(names, g.name)
		}
	}
	return names
}

// served reports whether a peer serves a group, or nobody is meant to.
func (a *Agent) served(g *group) bool {
	switch g.machine.State() {
	case election.Master:
		return false
	case election.Backup:
		return a.hearsMaster(g)
	default:
		return g.machine.Cause().Kind != election.CauseNotStarted
	}
}

// hearsMaster reports whether another node was heard as MASTER lately.
func (a *Agent) hearsMaster(g *group) bool {
	for _, p := range g.seen {
		if a.speaks(g, p) {
			return true
		}
	}
	return false
}

// giveUp withdraws maintenance when nobody has taken over in time, unless it was
// forced.
func (a *Agent) giveUp(time.Time) {
	groups := a.unserved()
	if !a.inMaintenance() || a.upkeep.settled || len(groups) == 0 {
		return
	}
	text := fmt.Sprintf("no peer has taken over %s: none is there, it is demoted more, or it does not take over from a demoted "+
		"MASTER (UCarp, FreeBSD and NetBSD without preempt)", strings.Join(groups, ", "))
	if a.upkeep.forced {
		a.upkeep.alone = true
		a.note(status.Event{Kind: "maintenance", Cause: string(whyNoPeer), Text: text + "; forced, so the node stays demoted"})
		a.publishPosture()
		return
	}
	a.upkeep.refused = text + "; start a peer, or ask with --force"
	a.lower(demotion.Maintenance, "", whyNoPeer)
	a.endMaintenance(whyNoPeer)
	a.save()
}

// endMaintenance does what follows when its demotion is gone.
func (a *Agent) endMaintenance(w why) {
	u := &a.upkeep
	u.forced, u.settled, u.alone = false, false, false
	a.alarms.stop(u.look)
	a.alarms.stop(u.giveUp)
	a.noteMaintenance(status.MaintenanceOff, w)
}

// noteMaintenance leaves the event of a new phase.
func (a *Agent) noteMaintenance(phase string, w why) {
	from := a.upkeep.phase
	a.upkeep.phase = phase
	text := "maintenance is " + phase
	if m := a.maintenance(); m.Reason != "" {
		text += ": " + m.Reason
	}
	if w == whyNoPeer {
		text = "maintenance refused: " + a.upkeep.refused
	}
	a.note(status.Event{Kind: "maintenance", From: from, To: phase, Cause: string(w), Text: text})
	a.Log.Info().Str("from", from).Str("to", phase).Str("cause", string(w)).Msg(text)
	a.publishPosture()
}

// maintenance is the picture for people.
func (a *Agent) maintenance() *status.Maintenance {
	u := &a.upkeep
	m := &status.Maintenance{Phase: a.phase(), Refused: u.refused}
	d, is := a.book.Get(demotion.Maintenance, "")
	if !is {
		return m
	}
	s := a.shown(d)
	m.Reason, m.Since, m.Until, m.Forced, m.Alone = d.Reason, &s.Since, s.Until, u.forced, u.alone
	m.Waiting = a.unserved()
	return m
}
