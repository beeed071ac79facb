package test

import (
	"testing"
	"time"

	"github.com/carpd/carpd/internal/lab"
)

// password is the one of all groups, unless a test is about passwords.
const password = "mekmitasdigoat"

// TestInstrumentsMeasureTwoUCarps runs the instruments on daemons that are not
// ours, so that a mistake of an instrument is not taken for one of carpd.
func TestInstrumentsMeasureTwoUCarps(t *testing.T) {
	t.Parallel()
	s := newSite(t, lab.Topology{Routers: 2}, "ucarp")
	r1, r2 := s.Routers[0], s.Routers[1]
	// Else r1 would forward to r2 what it gets for an address it no longer has.
	s.must(r1.Sysctl("net.ipv4.ip_forward", "0"))
	a := s.ucarp(r1, ucarpOptions{skew: 0, preempt: true})
	s.eventually(6*time.Second, "r1 is MASTER", func() bool { return a.state() == "MASTER" })
	b := s.ucarp(r2, ucarpOptions{skew: 100})
	s.onlyMaster(r1, 4*time.Second)

	ping, err := s.client.Ping(lab.Virtual4.Addr(), time.Millisecond)
	s.must(err)
	ask, err := s.client.Ask(lab.Virtual4.Addr(), time.Millisecond)
	s.must(err)
	s.must(ping.WaitReply(s.within(2*time.Second), time.Now()))
	begin := time.Now()
	s.must(a.Kill())
	last := s.lastAdvert(r1)
	// A killed UCarp leaves its address: that is what a lease is for.
	s.must(r1.DelAddress(lab.Virtual4))
	gone := time.Now()
	first := s.firstAdvert(r2, last.At, 8*time.Second)
	took := first.At.Sub(last.At)
	if took < 3300*time.Millisecond || took > 3391*time.Millisecond+ucarpLate {
		t.Errorf("r2 took over %s after the last advert", took)
	}
	s.eventually(2*time.Second, "r2 is MASTER", func() bool { return b.state() == "MASTER" })
	s.must(ping.WaitReply(s.within(2*time.Second), first.At))
	time.Sleep(100 * time.Millisecond)
	ping.Stop()
	ask.Stop()
	// UCarp's script takes the address, then it announces, then it advertises.
	claim, err := s.Wire.WaitClaim(s.within(time.Second), func(c lab.Claim) bool {
		return c.Port == r2.Name && c.At.After(gone) && c.Addr == lab.Virtual4.Addr()
	})
	s.must(err)
	seen := ping.Report(begin, time.Time{})
	if d := seen.Outage - claim.At.Sub(gone); d < -200*time.Millisecond || d > 300*time.Millisecond {
		t.Errorf("the client saw an outage of %s, but nobody had the address for %s", seen.Outage, claim.At.Sub(gone))
	}
	answers := ask.Report(begin, time.Time{})
	if len(answers.Doubles) != 0 || answers.By["r1"] == 0 || answers.By["r2"] == 0 {
		t.Errorf("answers: %+v", answers)
	}
}
