package agent

import (
	"net/netip"
	"testing"
	"time"

	"github.com/carpd/carpd/internal/carp"
	"github.com/carpd/carpd/internal/status"
)

// keysOf are how many keys the kernel side has for the first group.
func (n *node) keysOf() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return len(n.accepted[1])
}

// The kernel side accepts what the loop accepts: one key, two while both sets of
// addresses are, and one again when the old set ends, two master-down times later.
func TestKernelAcceptsWhatTheLoopAccepts(t *testing.T) {
	inLAN(t, func(t *testing.T, l *lan) {
		n := l.start(1, settings(0))
		pass(5 * time.Second)
		if got := n.keysOf(); got != 1 || n.interval[1] != time.Second {
			t.Fatalf("%d keys, an interval of %v", got, n.interval[1])
		}
		n.reload(t, settings(128, "192.0.2.1/24", "192.0.2.2/24"))
		pass(0)
		if got := n.keysOf(); got != 2 || n.interval[1] != 1500*time.Millisecond {
			t.Errorf("after an edit %d keys, an interval of %v", got, n.interval[1])
		}
		pass(2*3*time.Second - time.Millisecond)
		if got := n.keysOf(); got != 2 {
			t.Errorf("at the end of the window %d keys", got)
		}
		pass(2 * time.Millisecond)
		if got := n.keysOf(); got != 1 {
			t.Errorf("after the window %d keys", got)
		}
	})
}

// Both forms of a group with a link-local address are accepted.
func TestKernelAcceptsBothLinkLocalForms(t *testing.T) {
	inLAN(t, func(t *testing.T, l *lan) {
		n := l.start(1, settings(0, "fe80::1/64", "2001:db8::1/64"))
		pass(time.Second)
		if got := n.keysOf(); got != 2 {
			t.Errorf("%d keys", got)
		}
	})
}

// Editing the pair one node after the other refuses no advert in the kernel.
func TestEditsRefuseNothingInTheKernel(t *testing.T) {
	inLAN(t, func(t *testing.T, l *lan) {
		a, b := l.start(1, settings(0)), l.start(2, settings(100))
		pass(10 * time.Second)
		a.reload(t, settings(0, "192.0.2.1/24", "192.0.2.2/24"))
		pass(2 * time.Second)
		b.reload(t, settings(100, "192.0.2.1/24", "192.0.2.2/24"))
		pass(time.Minute)
		if a.refused+b.refused != 0 || a.state() != "MASTER" {
			t.Errorf("%d adverts refused, %s", a.refused+b.refused, a.state())
		}
	})
}

// A peer with another password is warned of, though its adverts end in the kernel.
func TestAnotherPasswordIsWarnedOf(t *testing.T) {
	inLAN(t, func(t *testing.T, l *lan) {
		other := settings(100)
		other.Secret, _ = carp.NewSecret([]byte("another"))
		n, _ := l.start(1, settings(0)), l.start(2, other)
		pass(10 * time.Second)
		want := "adverts from 192.0.2.12 are refused: another password or another list of addresses"
		if got := n.Groups()[0].Warnings; len(got) != 1 || got[0] != want {
			t.Errorf("warnings %q", got)
		}
		if n.refused == 0 || countKind(n.Events(0), "rejected") == 0 {
			t.Errorf("%d refused, events %v", n.refused, n.Events(0))
		}
		if got := n.Tallies()[0].Packets[carp.BadDigest]; got != 0 {
			t.Errorf("%d counted again by the loop", got)
		}
	})
}

func countKind(events []status.Event, kind string) (n int) {
	for _, e := range events {
		if e.Kind == kind {
			n++
		}
	}
	return n
}

// Counters rise by 1024 at least while the clock stands or goes back, and are
// the clock's nanoseconds otherwise.
func TestCountersOfOurOwn(t *testing.T) {
	clock := time.Unix(1700000000, 0)
	a := &Agent{Deps: Deps{Now: func() time.Time { return clock }, Wall: func(t time.Time) time.Time { return t }}}
	for _, c := range []struct {
		step time.Duration
		want uint64
	}{
		{0, 1700000000_000000000},
		{0, 1700000000_000001024},
		{-time.Hour, 1700000000_000002048},
		{time.Hour + time.Second, 1700000001_000000000},
		{1025, 1700000001_000001025},
	} {
		clock = clock.Add(c.step)
		if got := a.nextCounter(); got != c.want {
			t.Errorf("after %v: %d, want %d", c.step, got, c.want)
		}
	}
}

// After many edits in a row the kernel side gets more keys than it takes: the
// current one and seven earlier ones in two forms each, and the first in one.
func TestManyEditsInARow(t *testing.T) {
	inLAN(t, func(t *testing.T, l *lan) {
		n := l.start(1, settings(0))
		pass(5 * time.Second)
		for i := range byte(12) {
			n.reload(t, settings(0, "fe80::1/64", netip.AddrFrom4([4]byte{192, 0, 2, 1 + i}).String()+"/24"))
		}
		pass(0)
		if got := n.keysOf(); got != 17 {
			t.Errorf("%d keys", got)
		}
	})
}
