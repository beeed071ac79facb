package demo

import (
	"context"
	"fmt"
	"time"

	"github.com/carpd/carpd/internal/lab"
)

// Times of the scenario.
const (
	takeover    = 8 * time.Second // a change of MASTER may take no longer
	frozenFor   = 10 * time.Second
	afterThaw   = 5 * time.Second
	calm        = time.Second // watched after each change
	cutAfter    = 10 * time.Millisecond
	beforeSteps = 100 * time.Millisecond // watched before each step
)

// play is the scenario from the beginning to the end.
func (d *demo) play(ctx context.Context) error {
	if err := d.begin(ctx); err != nil {
		return err
	}
	for i := range d.Rounds {
		d.screen.round(i+1, d.Rounds)
		d.strip.round()
		for _, step := range []func(context.Context) error{d.crash, d.cut, d.handOver, d.freeze} {
			if err := step(ctx); err != nil {
				return err
			}
		}
	}
	return pause(ctx, lab.LostAfter) // replies under way may still come
}

// begin starts both routers and lets the client's neighbour entry age once.
func (d *demo) begin(ctx context.Context) error {
	d.screen.say("carpd starts on r1 (advskew 0) and r2 (advskew 100), advbase 1, preempt")
	for _, r := range []*router{d.r1, d.r2} {
		if err := r.start(); err != nil {
			return err
		}
	}
	if err := d.settled(ctx); err != nil {
		return err
	}
	wait, cancel := context.WithTimeout(ctx, takeover)
	defer cancel()
	if err := d.ping.WaitReply(wait, time.Now()); err != nil {
		return fmt.Errorf("the client gets no answer from %s: %w", lab.Virtual4.Addr(), err)
	}
	d.screen.say("the client's neighbour entry goes stale and is asked for again")
	return d.ageEntry(ctx)
}

// ageEntry makes the client's entry stale and waits until it was confirmed.
func (d *demo) ageEntry(ctx context.Context) error {
	addr := lab.Virtual4.Addr()
	if err := d.client.AgeNeighbour(addr); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, takeover)
	defer cancel()
	for {
		e, _, err := d.client.Neighbour(addr)
		if err != nil {
			return err
		}
		if e.State == "REACHABLE" {
			return d.noteMAC()
		}
		if err := pause(ctx, 20*time.Millisecond); err != nil {
			return fmt.Errorf("the client's entry for %s stays %s: %w", addr, e.State, err)
		}
	}
}

// settled waits until r1 is MASTER and r2 BACKUP and every reply comes at once,
// and a moment longer.
func (d *demo) settled(ctx context.Context) error {
	if err := d.r1.is(ctx, "MASTER", takeover); err != nil {
		return err
	}
	if err := d.r2.is(ctx, "BACKUP", takeover); err != nil {
		return err
	}
	wait, cancel := context.WithTimeout(ctx, takeover)
	defer cancel()
	for !d.answered(3*sampling, 1) {
		if err := pause(wait, sampling); err != nil {
			return fmt.Errorf("not all requests of the client are answered: %w", err)
		}
	}
	return pause(ctx, calm)
}

// answered reports whether at least this share of the client's requests of the
// last moments was answered, in both families.
func (d *demo) answered(lately time.Duration, share float64) bool {
	until := time.Now().Add(-settling)
	for _, p := range []*lab.Pinger{d.ping, d.ping6} {
		if got, ok := p.Share(until.Add(-lately), until); !ok || got < share {
			return false
		}
	}
	return true
}

// crash kills the MASTER's carpd, and starts it again.
func (d *demo) crash(ctx context.Context) error {
	d.do('K', "crash: SIGKILL to carpd on r1")
	from := time.Now()
	d.r1.mark.Store(stateDown)
	if err := d.r1.process.Kill(); err != nil {
		return err
	}
	first, err := d.takenOver(ctx, from)
	if err != nil {
		return err
	}
	last, _ := d.lab.Wire.LastAdvert(lab.From(d.r1.Node, time.Time{}))
	d.book.note(crashWire, first.At.Sub(last.At))
	d.book.watch(crashOutage, from, time.Now())
	d.do('S', "carpd starts again on r1")
	return d.backAgain(ctx, d.r1.start)
}

// cut pulls r1's cable 10 ms after an advert, and plugs it in again.
func (d *demo) cut(ctx context.Context) error {
	a, err := d.advert(ctx, lab.From(d.r1.Node, time.Now()))
	if err != nil {
		return err
	}
	if err := pause(ctx, time.Until(a.At.Add(cutAfter))); err != nil {
		return err
	}
	from := time.Now()
	if err := d.r1.Cut(lab.CarrierLost); err != nil {
		return err
	}
	d.r1.mark.Store(stateCut)
	d.do('C', "the cable of r1 is pulled, 10 ms after an advert")
	if _, err := d.takenOver(ctx, from); err != nil {
		return err
	}
	d.book.watch(cutOutage, from.Add(-beforeSteps), time.Now())
	d.do('P', "the cable of r1 is plugged in again")
	return d.backAgain(ctx, func() error {
		d.r1.mark.Store("")
		return d.r1.Heal(lab.CarrierLost)
	})
}

// handOver stops the MASTER's carpd with SIGTERM, and starts it again.
func (d *demo) handOver(ctx context.Context) error {
	from := time.Now()
	d.do('T', "hand-over: SIGTERM to carpd on r1")
	if err := d.r1.process.Stop(takeover); err != nil {
		return fmt.Errorf("carpd on r1 did not end well: %w", err)
	}
	d.r1.mark.Store(stateDown)
	first, err := d.takenOver(ctx, from)
	if err != nil {
		return err
	}
	bow, err := d.advert(ctx, func(a lab.Advert) bool {
		return a.BowOut() && lab.From(d.r1.Node, from)(a)
	})
	if err != nil {
		return err
	}
	d.book.note(handOverWire, first.At.Sub(bow.At))
	d.book.watch(handOverSpan, from.Add(-beforeSteps), time.Now())
	d.do('S', "carpd starts again on r1")
	return d.backAgain(ctx, d.r1.start)
}

// freeze stops the MASTER's carpd for a while without ending it. After the thaw
// it must not believe that it is still MASTER.
func (d *demo) freeze(ctx context.Context) error {
	from := time.Now()
	d.do('F', "freeze: SIGSTOP to carpd on r1 for 10 s")
	if err := d.r1.process.Freeze(); err != nil {
		return err
	}
	d.r1.mark.Store(stateFrozen)
	if _, err := d.takenOver(ctx, from); err != nil {
		return err
	}
	if err := pause(ctx, time.Until(from.Add(frozenFor))); err != nil {
		return err
	}
	d.do('W', "thaw: SIGCONT")
	thaw := time.Now()
	if err := d.r1.process.Thaw(); err != nil {
		return err
	}
	d.r1.mark.Store("")
	if err := pause(ctx, afterThaw); err != nil {
		return err
	}
	d.book.watch(frozenSpan, from, thaw.Add(afterThaw))
	return d.settled(ctx)
}

// takenOver waits for r2's first advert after an instant, watches a moment
// longer and checks the client's entry.
func (d *demo) takenOver(ctx context.Context, from time.Time) (lab.Advert, error) {
	first, err := d.advert(ctx, lab.From(d.r2.Node, from))
	if err != nil {
		return first, err
	}
	if err := pause(ctx, calm); err != nil {
		return first, err
	}
	return first, d.noteMAC()
}

// advert waits for the first advert that matches.
func (d *demo) advert(ctx context.Context, match func(lab.Advert) bool) (lab.Advert, error) {
	ctx, cancel := context.WithTimeout(ctx, takeover)
	defer cancel()
	a, err := d.lab.Wire.WaitAdvert(ctx, match)
	if err != nil {
		return a, fmt.Errorf("the advert that should come now does not: %w", err)
	}
	return a, nil
}

// backAgain does what lets r1 return and watches it take its place.
func (d *demo) backAgain(ctx context.Context, let func() error) error {
	from := time.Now()
	if err := let(); err != nil {
		return err
	}
	if err := d.settled(ctx); err != nil {
		return err
	}
	d.book.watch(failbackSpan, from, time.Now())
	return d.noteMAC()
}

// do tells what is done to a router, in the timeline and on the strip.
func (d *demo) do(letter byte, text string) {
	d.strip.action(letter)
	d.screen.say(text)
}

// noteMAC records what the client believes the MAC of the address to be.
func (d *demo) noteMAC() error {
	e, _, err := d.client.Neighbour(lab.Virtual4.Addr())
	if err == nil {
		d.book.macs = append(d.book.macs, e.MAC)
	}
	return err
}

// pause lets time pass.
func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
