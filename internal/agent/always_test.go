package agent

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/carpd/carpd/internal/config"
)

// always is a group whose addresses are there in every state.
func always(skew uint8, addrs ...string) config.Group {
	g := settings(skew, addrs...)
	g.Always = true
	return g
}

// changes are what was done to the addresses since an instant.
func (n *node) changes(since time.Time) []string {
	return slices.DeleteFunc(n.deeds(since), func(what string) bool { return what[:4] != "add " && what[:4] != "del " })
}

// With address: always the addresses are there from when the programs are, in
// every state, and go when carpd is asked to leave. A takeover has nothing to
// wait for.
func TestAlways(t *testing.T) {
	inLAN(t, func(t *testing.T, l *lan) {
		began := time.Now()
		a, b := l.start(1, always(0)), l.start(2, always(100))
		pass(time.Second)
		want := []string{"attach", "join", "add 192.0.2.1"}
		if diff := cmp.Diff(want, b.deeds(began)); diff != "" || b.state() != "BACKUP" {
			t.Errorf("%s: %s", b.state(), diff)
		}
		pass(10 * time.Second)
		b.mu.Lock()
		b.slow = time.Minute // Netlink would be too late.
		b.mu.Unlock()
		now := time.Now()
		a.cancel()
		pass(time.Millisecond)
		if b.state() != "MASTER" || !b.answering() {
			t.Errorf("%s, answering %v", b.state(), b.answering())
		}
		if got := b.changes(began); !slices.Equal(got, []string{"add 192.0.2.1"}) {
			t.Errorf("%q", got)
		}
		<-a.ended
		if diff := cmp.Diff([]string{"del 192.0.2.1"}, a.changes(now)); diff != "" {
			t.Error(diff)
		}
	})
}

// A BACKUP that is stopped takes its address off before the programs go.
func TestAlwaysStoppedInBackup(t *testing.T) {
	inLAN(t, func(t *testing.T, l *lan) {
		l.start(1, settings(0))
		b := l.start(2, always(100))
		pass(10 * time.Second)
		now := time.Now()
		b.cancel()
		<-b.ended
		if diff := cmp.Diff([]string{"del 192.0.2.1"}, b.deeds(now)); diff != "" {
			t.Error(diff)
		}
	})
}

// Taken out of the configuration, a BACKUP lets go of its address before the
// kernel side forgets that it is to be silent.
func TestAlwaysRemovedInBackup(t *testing.T) {
	inLAN(t, func(t *testing.T, l *lan) {
		l.start(1, settings(0))
		b := l.start(2, always(100))
		pass(10 * time.Second)
		now := time.Now()
		b.reload(t)
		pass(time.Second)
		if diff := cmp.Diff([]string{"del 192.0.2.1", "leave", "detach"}, b.deeds(now)); diff != "" {
			t.Error(diff)
		}
		b.reload(t, always(100))
		if pass(time.Second); !slices.Equal(b.changes(now), []string{"del 192.0.2.1", "add 192.0.2.1"}) {
			t.Errorf("named again: %q", b.changes(now))
		}
	})
}

// A reload between the two counts at once, in both states.
func TestAlwaysReload(t *testing.T) {
	inLAN(t, func(t *testing.T, l *lan) {
		l.start(1, settings(0))
		b := l.start(2, settings(100))
		pass(10 * time.Second)
		now := time.Now()
		for _, g := range []config.Group{always(100), settings(100), always(100)} {
			b.reload(t, g)
			pass(time.Second)
		}
		if diff := cmp.Diff([]string{"add 192.0.2.1", "del 192.0.2.1", "add 192.0.2.1"}, b.changes(now)); diff != "" {
			t.Error(diff)
		}
		l.nodes[0].cancel()
		pass(time.Second)
		now = time.Now()
		for _, g := range []config.Group{settings(100), always(100)} {
			b.reload(t, g)
			pass(time.Second)
		}
		if got := b.changes(now); b.state() != "MASTER" || slices.Contains(got, "del 192.0.2.1") {
			t.Errorf("as %s: %q", b.state(), got)
		}
	})
}

// The addresses stay while the link is down, and are put back when somebody
// takes them away from a BACKUP.
func TestAlwaysStays(t *testing.T) {
	inLAN(t, func(t *testing.T, l *lan) {
		l.start(1, settings(0))
		b := l.start(2, always(100))
		pass(10 * time.Second)
		now := time.Now()
		with := b.system(false)
		with.Links[0].Addrs = append(with.Links[0].Addrs, always(0).Addresses[0])
		b.systems <- with
		pass(10 * time.Second)
		if got := b.changes(now); b.state() != "INIT" || len(got) > 0 {
			t.Errorf("%s with the link down: %q", b.state(), got)
		}
		b.systems <- b.system(true) // Without the address.
		pass(time.Second)
		if got := b.changes(now); !slices.Equal(got, []string{"add 192.0.2.1"}) {
			t.Errorf("after it was taken away: %q", got)
		}
	})
}

// Without the programs nothing would keep the address silent.
func TestAlwaysNeedsThePrograms(t *testing.T) {
	inLAN(t, func(t *testing.T, l *lan) {
		began := time.Now()
		l.begin = func(n *node) { n.attachErr = errNotWatched }
		n := l.start(1, always(0))
		pass(time.Second)
		n.reload(t, settings(0))
		n.reload(t, always(0))
		pass(3 * time.Second)
		if got := n.changes(began); len(got) > 0 {
			t.Errorf("without programs: %q", got)
		}
		n.mu.Lock()
		n.attachErr = nil
		n.mu.Unlock()
		pass(2 * time.Second)
		if got := n.changes(began); !slices.Equal(got, []string{"add 192.0.2.1"}) {
			t.Errorf("with them: %q", got)
		}
	})
}

// With another MAC a group bows out and begins anew: its peers must not take it
// for the one that it was.
func TestReloadOfMAC(t *testing.T) {
	inLAN(t, func(t *testing.T, l *lan) {
		n := l.start(1, settings(0))
		pass(10500 * time.Millisecond)
		now := time.Now()
		physical := settings(0)
		physical.Physical = true
		n.reload(t, physical)
		pass(2 * time.Second)
		if got := n.deeds(now); n.state() != "BACKUP" || !slices.Contains(got, "bow-out IPv4") || !slices.Contains(got, "del 192.0.2.1") {
			t.Errorf("%s: %q", n.state(), got)
		}
		if pass(3 * time.Second); n.state() != "MASTER" || len(n.Groups()) != 1 {
			t.Errorf("%s", n.state())
		}
	})
}
