package test

import (
	"testing"
	"time"

	"github.com/carpd/carpd/internal/lab"
)

// TestInterfaceVanishesAndReturns: pulled out, plugged in again as a new
// interface, renamed and named back; each time the group is INIT with the
// reason and comes back by itself.
func TestInterfaceVanishesAndReturns(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	for name, step := range map[string]struct{ away, back func() error }{
		"unplugged": {p.r1.Unplug, p.r1.Plug},
		"renamed": {
			func() error { return p.r1.Rename(lab.Interface, "lan0") },
			func() error { return p.r1.Rename("lan0", lab.Interface) },
		},
	} {
		p.must(step.away())
		p.a.is("INIT", 2*time.Second)
		if g := p.a.group(); g.Cause == "" || g.Why == "" {
			t.Errorf("%s: INIT without a reason: %+v", name, g)
		}
		p.b.is("MASTER", masterDown100+time.Second)
		p.reachable()
		p.must(step.back())
		p.settle()
		p.reachable()
		p.onlyMaster(p.r1, 2*time.Second)
	}
}

// TestInterfaceAppearsLate: carpd may be started first.
func TestInterfaceAppearsLate(t *testing.T) {
	t.Parallel()
	s := newSite(t, lab.Topology{Routers: 1})
	n := s.Routers[0]
	s.must(n.Unplug())
	c := s.carpd(n, group{addresses: both})
	c.is("INIT", time.Second)
	s.must(n.Plug())
	c.is("MASTER", masterDown0+2*time.Second)
	s.reachable()
}

// TestSnoopingSwitch: on carrier up the groups are joined again, so that a
// switch which forgot the port hears a report. Without it IPv6 adverts stop to
// arrive and the BACKUP would become MASTER.
func TestSnoopingSwitch(t *testing.T) {
	t.Parallel()
	s := newSite(t, lab.Topology{Routers: 2, Snooping: true})
	a := s.carpd(s.Routers[0], group{skew: 0, preempt: true, addresses: both})
	b := s.carpd(s.Routers[1], group{skew: 100, addresses: both})
	a.is("MASTER", masterDown0+2*time.Second)
	b.is("BACKUP", time.Second)
	s.must(b.node.Cut(lab.CarrierLost))
	b.is("INIT", time.Second)
	s.must(b.node.Heal(lab.CarrierLost))
	b.is("BACKUP", 2*time.Second)
	s.onlyMaster(a.node, 8*time.Second)
	if g := b.group(); g.State != "BACKUP" {
		t.Errorf("r2 is %s: %s", g.State, g.Why)
	}
}

// TestForeignClaim: another host that says our address is at its own MAC.
func TestForeignClaim(t *testing.T) {
	t.Parallel()
	s := newSite(t, lab.Topology{Routers: 2})
	c := s.carpd(s.Routers[0], group{})
	c.is("MASTER", masterDown0+2*time.Second)
	// The other host asks for the client, with our address as the sender.
	s.must(s.Routers[1].AddAddress(lab.Virtual4))
	_, _ = s.Routers[1].Command("ping", "-c1", "-W1", "-I", lab.Virtual4.Addr().String(), s.client.IPv4.Addr().String()).Output()
	e := c.event("conflict", 2*time.Second)
	if e.Group == "" || e.Text == "" {
		t.Errorf("%+v", e)
	}
}
