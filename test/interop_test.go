package test

import (
	"encoding/binary"
	"slices"
	"testing"
	"time"

	"github.com/carpd/carpd/internal/lab"
)

// Times of the protocol at advbase 1 and advskew 0 and 100, and what a busy
// machine may add.
const (
	masterDown0   = 3 * time.Second
	masterDown100 = 3390 * time.Millisecond
	slack         = 400 * time.Millisecond
)

// TestCarpdMasterUCarpBackup fails over from carpd to UCarp and back: by a
// bow-out, by preemption, by a crash.
func TestCarpdMasterUCarpBackup(t *testing.T) {
	t.Parallel()
	s := newSite(t, lab.Topology{Routers: 2}, "ucarp")
	r1, r2 := s.Routers[0], s.Routers[1]
	c := s.carpd(r1, group{skew: 0, preempt: true})
	c.is("MASTER", masterDown0+2*time.Second)
	u := s.ucarp(r2, ucarpOptions{skew: 100, preempt: true})
	s.onlyMaster(r1, 5*time.Second)

	s.must(c.Stop(5 * time.Second))
	bow, err := s.Wire.WaitAdvert(s.within(time.Second), lab.Advert.BowOut)
	s.must(err)
	if d := s.firstAdvert(r2, bow.At, 5*time.Second).At.Sub(bow.At); d > ucarpLate {
		t.Errorf("UCarp took over %s after the bow-out", d)
	}
	s.reachable()

	c.start()
	c.is("MASTER", 1391*time.Millisecond+2*ucarpLate)
	if cause := c.group().Cause; cause != "preempt" && cause != "better than the master" {
		t.Logf("cause of the take-over: %s", cause)
	}
	s.eventually(2*ucarpLate, "UCarp is BACKUP again", func() bool { return u.state() == "BACKUP" })
	s.reachable()
	s.onlyMaster(r1, 3*time.Second)

	s.must(c.Kill())
	last := s.lastAdvert(r1)
	took := s.firstAdvert(r2, last.At, 8*time.Second).At.Sub(last.At)
	if took < masterDown100-slack || took > masterDown100+ucarpLate {
		t.Errorf("UCarp took over %s after the last advert", took)
	}
	s.reachable()
}

// TestUCarpMasterCarpdBackup fails over from UCarp to carpd and back.
func TestUCarpMasterCarpdBackup(t *testing.T) {
	t.Parallel()
	s := newSite(t, lab.Topology{Routers: 2}, "ucarp")
	r1, r2 := s.Routers[0], s.Routers[1]
	u := s.ucarp(r1, ucarpOptions{skew: 0, preempt: true})
	s.eventually(masterDown0+2*ucarpLate, "UCarp is MASTER", func() bool { return u.state() == "MASTER" })
	c := s.carpd(r2, group{skew: 100, preempt: true})
	s.onlyMaster(r1, 5*time.Second)
	if g := c.group(); g.State != "BACKUP" || g.Master == nil || g.Master.Address != r1.IPv4.Addr().String() {
		t.Errorf("carpd: %+v", g)
	}

	s.must(u.Kill())
	s.must(r1.DelAddress(lab.Virtual4)) // a killed UCarp has no lease
	last := s.lastAdvert(r1)
	first := s.firstAdvert(r2, last.At, 8*time.Second)
	if took := first.At.Sub(last.At); took < masterDown100-50*time.Millisecond || took > masterDown100+slack {
		t.Errorf("carpd took over %s after the last advert", took)
	}
	s.reachable()

	u = s.ucarp(r1, ucarpOptions{skew: 0, preempt: true})
	back := s.firstAdvert(r1, time.Now(), 1391*time.Millisecond+3*ucarpLate)
	s.eventually(time.Second, "carpd is BACKUP", func() bool { return c.group().State == "BACKUP" })
	for _, a := range s.Wire.Adverts(lab.From(r2, back.At.Add(50*time.Millisecond))) {
		t.Errorf("carpd advertises %s after UCarp's first advert", a.At.Sub(back.At))
	}
	s.reachable()
	s.onlyMaster(r1, 3*time.Second)
}

// TestWrongPasswordMakesTwoMastersAndSaysWhy: each side is right to be MASTER,
// and the counters of carpd tell the operator why.
func TestWrongPasswordMakesTwoMastersAndSaysWhy(t *testing.T) {
	t.Parallel()
	s := newSite(t, lab.Topology{Routers: 2}, "ucarp")
	c := s.carpd(s.Routers[0], group{skew: 0, preempt: true})
	u := s.ucarp(s.Routers[1], ucarpOptions{skew: 100, password: "somethingelse"})
	twoMasters(t, c, u)
}

// TestDifferentAddressListsMakeTwoMastersAndSayWhy: the addresses are part of
// the digest.
func TestDifferentAddressListsMakeTwoMastersAndSayWhy(t *testing.T) {
	t.Parallel()
	s := newSite(t, lab.Topology{Routers: 2}, "ucarp")
	c := s.carpd(s.Routers[0], group{skew: 0, addresses: []string{lab.Virtual4.String(), "192.0.2.2/24"}})
	u := s.ucarp(s.Routers[1], ucarpOptions{skew: 100})
	twoMasters(t, c, u)
}

// twoMasters waits for them and looks whether the reason is counted while both
// run.
func twoMasters(t *testing.T, c *carpd, u *ucarp) {
	t.Helper()
	s := c.s
	c.is("MASTER", masterDown100+2*time.Second)
	s.eventually(masterDown100+2*ucarpLate, "UCarp is MASTER", func() bool { return u.state() == "MASTER" })
	s.firstAdvert(u.node, time.Time{}, 2*ucarpLate)
	s.eventually(time.Second, "a bad digest is counted", func() bool { return c.packets("bad digest") > 0 })
	before := c.packets("bad digest")
	s.eventually(3*time.Second, "bad digest rises", func() bool { return c.packets("bad digest") > before })
	if c.packets("ok") != 0 {
		t.Error("an advert with a wrong digest was taken")
	}
	if c.group().State != "MASTER" || u.state() != "MASTER" {
		t.Errorf("carpd is %s, UCarp is %s", c.group().State, u.state())
	}
}

// TestEqualSkew: whoever is MASTER first stays it, whoever hears it keeps
// quiet, and when it is gone the other takes over.
func TestEqualSkew(t *testing.T) {
	t.Run("carpd first", func(t *testing.T) {
		t.Parallel()
		s := newSite(t, lab.Topology{Routers: 2}, "ucarp")
		r1, r2 := s.Routers[0], s.Routers[1]
		c := s.carpd(r1, group{skew: 50, preempt: true})
		c.is("MASTER", 3195*time.Millisecond+2*time.Second)
		s.ucarp(r2, ucarpOptions{skew: 50, preempt: true})
		s.onlyMaster(r1, 7*time.Second)
		s.must(c.Kill())
		s.firstAdvert(r2, time.Now(), masterDown100+2*ucarpLate)
	})
	t.Run("UCarp first", func(t *testing.T) {
		t.Parallel()
		s := newSite(t, lab.Topology{Routers: 2}, "ucarp")
		r1, r2 := s.Routers[0], s.Routers[1]
		u := s.ucarp(r1, ucarpOptions{skew: 50, preempt: true})
		s.firstAdvert(r1, time.Now(), masterDown100+2*ucarpLate)
		c := s.carpd(r2, group{skew: 50, preempt: true})
		s.onlyMaster(r1, 7*time.Second)
		s.must(u.Kill())
		c.is("MASTER", masterDown100+time.Second)
	})
}

// TestEqualSkewOfTwoCarpd: a partition leaves two equal masters; when it heals
// one yields, by the addresses, and both tell of the tie.
func TestEqualSkewOfTwoCarpd(t *testing.T) {
	t.Parallel()
	s := newSite(t, lab.Topology{Routers: 2})
	r1, r2 := s.Routers[0], s.Routers[1]
	a := s.carpd(r1, group{skew: 50})
	b := s.carpd(r2, group{skew: 50})
	s.must(r2.Cut(lab.Silently))
	a.is("MASTER", masterDown100+2*time.Second)
	b.is("MASTER", masterDown100+2*time.Second)
	s.must(r2.Heal(lab.Silently))
	a.is("BACKUP", 2*time.Second) // 192.0.2.12 is the higher address
	a.event("tie", time.Second)
	s.onlyMaster(r2, 5*time.Second)
}

// TestLoneUCarpMasterWithRandomCounters: a lone UCarp draws every counter
// anew; an order of counters must not be asked for.
func TestLoneUCarpMasterWithRandomCounters(t *testing.T) {
	t.Parallel()
	s := newSite(t, lab.Topology{Routers: 2}, "ucarp")
	r1 := s.Routers[0]
	u := s.ucarp(r1, ucarpOptions{skew: 0, preempt: true})
	s.eventually(masterDown0+2*ucarpLate, "UCarp is MASTER", func() bool { return u.state() == "MASTER" })
	c := s.carpd(s.Routers[1], group{skew: 100})
	from := time.Now()
	s.onlyMaster(r1, 8*time.Second)
	var counters []uint64
	for _, a := range s.Wire.Adverts(lab.From(r1, from)) {
		counters = append(counters, binary.BigEndian.Uint64(a.Payload[8:]))
	}
	if len(counters) < 6 || slices.IsSorted(counters) {
		t.Errorf("the counters of this UCarp are in order, which proves nothing: %x", counters)
	}
	if ok := c.packets("ok"); ok < uint64(len(counters)) {
		t.Errorf("%d adverts sent, %d taken", len(counters), ok)
	}
	if g := c.group(); g.State != "BACKUP" || g.Transitions > 1 {
		t.Errorf("carpd is %s after %d transitions", g.State, g.Transitions)
	}
}

// TestTwoCarpdAndOneUCarp: three nodes, one MASTER, in the order of advskew.
func TestTwoCarpdAndOneUCarp(t *testing.T) {
	t.Parallel()
	s := newSite(t, lab.Topology{Routers: 3}, "ucarp")
	r1, r2, r3 := s.Routers[0], s.Routers[1], s.Routers[2]
	a := s.carpd(r1, group{skew: 0, preempt: true})
	b := s.carpd(r2, group{skew: 50, preempt: true})
	s.ucarp(r3, ucarpOptions{skew: 100, preempt: true})
	a.is("MASTER", masterDown0+2*time.Second)
	s.onlyMaster(r1, 5*time.Second)
	s.must(a.Kill())
	b.is("MASTER", masterDown0+time.Second)
	s.onlyMaster(r2, 4*time.Second)
	s.reachable()
	s.must(b.Kill())
	s.firstAdvert(r3, time.Now(), masterDown100+2*ucarpLate)
	b.start()
	b.is("MASTER", 1391*time.Millisecond+2*ucarpLate)
	s.eventually(2*ucarpLate, "UCarp yields", func() bool { return !s.advertises(r3, 1500*time.Millisecond) })
	s.onlyMaster(r2, 3*time.Second)
	s.reachable()
}

// reachable checks that the client gets an answer from the virtual address.
func (s *site) reachable() {
	s.t.Helper()
	p, err := s.client.Ping(lab.Virtual4.Addr(), 10*time.Millisecond)
	s.must(err)
	defer p.Stop()
	if err := p.WaitReply(s.within(3*time.Second), time.Now()); err != nil {
		s.t.Error("the client gets no answer from the virtual address")
	}
}
