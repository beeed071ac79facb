package agent

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/carpd/carpd/internal/election"
)

// errNotWatched ends Run: without news of its links a MASTER could not be one.
var errNotWatched = errors.New("interfaces are not watched any more")

// errStopping refuses to retire while the groups bow out.
var errStopping = errors.New("carpd is ending")

// Run is the loop. It ends when ctx is done and every group has left: MASTERs
// bow out and go on accepting for a moment.
func (a *Agent) Run(ctx context.Context) (err error) {
	var helpers sync.WaitGroup
	over, end := context.WithCancel(context.WithoutCancel(ctx))
	helpers.Go(func() { work(a.jobs) })
	helpers.Go(func() { work(a.chores) })
	helpers.Go(func() { a.watchRing(over) })
	defer func() { end(); close(a.jobs); close(a.chores); helpers.Wait() }()

	a.alarms.set(a.looking, a.Now().Add(lookEvery))
	timer := time.NewTimer(heartbeat)
	defer timer.Stop()
	stop, systems := ctx.Done(), a.Systems
	for !a.retired && (!a.stopping || a.busy()) {
		a.arm(timer)
		select {
		case <-a.Dataplane.Ready():
		case <-timer.C:
		case sys, open := <-systems:
			a.wake()
			if open {
				a.onSystem(sys)
				break
			}
			systems, err = nil, errNotWatched
			a.shutdown()
		case done := <-a.results:
			a.wake()
			done()
		case f := <-a.requests:
			a.wake()
			f()
		case <-stop:
			a.wake()
			stop = nil
			a.shutdown()
		}
		a.wake()
	}
	return err
}

// work does jobs until there are no more. Here netlink and drivers are waited
// for, and not in the loop.
func work(jobs <-chan func()) {
	for job := range jobs {
		job()
	}
}

// heartbeat is how often the loop turns when nothing happens, so that an old
// picture always means a loop that hangs.
const heartbeat = time.Second

// arm sets the timer to the earliest alarm, or to the next heartbeat.
func (a *Agent) arm(t *time.Timer) {
	d := heartbeat
	if next := a.alarms.next(); !next.IsZero() {
		d = min(d, max(0, next.Sub(a.Now())))
	}
	t.Reset(d)
}

// wake reads all adverts that have arrived, and only then acts on deadlines:
// an advert counts from its arrival, not from when it is read, so a loop that
// was late must not take over from a MASTER that it could have heard.
func (a *Agent) wake() {
	now := a.Now()
	a.awake.Store(now.UnixNano())
	if a.alarms.next().IsZero() || a.alarms.next().After(now) {
		a.drain()
		return
	}
	for {
		a.drain()
		al := a.alarms.due(now)
		if al == nil {
			return
		}
		al.ring(now)
	}
}

// drain reads what is in the ring buffer. Adverts that came before this carpd
// did wait until the groups are placed that they are for.
func (a *Agent) drain() {
	if !a.swept {
		return
	}
	if err := a.Dataplane.Drain(a.onEvent); err != nil {
		a.Log.Error().Err(err).Msg("ring buffer not read")
	}
}

// Retire ends Run as it is, for another carpd to go on: nobody bows out, and
// the kernel side, the addresses and the deadlines stay as they are. An agent
// that is leaving already goes on leaving.
func (a *Agent) Retire(ctx context.Context) (err error) {
	return errors.Join(a.do(ctx, func() {
		if a.stopping {
			err = errStopping
			return
		}
		a.retired = true
	}), err)
}

// Retired reports whether Run has ended by Retire. It is asked after Run.
func (a *Agent) Retired() bool { return a.retired }

// shutdown makes every group leave; the loop goes on until they have.
func (a *Agent) shutdown() {
	a.stopping = true
	for _, g := range a.groups {
		a.end(g)
	}
}

// end makes a group leave for good. One that has its addresses in every state
// lets go of them now; the programs keep them silent until they are gone.
func (a *Agent) end(g *group) {
	g.ending = true
	a.step(g, election.Shutdown{})
	a.syncAddresses(g)
}

// busy reports whether something still has to end before the loop may.
func (a *Agent) busy() bool {
	for _, g := range a.groups {
		if g.leaving || g.isEntering() || g.entry.has || len(g.addresses.have) > 0 {
			return true
		}
	}
	return false
}
