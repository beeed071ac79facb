package agent

import (
	"time"

	"github.com/carpd/carpd/internal/election"
)

const (
	// addressWait is how long a takeover waits for its addresses to be on the
	// interface before it speaks: what arrives before they are there is lost.
	// While the old MASTER still serves, waiting loses nothing.
	addressWait       = 10 * time.Millisecond
	addressWaitServed = 200 * time.Millisecond

	// firstAccept is how long frames are accepted on credit, between the
	// takeover's first store and the lease that follows its adverts.
	firstAccept = 100 * time.Millisecond

	// answerHold is how long a node that takes over from a living MASTER leaves
	// ARP requests unanswered, so that no two nodes answer one request while
	// the other still has to read our advert.
	answerHold = 50 * time.Millisecond

	// lingerTime is how long a leaver accepts frames when no MASTER speaks up.
	lingerTime = 1200 * time.Millisecond

	// yieldTime is how long a node goes on accepting when a new MASTER has spoken:
	// frames are under way to it, and one of its own that left late has told the
	// switch its port again. The new MASTER's announcements correct that in 100 and
	// in 300 ms. What it sends meanwhile leaves with the interface's MAC.
	yieldTime = 350 * time.Millisecond

	// bowOutGap and bowOutCopies space the repeated bow-out.
	bowOutGap    = 10 * time.Millisecond
	bowOutCopies = 3
)

// step gives one event to the machine of a group and does what it answers.
func (a *Agent) step(g *group, ev election.Event) {
	now := a.Now()
	a.apply(g, now, g.machine.Step(now, ev))
}

// apply does the effects of one step, in this order.
//
// Becoming MASTER: addresses (by the worker; for a short time they are waited for),
// accept frames, adverts, lease, announcements. Leaving MASTER: no more answers,
// bow out, accept frames until the next MASTER has spoken and a moment longer, then
// drop and remove the addresses. A node that yields to a MASTER that it has heard
// accepts for that moment too.
func (a *Agent) apply(g *group, now time.Time, eff election.Effects) {
	a.alarms.set(g.tick, eff.Wake)
	if eff.Changed() {
		a.noteTransition(g, now, eff)
		a.handedOver(g, eff)
	}
	switch {
	case eff.Changed() && eff.To == election.Master:
		a.takeOver(g, now, eff)
	case eff.Changed() && eff.From == election.Master:
		a.leave(g, now, eff)
	case eff.Changed():
		a.tellState(g)
	case eff.Send:
		a.sendRound(g, eff.Advert)
	}
	if eff.Tie {
		a.noteTie(g, eff)
	}
	a.keep(g)
	a.publish(g)
}

// takeOver begins to be MASTER: the addresses first, for a leaver goes on
// serving until our first advert, and what reached us before we have the
// address would be lost.
func (a *Agent) takeOver(g *group, now time.Time, eff election.Effects) {
	a.endLeaving(g)
	g.advert = g.machine.Advert() // A hand-over may have ended by this.
	g.answerFrom, g.leased = time.Time{}, false
	if eff.Cause.Kind.Deposes() {
		g.answerFrom = now.Add(answerHold)
	}
	a.syncAddresses(g)
	a.syncEntry(g)
	if g.isEntering() {
		a.alarms.set(g.takeover, now.Add(waitFor(eff.Cause.Kind)))
		return
	}
	a.serve(g, now)
}

// waitFor is how long a takeover may wait for its addresses: until our first
// advert a leaver goes on accepting, and a MASTER that we depose on serving.
func waitFor(k election.CauseKind) time.Duration {
	if k == election.CauseBowOut || k.Deposes() {
		return addressWaitServed
	}
	return addressWait
}

// serve is the second half of a takeover: the addresses are there, or they are
// late and the group must be defended all the same.
func (a *Agent) serve(g *group, now time.Time) {
	a.alarms.stop(g.takeover)
	if a.fence(g, now) {
		return
	}
	g.serving = true
	if !g.answerFrom.IsZero() {
		g.answerFrom = now.Add(answerHold) // From our first advert, which the addresses may have kept waiting.
	}
	a.Dataplane.Accept(g.slot, g.acceptUntil(now.Add(firstAccept)))
	a.sendRound(g, g.advert)
	if !g.serving {
		return
	}
	a.tellState(g)
	a.startAnnouncing(g, now)
	a.publish(g)
}

// fence makes a BACKUP of a MASTER whose lease has run out, before it says
// anything, and reports whether it did.
func (a *Agent) fence(g *group, now time.Time) bool {
	if g.machine.State() != election.Master || !now.After(g.machine.LeaseUntil()) {
		return false
	}
	a.step(g, election.Tick{})
	return true
}

// extendLease tells the kernel how long it may act for us: until three advert
// intervals after the clock that was read before the last round was begun.
func (a *Agent) extendLease(g *group) {
	if !g.serving || !g.leased {
		return
	}
	until := g.machine.LeaseUntil()
	if now := a.Now(); now.Before(g.answerFrom) {
		a.Dataplane.Accept(g.slot, g.acceptUntil(until))
		a.alarms.set(g.answer, g.answerFrom)
		return
	}
	a.Dataplane.Accept(g.slot, until)
	a.Dataplane.Answer(g.slot, until)
}

// leave ends being MASTER.
func (a *Agent) leave(g *group, now time.Time, eff election.Effects) {
	served := g.serving
	g.serving = false
	a.Dataplane.Answer(g.slot, time.Time{})
	for _, al := range []*alarm{g.takeover, g.answer, g.announcing, g.ageing} {
		a.alarms.stop(al)
	}
	if served && eff.Cause.Kind.Yields() {
		a.yield(g, now)
		return
	}
	if !eff.BowOut || !served {
		a.stopAccepting(g)
		return
	}
	g.leaving = true
	g.advert = eff.Advert
	g.bowOuts = bowOutCopies
	a.Dataplane.Accept(g.slot, g.acceptUntil(now.Add(lingerTime)))
	a.alarms.set(g.linger, now.Add(lingerTime))
	a.tellState(g)
	a.sendBowOut(g)
}

// yield goes on accepting for a moment, now that another MASTER has spoken. Where
// every node gets every frame there is nothing to wait for.
func (a *Agent) yield(g *group, now time.Time) {
	if g.yielding {
		return
	}
	if g.cfg.Balancing.SharesFrames() {
		a.endLeaving(g)
		a.stopAccepting(g)
		return
	}
	until := now.Add(yieldTime)
	if g.leaving && g.linger.at.Before(until) {
		until = g.linger.at
	}
	g.leaving, g.yielding = true, true
	a.alarms.stop(g.bowOut)
	a.Dataplane.Accept(g.slot, until)
	a.alarms.set(g.linger, until)
	a.tellState(g)
	a.publish(g)
}

// sendBowOut sends one more copy of the last advert, with a counter of its own,
// as long as no MASTER has spoken.
func (a *Agent) sendBowOut(g *group) {
	a.send(g, g.advert)
	if g.bowOuts--; g.bowOuts > 0 {
		a.alarms.set(g.bowOut, a.Now().Add(bowOutGap))
	}
}

// endLeaving ends the time in which a leaver accepts frames.
func (a *Agent) endLeaving(g *group) {
	if !g.leaving {
		return
	}
	g.leaving, g.yielding = false, false
	a.alarms.stop(g.bowOut)
	a.alarms.stop(g.linger)
	if g.machine.State() != election.Master {
		a.stopAccepting(g)
	}
	a.publish(g)
	if g.removed {
		a.dropGroup(g)
	}
}

// stopAccepting drops frames for the virtual MAC from now on and has the
// addresses removed.
func (a *Agent) stopAccepting(g *group) {
	a.Dataplane.Accept(g.slot, time.Time{})
	a.tellState(g)
	a.syncAddresses(g)
	a.syncEntry(g)
}
