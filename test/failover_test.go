package test

import (
	"testing"
	"time"

	"github.com/carpd/carpd/internal/carp"
	"github.com/carpd/carpd/internal/lab"
)

// pair is two carpd, the first of them better, with the client's instruments.
type pair struct {
	*site
	a, b   *carpd
	r1, r2 *lab.Node
	ping   *lab.Pinger
	arp    *lab.Asker
	nd     *lab.Asker
}

// newPair starts the pair and waits until it is settled.
func newPair(t *testing.T) *pair {
	t.Helper()
	s := newSite(t, lab.Topology{Routers: 2})
	p := &pair{site: s, r1: s.Routers[0], r2: s.Routers[1]}
	p.a = s.carpd(p.r1, group{skew: 0, preempt: true, addresses: both})
	p.b = s.carpd(p.r2, group{skew: 100, preempt: true, addresses: both})
	p.settle()
	var err error
	p.ping, err = s.client.Ping(lab.Virtual4.Addr(), time.Millisecond)
	s.must(err)
	p.arp, err = s.client.Ask(lab.Virtual4.Addr(), 2*time.Millisecond)
	s.must(err)
	p.nd, err = s.client.Ask(lab.Virtual6.Addr(), 5*time.Millisecond)
	s.must(err)
	s.must(p.ping.WaitReply(s.within(3*time.Second), time.Now()))
	return p
}

// settle waits until the better node is MASTER and the other BACKUP.
func (p *pair) settle() {
	p.t.Helper()
	p.a.is("MASTER", 8*time.Second)
	p.b.is("BACKUP", 2*time.Second)
}

// oneAnswer checks that no question since an instant had two answers.
func (p *pair) oneAnswer(from time.Time) {
	p.t.Helper()
	for name, a := range map[string]*lab.Asker{"ARP": p.arp, "ND": p.nd} {
		r := a.Report(from, time.Time{})
		if r.Answered == 0 || len(r.Doubles) > 0 {
			p.t.Errorf("%s: %d of %d questions have an answer, %d have two: %v", name, r.Answered, r.Asked, len(r.Doubles), r.Doubles)
		}
	}
}

// TestGracefulHandOverLosesNothing: the leaver goes on accepting until the
// other's first advert, and frames reach only one port.
func TestGracefulHandOverLosesNothing(t *testing.T) {
	p := newPair(t)
	from := time.Now()
	p.must(p.a.Stop(5 * time.Second))
	bow, err := p.Wire.WaitAdvert(p.within(time.Second), lab.Advert.BowOut)
	p.must(err)
	first := p.firstAdvert(p.r2, bow.At, 2*time.Second)
	t.Logf("bow-out to the new MASTER's first advert: %s", first.At.Sub(bow.At))
	time.Sleep(lab.LostAfter + 100*time.Millisecond)
	seen := p.ping.Report(from, time.Now().Add(-lab.LostAfter))
	if seen.Lost > 0 || seen.Sent < 50 {
		t.Errorf("the client: %+v", seen)
	}
	p.oneAnswer(from)
	failback := time.Now()
	p.a.start()
	p.settle()
	time.Sleep(300 * time.Millisecond)
	p.oneAnswer(failback)
}

// TestPartitionHeals: both are MASTER while they cannot hear each other, and
// one of them at most an interval after they can.
func TestPartitionHeals(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	p.must(p.r1.Cut(lab.Silently))
	last := p.lastAdvert(p.r1)
	first := p.firstAdvert(p.r2, last.At, 6*time.Second)
	if d := first.At.Sub(last.At); d < masterDown100-50*time.Millisecond || d > masterDown100+slack {
		t.Errorf("r2 took over after %s", d)
	}
	if g := p.a.group(); g.State != "MASTER" {
		t.Errorf("r1, which notices nothing, is %s", g.State)
	}
	p.must(p.r1.Heal(lab.Silently))
	heard := p.firstAdvert(p.r1, time.Now(), 2*time.Second)
	p.b.is("BACKUP", time.Second)
	for _, a := range p.Wire.Adverts(lab.From(p.r2, heard.At.Add(50*time.Millisecond))) {
		t.Errorf("r2 advertises %s after it could hear r1", a.At.Sub(heard.At))
	}
	p.onlyMaster(p.r1, 3*time.Second)
}

// TestClientKeepsTheVirtualMAC: neither the kernel's own packets nor a check
// of the client's entry may teach it another MAC.
func TestClientKeepsTheVirtualMAC(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	virtual, want := lab.Virtual4.Addr(), carp.VHID(1).MAC()
	p.must(p.client.QuickNeighbours())
	for range 2 { // on each of the two routers
		p.must(p.ping.WaitReply(p.within(2*time.Second), time.Now()))
		p.must(p.client.AgeNeighbour(virtual))
		p.eventually(4*time.Second, "the entry is confirmed again", func() bool {
			e, ok, err := p.client.Neighbour(virtual)
			p.must(err)
			if !ok || e.MAC != want {
				t.Fatalf("the client's entry: %t %+v", ok, e)
			}
			return e.State == "REACHABLE"
		})
		p.speak()
		if e, _, err := p.client.Neighbour(virtual); err != nil || e.MAC != want {
			t.Fatalf("after the router spoke first: %+v %v", e, err)
		}
		if p.a.Running() {
			p.must(p.a.Stop(5 * time.Second))
			p.b.is("MASTER", 2*time.Second)
		}
	}
}

// speak makes the MASTER's kernel send from the virtual address to the client
// on its own account, asking for the client's MAC first.
func (p *pair) speak() {
	p.t.Helper()
	n := p.r1
	if !p.a.Running() {
		n = p.r2
	}
	_, _ = n.Command("ip", "neigh", "flush", "dev", lab.Interface).Output()
	out, err := n.Command("ping", "-c1", "-W2", "-I", lab.Virtual4.Addr().String(), p.client.IPv4.Addr().String()).Output()
	if err != nil {
		p.t.Errorf("ping from the virtual address: %v\n%s", err, out)
	}
}

// TestFailbackWaitsForTheOther: a node that preempts a living MASTER holds its
// answers for a moment, in which the other reads the advert. The other is made
// slow here, by stopping it as soon as it has sent what r1 preempts on.
func TestFailbackWaitsForTheOther(t *testing.T) {
	p := newPair(t)
	for range 5 {
		p.must(p.a.Stop(5 * time.Second))
		p.b.is("MASTER", 2*time.Second)
		p.a.start()
		p.a.is("BACKUP", time.Second)
		from := time.Now()
		p.firstAdvert(p.r2, from, 2*time.Second)
		p.must(p.b.Freeze())
		deposes := p.firstAdvert(p.r1, from, 2*time.Second)
		time.Sleep(time.Until(deposes.At.Add(25 * time.Millisecond)))
		p.must(p.b.Thaw())
		late := time.Since(deposes.At)
		p.settle()
		time.Sleep(200 * time.Millisecond)
		if late > 40*time.Millisecond {
			continue // this machine was too slow to stop it for a moment only
		}
		p.oneAnswer(from)
		return
	}
	t.Error("five times the other node could not be thawed in time")
}

// TestCableOutAndIn: cut off right after an advert, the client waits for a
// whole master-down time and no longer; when the cable is back hardly anything
// is lost although the router has forgotten all its neighbours.
func TestCableOutAndIn(t *testing.T) {
	p := newPair(t)
	a := p.firstAdvert(p.r1, time.Now(), 2*time.Second)
	time.Sleep(time.Until(a.At.Add(10 * time.Millisecond)))
	from := time.Now()
	p.must(p.r1.Cut(lab.CarrierLost))
	p.a.is("INIT", time.Second)
	first := p.firstAdvert(p.r2, from, 6*time.Second)
	p.must(p.ping.WaitReply(p.within(2*time.Second), first.At))
	cut := p.ping.Report(from.Add(-100*time.Millisecond), time.Now())
	if cut.Outage < masterDown100-100*time.Millisecond || cut.Outage > masterDown100+slack {
		t.Errorf("cut off: %+v", cut)
	}
	back := time.Now()
	p.must(p.r1.Heal(lab.CarrierLost))
	p.settle()
	time.Sleep(lab.LostAfter)
	seen := p.ping.Report(back, time.Now().Add(-lab.LostAfter/2))
	if seen.Outage > 300*time.Millisecond || seen.Delay > 500*time.Millisecond {
		t.Errorf("back again: %+v", seen)
	}
	p.oneAnswer(back)
}
