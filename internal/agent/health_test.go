package agent

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/carpd/carpd/internal/carp"
	"github.com/carpd/carpd/internal/election"
)

// Three adverts in a row that are not sent demote the group until three have left.
func TestSendErrorsDemote(t *testing.T) {
	inLAN(t, func(t *testing.T, l *lan) {
		a, b := l.start(1, settings(0)), l.start(2, settings(100))
		pass(10500 * time.Millisecond)
		a.fail(errors.New("no buffers"))
		pass(30 * time.Second)
		if a.state() != "BACKUP" || b.state() != "MASTER" || !slices.Equal(a.sums(), []int{0, 128}) {
			t.Fatalf("%s and %s, %v", a.state(), b.state(), a.sums())
		}
		if d := a.Posture().Demotions[0]; d.Name != "send errors" || d.Owner != "carpd" || d.Reason != "IPv4 adverts are not sent: no buffers" || d.Group != "1@eth0" {
			t.Errorf("%+v", d)
		}
		moves := a.Groups()[0].Transitions
		pass(30 * time.Second)
		if got := a.Groups()[0].Transitions; got != moves {
			t.Errorf("%d more transitions", got-moves)
		}
		a.fail(nil)
		b.cancel()
		<-b.ended
		pass(3 * time.Second) // MASTER at once, adverts 1.94 s apart: two have left.
		if a.state() != "MASTER" || !slices.Equal(a.sums(), []int{0, 128}) {
			t.Errorf("%s %v after two adverts", a.state(), a.sums())
		}
		pass(2 * time.Second)
		if !slices.Equal(a.sums(), []int{0, 0}) || !slices.Equal(a.told("demotion"), []string{"failed", "cleared"}) {
			t.Errorf("%v %q", a.sums(), a.told("demotion"))
		}
	})
}

// fail has every advert fail from now on.
func (n *node) fail(err error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.sendErr = err
}

// Errors that are not in a row are none, and a new link is a new beginning.
func TestSendErrorsAreForgotten(t *testing.T) {
	inLAN(t, func(t *testing.T, l *lan) {
		a := l.start(1, settings(0))
		pass(10500 * time.Millisecond)
		for range 5 {
			a.fail(errors.New("no buffers"))
			pass(time.Second) // Two would end the lease.
			a.fail(nil)
			pass(2 * time.Second)
		}
		if !slices.Equal(a.sums(), []int{0, 0}) || a.state() != "MASTER" {
			t.Errorf("%v, %s", a.sums(), a.state())
		}
		a.fail(errors.New("no buffers"))
		pass(20 * time.Second)
		if !slices.Equal(a.sums(), []int{0, 128}) {
			t.Errorf("%v", a.sums())
		}
		a.fail(nil)
		a.systems <- a.system(false)
		pass(time.Second)
		a.systems <- a.system(true)
		pass(time.Second)
		if !slices.Equal(a.sums(), []int{0, 0}) {
			t.Errorf("with a new link: %v", a.sums())
		}
	})
}

// An operator who removes it starts the count anew.
func TestSendErrorsAreRemoved(t *testing.T) {
	inLAN(t, func(t *testing.T, l *lan) {
		a := l.start(1, settings(0, "192.0.2.1/24", "2001:db8::1/64"))
		pass(10500 * time.Millisecond)
		a.fail(errors.New("no buffers"))
		pass(20 * time.Second)
		a.fail(nil)
		for a.state() != "MASTER" {
			pass(10 * time.Millisecond)
		}
		a.fail(errors.New("no buffers"))
		if err := a.Undemote(ctx, "send errors", "1@eth0"); err != nil || !slices.Equal(a.sums(), []int{0, 0}) {
			t.Fatalf("%v %v", err, a.sums())
		}
		pass(2200 * time.Millisecond) // Two rounds have failed.
		if !slices.Equal(a.sums(), []int{0, 0}) {
			t.Errorf("%v after two errors", a.sums())
		}
		pass(20 * time.Second)
		if !slices.Equal(a.sums(), []int{0, 128}) {
			t.Errorf("%v", a.sums())
		}
	})
}

// One family that does not leave is not hidden by the other.
func TestSendErrorsOfOneFamily(t *testing.T) {
	s := sending{}
	for i := range 3 {
		s.note(0, nil)
		s.note(1, errors.New("no route"))
		if s.failed != [2]int{0, i + 1} {
			t.Errorf("%+v", s)
		}
	}
	s.raised = true
	for i, want := range []int{3, 3, 0} {
		if s.note(1, nil); s.failed[1] != want {
			t.Errorf("after %d that left: %+v", i+1, s)
		}
	}
}

// addresses is how many the carpdev has from the group.
func (n *node) addresses() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return len(n.present)
}

// A takeover whose addresses cannot be added demotes the group; it is defended
// all the same, the addresses are tried again, and it is cleared.
func TestFailedTakeoverDemotes(t *testing.T) {
	inLAN(t, func(t *testing.T, l *lan) {
		a := l.start(1, settings(0))
		pass(time.Second)
		a.mu.Lock()
		a.faulty = errors.New("no space")
		a.mu.Unlock()
		pass(9 * time.Second)
		if a.state() != "MASTER" || !a.answering() || !slices.Equal(a.sums(), []int{0, 128}) {
			t.Fatalf("%s, %v", a.state(), a.sums())
		}
		if d := a.Posture().Demotions[0]; d.Name != "takeover failed" || d.Reason != "addresses are not added: no space" {
			t.Errorf("%+v", d)
		}
		a.mu.Lock()
		a.faulty = nil
		a.mu.Unlock()
		for a.addresses() == 0 {
			pass(10 * time.Millisecond)
		}
		pass(3500 * time.Millisecond) // Two adverts, 1.94 s apart, at most.
		if !slices.Equal(a.sums(), []int{0, 128}) {
			t.Errorf("cleared before three adverts: %v", a.sums())
		}
		pass(3 * time.Second)
		if !slices.Equal(a.sums(), []int{0, 0}) || a.addresses() != 1 || !slices.Equal(a.told("demotion"), []string{"failed", "cleared"}) {
			t.Errorf("%v %v %q", a.sums(), a.addresses(), a.told("demotion"))
		}
	})
}

// The two families of a round are one beat.
func TestBeatsOfOneFamily(t *testing.T) {
	both := &group{machine: election.New(paramsOf(settings(0, "192.0.2.1/24", "2001:db8::1/64")))}
	only6 := &group{machine: election.New(paramsOf(settings(0, "2001:db8::1/64")))}
	if !both.beats(carp.IPv4) || both.beats(carp.IPv6) || !only6.beats(carp.IPv6) {
		t.Error("not those of the first family")
	}
}

// The gaps are those between adverts heard by a BACKUP and sent by a MASTER, in
// one family, and how old the last one is.
func TestGaps(t *testing.T) {
	inLAN(t, func(t *testing.T, l *lan) {
		a, b := l.start(1, settings(0, "192.0.2.1/24", "2001:db8::1/64")), l.start(2, settings(100, "192.0.2.1/24", "2001:db8::1/64"))
		if g := a.Groups()[0]; len(g.Gaps) != 0 || g.AdvertAge != -1 {
			t.Errorf("%v, %g", g.Gaps, g.AdvertAge)
		}
		pass(6500 * time.Millisecond)
		for _, n := range []*node{a, b} {
			if g := n.Groups()[0]; !slices.Equal(g.Gaps, []float64{1, 1, 1}) || g.AdvertAge != 0.5 {
				t.Errorf("%s: %v, %g", n.name, g.Gaps, g.AdvertAge)
			}
		}
		pass(60 * time.Second)
		if g := b.Groups()[0]; len(g.Gaps) != 32 {
			t.Errorf("%d gaps", len(g.Gaps))
		}
	})
}
