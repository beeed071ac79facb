package test

import (
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/carpd/carpd/internal/lab"
)

// hangup sends SIGHUP and waits until the log tells what came of it.
func (c *carpd) hangup(says string) {
	c.s.t.Helper()
	n := strings.Count(c.log(), says)
	c.s.must(c.Signal(syscall.SIGHUP))
	c.s.eventually(3*time.Second, "the log of "+c.node.Name+" says: "+says, func() bool {
		return strings.Count(c.log(), says) > n
	})
}

// TestReloadKeepsState: an unchanged group keeps state and counters, a changed
// one its state, and a bad file changes nothing.
func TestReloadKeepsState(t *testing.T) {
	t.Parallel()
	s := newSite(t, lab.Topology{Routers: 1})
	c := s.carpd(s.Routers[0], group{skew: 10})
	c.is("MASTER", masterDown100+2*time.Second)
	before, sent := c.group(), c.counters().Groups[0].Sent.Adverts

	c.hangup("configuration reloaded")
	if g := c.group(); g.State != "MASTER" || g.Transitions != before.Transitions || !g.Since.Equal(before.Since) {
		t.Errorf("after a reload of the same file: %+v", g)
	}
	if n := c.counters().Groups[0].Sent.Adverts; n < sent {
		t.Errorf("%d adverts sent before the reload, %d after it", sent, n)
	}

	c.write(group{skew: 20})
	c.hangup("configuration reloaded")
	if g := c.group(); g.State != "MASTER" || g.Transitions != before.Transitions || g.Advskew != 20 {
		t.Errorf("after a change of advskew: %+v", g)
	}
	s.eventually(3*time.Second, "adverts carry the new advskew", func() bool { return s.lastAdvert(c.node).Advskew() == 20 })

	s.must(os.WriteFile(c.config, []byte("groups: [{vhid: 300}]\n"), 0o600))
	c.hangup("configuration not reloaded")
	if g := c.group(); g.State != "MASTER" || g.Advskew != 20 || !c.Running() {
		t.Errorf("after a bad file: %+v", g)
	}

	c.write(group{skew: 20}, group{vhid: 2, addresses: []string{"192.0.2.2/24"}})
	c.hangup("configuration reloaded")
	s.eventually(5*time.Second, "the added group is MASTER", func() bool { return c.group(2).State == "MASTER" })
	if g := c.group(1); g.State != "MASTER" || g.Transitions != before.Transitions {
		t.Errorf("the other group after one was added: %+v", g)
	}
	c.write(group{skew: 20})
	c.hangup("configuration reloaded")
	bow, err := s.Wire.WaitAdvert(s.within(2*time.Second), lab.Advert.BowOut)
	s.must(err)
	if bow.VHID() != 2 {
		t.Errorf("group %d bowed out", bow.VHID())
	}
	s.reachable()
}

// TestAddressEditDoesNotSplitAPair: the two files are changed one after the
// other, the old address set is accepted meanwhile.
func TestAddressEditDoesNotSplitAPair(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	from := time.Now()
	for _, addresses := range [][]string{append([]string{"192.0.2.2/24"}, both...), both[:1], both} {
		for _, c := range []*carpd{p.a, p.b} {
			c.write(group{skew: map[*carpd]int{p.a: 0, p.b: 100}[c], preempt: true, addresses: addresses})
			c.hangup("configuration reloaded")
			time.Sleep(1500 * time.Millisecond) // the operator goes to the other machine
		}
	}
	p.onlyMaster(p.r1, 4*time.Second)
	if list := p.Wire.Adverts(lab.From(p.r2, from)); len(list) > 0 {
		t.Errorf("r2 became MASTER %s after the first edit", list[0].At.Sub(from))
	}
	if g := p.b.group(); g.State != "BACKUP" {
		t.Errorf("r2 is %s: %s", g.State, g.Why)
	}
	time.Sleep(100 * time.Millisecond)
	if seen := p.ping.Report(from, time.Now().Add(-100*time.Millisecond)); seen.Outage > 200*time.Millisecond {
		t.Errorf("the client: %+v", seen)
	}
	p.oneAnswer(from)
}
