package agent

import (
	"context"
	"fmt"
	"time"

	"github.com/carpd/carpd/internal/demotion"
	"github.com/carpd/carpd/internal/election"
	"github.com/carpd/carpd/internal/status"
)

// A group is given away by demoting it by one, which a peer hears at once and
// takes over. Where none does, nothing has happened. Forced, the node bows out,
// whether somebody is there or not.

// longestHandOver bounds the wait for a peer, so that who asks gets an answer.
const longestHandOver = 20 * time.Second

// handing is a hand-over that waits for a peer.
type handing struct {
	giveUp *alarm
	done   chan error // nil while none is under way
}

// HandOver gives a group to a peer, and returns when one has taken over. With
// force it bows out at once. The group comes back when the peer gives it up, or
// when the demotion ends.
func (a *Agent) HandOver(ctx context.Context, name string, lasts time.Duration, force bool) error {
	done := make(chan error, 1)
	if err := a.act(ctx, func() error { return a.beginHandOver(name, lasts, force, done) }); err != nil {
		return err
	}
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return fmt.Errorf("%s: nobody has taken over yet: %w", name, ctx.Err())
	}
}

// beginHandOver demotes the group.
func (a *Agent) beginHandOver(name string, lasts time.Duration, force bool, done chan error) error {
	g, err := a.groupNamed(name)
	switch {
	case err != nil:
		return err
	case g.machine.State() != election.Master:
		return fmt.Errorf("%s is %s here, so there is nothing to hand over: ask the node that is MASTER", name, g.machine.State())
	case g.handing.done != nil:
		return fmt.Errorf("%s is being handed over already: wait for its end", name)
	}
	d := demotion.Demotion{Name: demotion.HandOver, Group: name, Owner: demotion.Operator, Weight: demotion.HandOverWeight,
		Reason: "handed over", Persistent: true}
	d.Since, d.Until = a.span(lasts)
	wait := min(longestHandOver, 3*carpInterval(g)+peerSlack)
	g.handing.done = done
	a.alarms.set(g.handing.giveUp, d.Since.Add(wait))
	if force { // First: nothing may leave from us after the new MASTER's first advert.
		a.step(g, election.HandOver{})
	}
	if err := a.raise(d, whyAsked); err != nil {
		a.endHandOver(g, whyFailed)
		return err
	}
	return nil
}

// carpInterval is the longest time between two adverts of the group while it is
// demoted.
func carpInterval(g *group) time.Duration { return time.Duration(int(g.cfg.Advbase)+1) * time.Second }

// handedOver ends the wait when the group is not MASTER here any more, and the
// demotion when it is again.
func (a *Agent) handedOver(g *group, eff election.Effects) {
	switch {
	case eff.To == election.Master:
		a.forgetHandOver(g)
	case eff.Cause.Kind == election.CauseHandOver:
		a.answerHandOver(g, whyBowedOut, nil)
	case g.handing.done != nil && eff.To == election.Backup && a.hearsMaster(g):
		a.answerHandOver(g, whyTakenOver, nil)
	case g.handing.done != nil:
		a.answerHandOver(g, whyFailed, fmt.Errorf("%s was not handed over: it is %s because of %q", g.name, eff.To, eff.Cause))
		a.lower(demotion.HandOver, g.name, whyFailed)
		a.save()
	}
}

// forgetHandOver ends the demotion of a group that this node is MASTER of.
func (a *Agent) forgetHandOver(g *group) {
	a.lower(demotion.HandOver, g.name, whyCameBack)
	a.save()
}

// answerHandOver tells who asked, and everybody else.
func (a *Agent) answerHandOver(g *group, w why, err error) {
	done := g.handing.done
	g.handing.done = nil
	a.alarms.stop(g.handing.giveUp)
	text := g.name + " was handed over"
	if err != nil {
		text = err.Error()
	}
	a.note(status.Event{Kind: "handover", Group: g.name, Cause: string(w), Text: text})
	a.Log.Info().Str("group", g.name).Str("cause", string(w)).Msg(text)
	if done != nil {
		done <- err
	}
}

// giveUpHandOver withdraws a hand-over that no peer has taken.
func (a *Agent) giveUpHandOver(g *group) {
	if g.handing.done == nil {
		return
	}
	a.answerHandOver(g, whyNoPeer, fmt.Errorf("%s was not handed over, and is MASTER here as before: no peer has taken over. None is there, "+
		"it is demoted too, or it does not take over from a demoted MASTER (UCarp, FreeBSD and NetBSD without preempt). "+
		"With --force this node bows out all the same", g.name))
	a.lower(demotion.HandOver, g.name, whyNoPeer)
	a.save()
}

// endHandOver answers who still waits when the demotion is gone.
func (a *Agent) endHandOver(g *group, w why) {
	if g.handing.done != nil {
		a.answerHandOver(g, w, fmt.Errorf("%s: the hand-over was taken back", g.name))
	}
}
