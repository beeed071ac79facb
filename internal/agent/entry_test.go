package agent

import (
	"slices"
	"testing"
	"time"

	"github.com/carpd/carpd/internal/carp"
	"github.com/carpd/carpd/internal/config"
)

// bridgesNext makes bridges of the carpdevs of nodes that start from now on.
func (l *lan) bridgesNext() {
	l.begin = func(n *node) { n.kind, n.slow = "bridge", 2*time.Millisecond }
}

// first is the place of a deed, -1 if it was not done.
func first(deeds []string, what string) int { return slices.Index(deeds, what) }

const enter, remove = "enter 00:00:5e:00:01:01", "remove 00:00:5e:00:01:01"

// A bridge has the entry while this node accepts frames, and not while it is
// BACKUP: from behind the addresses and before the first advert on, until the
// next MASTER has spoken.
func TestEntryOfABridge(t *testing.T) {
	inLAN(t, func(t *testing.T, l *lan) {
		l.bridgesNext()
		b := l.start(2, settings(100))
		pass(lookEvery * 3 / 4)
		deeds := b.deeds(time.Time{})
		address, entry, advert := first(deeds, "add 192.0.2.1"), first(deeds, enter), first(deeds, "advert IPv4")
		if address < 0 || entry < address || advert < entry || first(deeds, remove) >= 0 {
			t.Fatalf("takeover: %q", deeds[:min(len(deeds), 12)])
		}
		from := time.Now()
		a := l.start(1, settings(0))
		pass(lookEvery)
		if a.state() != "MASTER" || first(a.deeds(time.Time{}), enter) < 0 {
			t.Error("no entry on the new MASTER")
		}
		if deeds := b.deeds(from.Add(lookEvery / 4)); first(deeds, enter) >= 0 {
			t.Errorf("on the BACKUP, later: %q", deeds)
		}
		if deeds := b.deeds(from); first(deeds, remove) < 0 || first(deeds[first(deeds, remove):], enter) >= 0 {
			t.Errorf("on the BACKUP: %q", deeds)
		}
		from = time.Now()
		a.cancel()
		pass(5 * time.Second)
		deeds = a.deeds(from)
		if bow, gone := first(deeds, "bow-out IPv4"), first(deeds, remove); bow < 0 || gone < bow {
			t.Errorf("leaving: %q", deeds)
		}
		if first(b.deeds(from), enter) < 0 {
			t.Error("no entry after the takeover")
		}
	})
}

// A BACKUP's bridge has no entry at any time.
func TestNoEntryOnABackup(t *testing.T) {
	inLAN(t, func(t *testing.T, l *lan) {
		l.start(1, settings(0))
		pass(5 * time.Second)
		l.bridgesNext()
		b := l.start(2, settings(100))
		pass(3 * lookEvery)
		if deeds := b.deeds(time.Time{}); b.state() != "BACKUP" || first(deeds, enter) >= 0 {
			t.Errorf("%s: %q", b.state(), deeds)
		}
	})
}

// Somebody removes the entry of a MASTER: the next look puts it back.
func TestEntryComesBack(t *testing.T) {
	inLAN(t, func(t *testing.T, l *lan) {
		l.bridgesNext()
		n := l.start(1, settings(0))
		pass(5 * time.Second)
		from := time.Now()
		pass(lookEvery)
		if first(n.deeds(from), enter) < 0 {
			t.Error("not put back")
		}
	})
}

// A MAC that several nodes accept is no bridge's own, nor is a virtual MAC that
// is not used.
func TestNoEntryForSharedFrames(t *testing.T) {
	for _, change := range []func(*config.Group){
		func(g *config.Group) { g.Physical = true },
		func(g *config.Group) { g.Balancing, g.Nodes = carp.BalanceIP, []carp.VHID{1, 2} },
	} {
		inLAN(t, func(t *testing.T, l *lan) {
			l.bridgesNext()
			g := settings(0)
			change(&g)
			n := l.start(1, g)
			pass(5 * time.Second)
			if n.state() != "MASTER" || first(n.deeds(time.Time{}), enter) >= 0 {
				t.Errorf("%s: %q", n.state(), n.deeds(time.Time{}))
			}
		})
	}
}
