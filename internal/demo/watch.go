package demo

import (
	"context"
	"fmt"
	"time"
)

// sampling is how often the timeline looks.
const sampling = 100 * time.Millisecond

// settling is how old the requests must be that the timeline judges.
const settling = 30 * time.Millisecond

// watch looks at both routers and at the client until the context ends, and
// tells what changed.
func (d *demo) watch(ctx context.Context) {
	tick := time.NewTicker(sampling)
	defer tick.Stop()
	w := &watcher{demo: d}
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			w.look(ctx)
		}
	}
}

// watcher remembers what it told last.
type watcher struct {
	*demo
	states   [2]string
	answered bool
	silent   time.Time // since when the client gets no answers
}

// look takes one sample.
func (w *watcher) look(ctx context.Context) {
	now := time.Now()
	x := sample{at: now}
	for i, r := range []*router{w.r1, w.r2} {
		state, cause := r.shown(ctx)
		if ctx.Err() != nil {
			return
		}
		x.states[i] = state
		w.state(i, r, state, cause)
	}
	until := now.Add(-settling)
	share, ok := w.ping.Share(until.Add(-sampling), until)
	if !ok {
		return
	}
	x.share = share
	w.client(share, until)
	w.strip.add(x)
	w.screen.show(x)
}

// state tells a transition.
func (w *watcher) state(i int, r *router, state, cause string) {
	if state == w.states[i] || state == stateUnknown {
		return
	}
	w.states[i] = state
	switch state {
	case stateDown, stateFrozen, stateCut: // told when it was done
	default:
		text := r.Name + " is " + state
		if cause != "" {
			text += ": " + cause
		}
		w.screen.say(text)
	}
}

// client tells the beginning and the end of an outage.
func (w *watcher) client(share float64, now time.Time) {
	answered := share > 0.5
	if answered == w.answered {
		return
	}
	w.answered = answered
	if !answered {
		w.silent = now
		w.screen.say("the client gets no answers")
		return
	}
	if w.silent.IsZero() {
		w.screen.say("the client gets answers")
		return
	}
	outage := w.ping.Report(w.silent.Add(-2*sampling), now).Outage
	w.screen.say(fmt.Sprintf("the client gets answers again, after %s", short(outage)))
}
