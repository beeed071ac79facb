package agent

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/carpd/carpd/internal/carp"
	"github.com/carpd/carpd/internal/dataplane"
)

// transitions are the changes of state that a node tells of.
func (n *node) transitions() (out []string) {
	for _, e := range n.Events(0) {
		if e.Kind == "transition" {
			out = append(out, e.From+" to "+e.To+": "+e.Cause)
		}
	}
	return out
}

// adverts are the instants at which a node sent adverts, from an instant on.
func (n *node) adverts(since time.Time) (out []time.Time) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, d := range n.did {
		if strings.HasPrefix(d.what, "advert") && !d.at.Before(since) {
			out = append(out, d.at)
		}
	}
	return out
}

// A MASTER whose carpd is killed and comes back within the lease is missed by
// nobody: its adverts keep their rhythm, it bows out and announces nothing, and
// the kernel may answer without a gap.
func TestMasterGoesOn(t *testing.T) {
	inLAN(t, func(t *testing.T, l *lan) {
		a, b := l.start(1, settings(0)), l.start(2, settings(100))
		pass(10 * time.Second)
		a.mu.Lock()
		moves, since := a.memory[1].Transitions, a.memory[1].Since
		a.mu.Unlock()
		last := a.adverts(time.Time{})
		pass(300 * time.Millisecond)
		before := time.Now()
		a.die()
		if !a.answering() {
			t.Fatal("the kernel does not answer while nobody runs")
		}
		a.rise(400*time.Millisecond, settings(0))
		pass(10 * time.Second)
		if got := a.Groups()[0]; got.State != "MASTER" || got.Transitions != moves || !got.Since.Equal(since) || got.Cause != "resumed" {
			t.Errorf("%+v", got)
		}
		if got := b.transitions(); !slices.Equal(got, []string{"INIT to BACKUP: link up"}) {
			t.Errorf("the peer saw %q", got)
		}
		next := a.adverts(before)
		if len(next) < 9 || next[0].Sub(last[len(last)-1]) != time.Second || next[1].Sub(next[0]) != time.Second {
			t.Errorf("adverts after the restart at %v, the last before at %v", next, last[len(last)-1])
		}
		for _, did := range a.deeds(before) {
			if strings.HasPrefix(did, "bow-out") || strings.HasPrefix(did, "announce") || strings.HasPrefix(did, "del") || did == "answer never" {
				t.Errorf("%s", did)
			}
		}
	})
}

// One that comes back too late has no lease: it listens for a full master-down
// time, and the kernel is told that it may not answer.
func TestMasterComesBackTooLate(t *testing.T) {
	inLAN(t, func(t *testing.T, l *lan) {
		a := l.start(1, settings(0))
		pass(10 * time.Second)
		a.die()
		a.rise(3*time.Second, settings(0))
		began := time.Now()
		pass(time.Millisecond)
		if a.state() != "BACKUP" || a.answering() {
			t.Errorf("%s, answering: %v", a.state(), a.answering())
		}
		if got := a.deeds(began); !slices.Contains(got, "answer never") || !slices.Contains(got, "accept never") || !slices.Contains(got, "del 192.0.2.1") {
			t.Errorf("%q", got)
		}
		pass(2998 * time.Millisecond)
		if a.state() != "BACKUP" {
			t.Error("MASTER before a full master-down time")
		}
		pass(2 * time.Millisecond)
		if a.state() != "MASTER" {
			t.Error(a.state())
		}
	})
}

// A BACKUP goes on waiting from the last advert that was heard, by the carpd
// before it or by the kernel in between.
func TestBackupGoesOn(t *testing.T) {
	inLAN(t, func(t *testing.T, l *lan) {
		a, b := l.start(1, settings(0)), l.start(2, settings(100))
		pass(10*time.Second + 500*time.Millisecond)
		last := a.adverts(time.Time{})
		a.mu.Lock()
		a.cut = true // dies in silence
		a.mu.Unlock()
		b.die()
		b.rise(time.Second, settings(100))
		down := last[len(last)-1].Add(3*time.Second + 390625*time.Microsecond)
		pass(time.Until(down) - time.Millisecond)
		if b.state() != "BACKUP" {
			t.Errorf("%s before the master-down time that began before the restart", b.state())
		}
		pass(2 * time.Millisecond)
		if b.state() != "MASTER" {
			t.Errorf("%s after it", b.state())
		}
	})
}

// Adverts that waited in the ring count, though they came before this carpd.
func TestBackupHearsWhatCameMeanwhile(t *testing.T) {
	inLAN(t, func(t *testing.T, l *lan) {
		l.start(1, settings(0))
		b := l.start(2, settings(100))
		pass(10*time.Second + 500*time.Millisecond)
		b.die()
		b.rise(5*time.Second, settings(100)) // longer than a master-down time
		pass(20 * time.Second)
		if got := b.transitions(); len(got) != 0 || b.state() != "BACKUP" {
			t.Errorf("%s: %q", b.state(), got)
		}
	})
}

// What the new configuration no longer has is removed, group and address.
func TestWhatIsNotConfiguredAnyMoreGoes(t *testing.T) {
	inLAN(t, func(t *testing.T, l *lan) {
		a := l.start(1, settings(0, "192.0.2.1/24", "192.0.2.2/24"))
		pass(10 * time.Second)
		a.die()
		other := settings(0, "192.0.2.2/24")
		other.VHID = 9
		began := time.Now()
		a.rise(time.Second, other)
		pass(time.Second)
		a.mu.Lock()
		defer a.mu.Unlock()
		if _, still := a.kernel[1]; still || len(a.kernel) != 1 {
			t.Errorf("%+v", a.kernel)
		}
		var gone []string
		for _, d := range a.did {
			if strings.HasPrefix(d.what, "del") && d.at.After(began) {
				gone = append(gone, d.what)
			}
		}
		slices.Sort(gone)
		if diff := cmp.Diff([]string{"del 192.0.2.1", "del 192.0.2.2"}, gone); diff != "" {
			t.Error(diff)
		}
	})
}

// The counter of our adverts goes on above that of the last carpd, also when the
// clock has gone back meanwhile.
func TestCounterGoesOn(t *testing.T) {
	inLAN(t, func(t *testing.T, l *lan) {
		a := l.start(1, settings(0))
		pass(10 * time.Second)
		a.die()
		a.mu.Lock()
		m := a.memory[1]
		m.Counter += uint64(time.Hour)
		a.memory[1] = m
		a.mu.Unlock()
		a.rise(time.Second, settings(0))
		pass(2 * time.Second)
		a.mu.Lock()
		defer a.mu.Unlock()
		if a.memory[1].Counter <= m.Counter {
			t.Errorf("counter %d after %d", a.memory[1].Counter, m.Counter)
		}
	})
}

// A carpd that dies between a takeover and its first advert has not been MASTER.
func TestTakeoverThatWasNotSaid(t *testing.T) {
	inLAN(t, func(t *testing.T, l *lan) {
		a := l.start(1, settings(0))
		a.mu.Lock()
		a.sendErr = errSend
		a.mu.Unlock()
		pass(3*time.Second + 500*time.Millisecond)
		a.mu.Lock()
		got := a.memory[1].State
		a.mu.Unlock()
		if got == dataplane.Master {
			t.Error("remembered as MASTER")
		}
	})
}

var errSend = carp.BadTTL // any error
