package agent

import (
	"context"
	"fmt"
	"time"

	"github.com/carpd/carpd/internal/demotion"
	"github.com/carpd/carpd/internal/election"
	"github.com/carpd/carpd/internal/status"
)

// The loop holds the book of demotions. Every change of it leaves an event, is
// told to the machines at once, and is written down off the loop.

// why says in a word what was done about a demotion, maintenance or a hand-over,
// and is the cause of its event.
type why string

// What may be done.
const (
	whyAsked     why = "asked"      // by an operator
	whyRemoved   why = "removed"    // by an operator
	whyExpired   why = "expired"    // its time was over
	whyRestored  why = "restored"   // after a restart
	whyFailed    why = "failed"     // carpd could not do something
	whyCleared   why = "cleared"    // what had failed works again
	whyTakenOver why = "taken over" // by a peer
	whyNoPeer    why = "no peer"    // took over
	whyBowedOut  why = "bowed out"  // for nobody in particular
	whyCameBack  why = "came back"  // the group did: this node is MASTER again
	whyServing   why = "serving"    // again, because the peer is gone
)

// Demote raises what an operator asks for, or replaces the demotion of that name.
func (a *Agent) Demote(ctx context.Context, d demotion.Demotion, lasts time.Duration) error {
	if demotion.Reserved(d.Name) {
		return fmt.Errorf("the demotion %q is carpd's own: choose another name", d.Name)
	}
	return a.act(ctx, func() error {
		if _, err := a.groupNamed(d.Group); d.Group != "" && err != nil {
			return err
		}
		d.Since, d.Until = a.span(lasts)
		return a.raise(d, whyAsked)
	})
}

// Undemote removes a demotion by its name, of the node when group is empty.
func (a *Agent) Undemote(ctx context.Context, name, group string) error {
	return a.act(ctx, func() error {
		if _, there := a.book.Get(name, group); !there {
			return fmt.Errorf("there is no demotion %s", titled(name, group))
		}
		if name == demotion.Maintenance && group == "" {
			return fmt.Errorf("this node is in maintenance: leave that instead (carpctl maintenance leave)")
		}
		a.lower(name, group, whyRemoved)
		return nil
	})
}

// titled is a demotion as messages call it.
func titled(name, group string) string {
	if group == "" {
		return fmt.Sprintf("%q", name)
	}
	return fmt.Sprintf("%q of %s", name, group)
}

// span is from now until a duration is over; 0 is without an end.
func (a *Agent) span(lasts time.Duration) (since, until time.Time) {
	since = a.Now()
	if lasts > 0 {
		until = since.Add(lasts)
	}
	return since, until
}

// raise adds a demotion. MASTERs that count it tell their peers at once.
func (a *Agent) raise(d demotion.Demotion, w why) error {
	if _, _, err := a.book.Raise(d); err != nil {
		return err
	}
	a.noteDemotion(d, w)
	a.weigh(d.Group)
	return nil
}

// lower removes a demotion if it is there.
func (a *Agent) lower(name, group string, w why) {
	if d, there := a.book.Remove(name, group); there {
		a.lowered(d, w)
	}
}

// lowered does what follows when a demotion is gone.
func (a *Agent) lowered(d demotion.Demotion, w why) {
	a.noteDemotion(d, w)
	if g := a.groups[d.Group]; g != nil && d.Name == demotion.SendErrors {
		g.sending = sending{} // Three more have to fail.
	}
	if g := a.groups[d.Group]; g != nil && d.Name == demotion.HandOver {
		a.endHandOver(g, w)
	}
	a.weigh(d.Group)
}

// weigh tells the sums to the machines that they count for: of one group, or of
// all when it has no name.
func (a *Agent) weigh(name string) {
	a.alarms.set(a.expiring, a.book.Next())
	for _, g := range a.groups {
		if sum := a.book.Sum(g.name); (name == "" || name == g.name) && sum != g.machine.Demotion() {
			a.step(g, election.Demoted{Total: sum})
		}
	}
	a.publishPosture()
}

// expire ends what has had its time.
func (a *Agent) expire(now time.Time) {
	for _, d := range a.book.Expire(now) {
		a.lowered(d, whyExpired)
		if d.Name == demotion.Maintenance {
			a.endMaintenance(whyExpired)
		}
	}
	a.weigh("")
	a.save()
}

// noteDemotion leaves an event and a line in the log.
func (a *Agent) noteDemotion(d demotion.Demotion, w why) {
	verb := map[why]string{whyAsked: "raised", whyFailed: "raised", whyRestored: "there again"}[w]
	if verb == "" {
		verb = "ended"
	}
	text := fmt.Sprintf("%s: demotion %s, weight %d, owner %s", verb, titled(d.Name, d.Group), d.Weight, d.Owner)
	if d.Reason != "" {
		text += ": " + d.Reason
	}
	a.note(status.Event{Kind: "demotion", Group: d.Group, Cause: string(w), Text: text})
	a.Log.Info().Str("demotion", d.Name).Str("group", d.Group).Str("owner", d.Owner).Int("weight", d.Weight).
		Str("cause", string(w)).Str("reason", d.Reason).Msg("demotion " + verb)
}

// groupNamed is the group of a name, VHID@carpdev.
func (a *Agent) groupNamed(name string) (*group, error) {
	if g := a.groups[name]; g != nil && !g.removed {
		return g, nil
	}
	return nil, fmt.Errorf("there is no group %q: VHID@carpdev, as in carpctl status", name)
}
