package election

import (
	"flag"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/carpd/carpd/internal/carp"
)

var eventSeed = flag.Uint64("events.seed", 0, "seed of the random events; 0 draws one")

// What holds of every step, whatever the events are and in whatever order.

// TestAnyEvents feeds machines with random events.
func TestAnyEvents(t *testing.T) {
	t.Parallel()
	seed := *eventSeed
	if seed == 0 {
		seed = rand.Uint64()
	}
	t.Logf("seed %d; -events.seed repeats it", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	for range 1000 {
		script := make([]byte, 400)
		for i := range script {
			script[i] = byte(rng.Uint32())
		}
		perform(t, script)
	}
}

// FuzzStep is the same with events that the fuzzer finds interesting.
func FuzzStep(f *testing.F) {
	f.Add([]byte{0, 1, 0, 70, 2, 0, 10, 3, 0})
	f.Add([]byte{3, 1, 0, 70, 2, 0, 1, 0x44, 200, 80, 2, 0, 0, 6, 0})
	f.Fuzz(func(t *testing.T, script []byte) { perform(t, script) })
}

// perform plays a script: one byte for the parameters, then for each event the
// time that passes, what happens, and a detail of it.
func perform(t *testing.T, script []byte) {
	if len(script) == 0 {
		return
	}
	m := New(anyParams(script[0], 0))
	now := epoch
	for s := script[1:]; len(s) >= 3; s = s[3:] {
		now = now.Add(time.Duration(s[0]) * 20 * time.Millisecond)
		e := anyEvent(now, s[1], s[2])
		before := m.Deadline()
		fx := m.Step(now, e)
		checkEffects(t, m, now, e, fx)
		checkRearmed(t, m, e, fx, before)
		if t.Failed() {
			t.Fatalf("after %T at %v: %+v", e, now.Sub(epoch), fx)
		}
		if fx.Send && s[2]&1 == 0 {
			checkEffects(t, m, now, Sent{}, m.Step(now, Sent{At: now}))
		}
	}
}

func anyParams(bits, skew byte) Params {
	return settings(min(skew, 254), func(p *Params) {
		p.Advbase = 1 + bits&1
		p.Preempt = bits&2 != 0
		p.IPv4, p.IPv6 = bits&4 == 0, bits&12 != 8
		p.IPv4 = p.IPv4 || !p.IPv6
		p.SharedTimer = bits&16 != 0
		p.MasterDown = MasterDown(bits >> 5 & 1)
	})
}

// anyEvent favours ticks and adverts, which make the machine go.
func anyEvent(now time.Time, kind, detail byte) Event {
	switch kind & 15 {
	case 0, 1:
		return LinkUp{}
	case 2, 3, 4, 5:
		return Tick{}
	case 6:
		return Sent{At: now.Add(-time.Duration(detail) * 10 * time.Millisecond)}
	case 7:
		return Demoted{Total: int(detail) - 20}
	case 8:
		return Reconfigured{Params: anyParams(kind>>4|detail<<4, detail)}
	case 9:
		return [...]Event{Shutdown{}, LinkDown{Why: LinkReason(kind >> 6)}, HandOver{}, nil}[detail&3]
	default:
		return anyAdvert(now, kind, detail)
	}
}

func anyAdvert(now time.Time, kind, detail byte) Received {
	r := Received{
		Advert: carp.Advert{VHID: 1, Advbase: 1 + kind>>4&3, Advskew: detail &^ 1},
		Family: carp.Family(kind >> 6 & 1), From: low4, Own: own4, At: now,
	}
	switch detail & 7 {
	case 0:
		r.Advert.Advbase, r.Advert.Advskew = 255, 255
	case 1:
		r.Advert.Demotion = detail
	case 2:
		r.From = high4
	case 3:
		r.FromGroup, r.From = true, group4
	case 4:
		r.At = now.Add(-time.Duration(kind) * 20 * time.Millisecond)
	}
	return r
}

// checkEffects asserts what effects mean to the caller.
func checkEffects(t *testing.T, m *Machine, now time.Time, e Event, fx Effects) {
	t.Helper()
	_, heard := e.(Received)
	became := fx.Changed() && fx.To == Master
	for rule, holds := range map[string]bool{
		"every step has a cause that speaks of the new state": fx.Cause.Kind != CauseNone && fx.Cause.State == fx.To,
		"a transition's cause is kept":                        !fx.Changed() || fx.Cause == m.Cause(),
		"the cause can be told":                               strings.HasPrefix(fx.Cause.Sentence(), fx.To.String()+" because "),
		"To is the state, Wake is the deadline":               fx.To == m.State() && fx.Wake.Equal(m.Deadline()),
		"Wake is zero in INIT alone":                          fx.Wake.IsZero() == (fx.To == Init),
		"who becomes MASTER sends and announces":              !became || fx.Send && fx.Announce,
		"only a MASTER sends":                                 !fx.Send || fx.To == Master,
		"only who becomes MASTER announces":                   fx.Announce == became,
		"only a MASTER that leaves bows out":                  !fx.BowOut || fx.From == Master && (fx.To == Init || fx.Cause.Kind == CauseHandOver) && fx.Advert.IsBowOut(),
		"an advert comes with Send or BowOut":                 (fx.Advert != carp.Advert{}) == (fx.Send || fx.BowOut),
		"counter and digest are the caller's":                 fx.Advert.Counter == 0 && fx.Advert.Digest == [20]byte{},
		"a tie is about an advert":                            !fx.Tie || heard,
		"a lease is a MASTER's, and has not run out":          m.LeaseUntil().IsZero() == (fx.To != Master) && (fx.To != Master || !now.After(m.LeaseUntil())),
		"a lease is never longer than it says":                !m.LeaseUntil().After(now.Add(carp.Lease(2))),
		"the state was entered by now":                        !m.Since().After(now),
	} {
		if !holds {
			t.Errorf("violated: %s", rule)
		}
	}
}

// checkRearmed asserts that an advert brings the deadline of a BACKUP nearer
// only when it announces a take-over that has to wait.
func checkRearmed(t *testing.T, m *Machine, e Event, fx Effects, before time.Time) {
	t.Helper()
	_, heard := e.(Received)
	waits := fx.Cause.Kind == CauseReadLate || fx.Cause.Kind == CauseTieWait
	one := m.params.IPv4 != m.params.IPv6
	if heard && one && !waits && fx.From == Backup && fx.To == Backup && fx.Wake.Before(before) {
		t.Errorf("violated: an advert never brings the deadline nearer")
	}
}
