package agent

import (
	"context"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/carpd/carpd/internal/carp"
	"github.com/carpd/carpd/internal/config"
)

// reload gives a node other groups.
func (n *node) reload(t *testing.T, groups ...config.Group) {
	t.Helper()
	if _, err := n.Apply(context.Background(), &config.Config{Instance: "test", Groups: groups}); err != nil {
		t.Fatal(err)
	}
}

// numbered is a group of another VHID.
func numbered(v carp.VHID, skew uint8, addrs ...string) config.Group {
	g := settings(skew, addrs...)
	g.VHID = v
	return g
}

// An edit that is taken back at once, or followed by another, does not split a
// pair either: the key that the peer knows goes on signing.
func TestEditsInARowDoNotSplitAPair(t *testing.T) {
	inLAN(t, func(t *testing.T, l *lan) {
		a, b := l.start(1, settings(0)), l.start(2, settings(100))
		pass(10100 * time.Millisecond)
		a.reload(t, settings(0, "192.0.2.1/24", "192.0.2.2/24"))
		pass(time.Second)
		a.reload(t, settings(0))
		pass(time.Minute)
		a.reload(t, settings(0, "192.0.2.1/24", "192.0.2.2/24"))
		pass(time.Second)
		a.reload(t, settings(0, "192.0.2.1/24", "192.0.2.3/24"))
		pass(time.Second)
		b.reload(t, settings(100, "192.0.2.1/24", "192.0.2.3/24"))
		pass(time.Minute)
		if a.state() != "MASTER" || b.Groups()[0].Transitions != 1 {
			t.Errorf("%s, and the other is %s after %d transitions", a.state(), b.state(), b.Groups()[0].Transitions)
		}
	})
}

// prefix_route counts at once, in both directions, and nothing is left.
func TestReloadOfPrefixRoute(t *testing.T) {
	inLAN(t, func(t *testing.T, l *lan) {
		plain, routed := settings(0), settings(0)
		routed.PrefixRoute = true
		n := l.start(1, plain)
		pass(5 * time.Second)
		now := time.Now()
		for _, c := range []struct {
			g    config.Group
			want bool
		}{{routed, true}, {plain, false}, {routed, true}} {
			n.reload(t, c.g)
			pass(time.Second)
			if got := n.routes[netip.MustParsePrefix("192.0.2.1/24")]; got != c.want {
				t.Errorf("prefix_route %v: route %v", c.g.PrefixRoute, got)
			}
		}
		if got := n.deeds(now); slices.Contains(got, "del 192.0.2.1") {
			t.Errorf("the address went away meanwhile: %q", got)
		}
		n.reload(t, plain)
		n.cancel()
		<-n.ended
		if len(n.routes) != 0 {
			t.Errorf("left: %v", n.routes)
		}
	})
}

// An address that moves from one group to another is there afterwards, in the
// kernel's tables and on the interface.
func TestAddressMovesBetweenGroups(t *testing.T) {
	for name, after := range map[string][]config.Group{
		"one gives":      {numbered(1, 0, "192.0.2.1/24", "192.0.2.2/24"), numbered(2, 0, "192.0.2.3/24")},
		"the other":      {numbered(1, 0, "192.0.2.1/24"), numbered(2, 0, "192.0.2.2/24", "192.0.2.3/24")},
		"swap":           {numbered(1, 0, "192.0.2.2/24", "192.0.2.3/24"), numbered(2, 0, "192.0.2.1/24")},
		"one is removed": {numbered(1, 0, "192.0.2.1/24", "192.0.2.2/24", "192.0.2.3/24")},
	} {
		t.Run(name, func(t *testing.T) {
			inLAN(t, func(t *testing.T, l *lan) {
				n := l.start(1, numbered(1, 0, "192.0.2.1/24"), numbered(2, 0, "192.0.2.2/24", "192.0.2.3/24"))
				pass(5 * time.Second)
				now := time.Now()
				n.reload(t, after...)
				pass(4 * time.Second)
				for _, did := range n.deeds(now) {
					if strings.HasPrefix(did, "del ") {
						t.Errorf("%s, though a group wants it", did)
					}
				}
				for _, g := range after {
					for _, p := range g.Addresses {
						n.mu.Lock()
						if !n.present[p.Addr()] || !slices.Contains(n.kernel[n.slotOf(g.VHID)].Addresses, p.Addr()) {
							t.Errorf("group %d has not %v: %v, %v", g.VHID, p, n.present, n.kernel)
						}
						n.mu.Unlock()
					}
				}
			})
		})
	}
}

// A group whose carpdev is named otherwise is another group, which begins as
// soon as the old one has left.
func TestCarpdevIsNamedOtherwise(t *testing.T) {
	inLAN(t, func(t *testing.T, l *lan) {
		auto := settings(0)
		auto.Carpdev = config.Auto
		n := l.start(1, auto)
		pass(5 * time.Second)
		n.reload(t, settings(0))
		pass(1300 * time.Millisecond)
		if n.state() != "BACKUP" {
			t.Errorf("%+v", n.Groups()[0])
		}
	})
}

// Whoever looks while groups are added sees whole groups.
func TestStatusDuringReload(t *testing.T) {
	inLAN(t, func(t *testing.T, l *lan) {
		n := l.start(1, settings(0))
		var looking sync.WaitGroup
		over := make(chan struct{})
		looking.Go(func() {
			for {
				select {
				case <-over:
					return
				default:
					n.Groups()
					n.Tallies()
				}
			}
		})
		for v := range carp.VHID(250) { // The new one is the first that they see.
			n.reload(t, numbered(v+2, 0, netip.AddrFrom4([4]byte{192, 0, 2, byte(v + 2)}).String()+"/24"), settings(0))
		}
		close(over)
		looking.Wait()
	})
}

// What needs a restart is told by every reload until the restart, and not when
// the file says again what runs.
func TestReloadThatNeedsARestart(t *testing.T) {
	inLAN(t, func(t *testing.T, l *lan) {
		n := l.start(1, settings(0))
		for _, c := range []struct {
			xdp  string
			want []string
		}{{"off", []string{"xdp"}}, {"off", []string{"xdp"}}, {"", nil}} {
			plan, err := n.Apply(context.Background(), &config.Config{Instance: "test", XDP: c.xdp, Groups: []config.Group{settings(0)}})
			if err != nil || !slices.Equal(plan.Restart, c.want) {
				t.Errorf("xdp %q: restart for %q, %v", c.xdp, plan.Restart, err)
			}
		}
	})
}
