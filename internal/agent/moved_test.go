package agent

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/carpd/carpd/internal/carp"
	"github.com/carpd/carpd/internal/config"
	"github.com/carpd/carpd/internal/dataplane"
	"github.com/carpd/carpd/internal/status"
)

// elsewhere has the node's kernel tell that the virtual MAC came in from outside.
func (n *node) elsewhere() {
	n.mu.Lock()
	n.ring = append(n.ring, dataplane.Event{Kind: dataplane.Moved, At: time.Now(), Ifindex: eth0, Slot: n.slotOf(1), VHID: 1})
	n.mu.Unlock()
	n.ready <- struct{}{}
	pass(0)
}

// movedEvents are those in the history.
func (n *node) movedEvents() int {
	events := slices.DeleteFunc(slices.Clone(n.Events(0)), func(e status.Event) bool { return e.Kind != "moved" })
	return len(events)
}

// says takes what was said since it was last called, each thing once.
func (n *node) says() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	said := n.spoken
	n.spoken = nil
	slices.Sort(said)
	return slices.Compact(said)
}

// A virtual MAC seen elsewhere has one address announced each time, at once; the
// history tells of it once in ten seconds.
func TestMovedIsAnnounced(t *testing.T) {
	inLAN(t, func(t *testing.T, l *lan) {
		n := l.start(1, settings(0, "192.0.2.1/24", "192.0.2.2/24"))
		pass(10100 * time.Millisecond)
		from := time.Now()
		for range 3 {
			n.elsewhere()
			pass(100 * time.Millisecond)
		}
		want := []string{"0.000 192.0.2.1", "0.100 192.0.2.1", "0.200 192.0.2.1"}
		if diff := cmp.Diff(want, n.announced(from.Add(-1), from)); diff != "" {
			t.Error(diff)
		}
		if told := n.movedEvents(); told != 1 {
			t.Errorf("the history tells of it %d times", told)
		}
		pass(10 * time.Second)
		if n.elsewhere(); n.movedEvents() != 2 {
			t.Errorf("after ten seconds the history tells of it %d times", n.movedEvents())
		}
	})
}

// The announcement comes before those that wait for their turn.
func TestMovedComesFirst(t *testing.T) {
	inLAN(t, func(t *testing.T, l *lan) {
		n := l.start(1, settings(0, "192.0.2.1/24", "192.0.2.2/24", "192.0.2.3/24"))
		pass(3 * time.Second)
		from := time.Now()
		n.elsewhere()
		pass(2 * time.Millisecond)
		want := []string{"0.000 192.0.2.1", "0.000 192.0.2.1", "0.001 192.0.2.2", "0.002 192.0.2.3"}
		if diff := cmp.Diff(want, n.announced(from.Add(-1), from)); diff != "" {
			t.Error(diff)
		}
	})
}

// A BACKUP, to which it is told late, is quiet: the MAC is rightly elsewhere. So is
// the MASTER of a shared address, but it says so.
func TestMovedIsNotAnnounced(t *testing.T) {
	inLAN(t, func(t *testing.T, l *lan) {
		shared := settings(0)
		shared.Balancing, shared.Nodes = carp.BalanceARP, []carp.VHID{1, 2}
		a, b := l.start(1, shared), l.start(2, settings(100))
		pass(10 * time.Second)
		for n, told := range map[*node]int{a: 1, b: 0} {
			from := time.Now()
			n.elsewhere()
			pass(300 * time.Millisecond)
			if got := n.announced(from.Add(-1), from); len(got) > 0 || n.movedEvents() != told {
				t.Errorf("%s, a %s: %q and %d events", n.name, n.state(), got, n.movedEvents())
			}
		}
	})
}

// The MAC from which adverts and announcements come.
func TestSourceMAC(t *testing.T) {
	virtual, own := "00:00:5e:00:01:01", "02:00:00:00:00:01"
	shared := func(b carp.Balancing) func(*config.Group) {
		return func(g *config.Group) { g.Balancing, g.Nodes = b, []carp.VHID{1, 2} }
	}
	for name, c := range map[string]struct {
		set      func(*config.Group)
		adverts  string
		announce string
	}{
		"virtual":    {func(*config.Group) {}, virtual, virtual},
		"physical":   {func(g *config.Group) { g.Physical = true }, own, own},
		"arp":        {shared(carp.BalanceARP), virtual, ""},
		"ip":         {shared(carp.BalanceIP), own, ""},
		"ip-stealth": {shared(carp.BalanceIPStealth), own, ""},
		"ip-unicast": {shared(carp.BalanceIPUnicast), virtual, ""},
	} {
		inLAN(t, func(t *testing.T, l *lan) {
			g := settings(0, "192.0.2.1/24", "2001:db8::1/64")
			c.set(&g)
			n := l.start(1, g)
			pass(5 * time.Second)
			want := []string{"advert IPv4 from " + c.adverts, "advert IPv6 from " + c.adverts}
			if c.announce != "" {
				want = append(want, "announce 192.0.2.1 from "+c.announce, "announce 2001:db8::1 from "+c.announce)
			}
			if diff := cmp.Diff(want, n.says()); diff != "" {
				t.Errorf("%s: %s", name, diff)
			}
		})
	}
}

// When the interface gets another MAC, those that know the address at the old one
// are told, and in virtual mode there is nothing to tell.
func TestNewMAC(t *testing.T) {
	for _, physical := range []bool{true, false} {
		inLAN(t, func(t *testing.T, l *lan) {
			g := settings(0, "192.0.2.1/24", "192.0.2.2/24")
			g.Physical = physical
			n := l.start(1, g)
			pass(10100 * time.Millisecond)
			n.says()
			n.mac = carp.MAC{2, 0, 0, 0, 0, 0xee}
			n.systems <- n.system(true)
			pass(50 * time.Millisecond)
			var want []string
			if physical {
				want = []string{"announce 192.0.2.1 from 02:00:00:00:00:ee", "announce 192.0.2.2 from 02:00:00:00:00:ee"}
			}
			if diff := cmp.Diff(want, n.says()); diff != "" {
				t.Errorf("physical %t: %s", physical, diff)
			}
			pass(time.Second)
			want = []string{"advert IPv4 from 00:00:5e:00:01:01"}
			if physical {
				want = []string{"advert IPv4 from 02:00:00:00:00:ee"}
			}
			if diff := cmp.Diff(want, n.says()); diff != "" {
				t.Errorf("physical %t: %s", physical, diff)
			}
		})
	}
}
