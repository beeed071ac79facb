package test

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/carpd/carpd/internal/lab"
	"github.com/carpd/carpd/internal/status"
)

// lease at advbase 1: 3 x 1 s - 50 ms after the clock read before the send.
const lease = 2950 * time.Millisecond

// both are the addresses of a dual-stack group.
var both = []string{lab.Virtual4.String(), lab.Virtual6.String()}

// TestKilledCarpdFallsSilent: programs and maps are pinned and outlive carpd,
// the lease does not.
func TestKilledCarpdFallsSilent(t *testing.T) {
	t.Parallel()
	fallsSilent(t, func(c *carpd) error { return c.Kill() })
}

// TestFrozenCarpdFallsSilent: the same for a carpd that hangs, and after the
// thaw it must not go on as if nothing had happened.
func TestFrozenCarpdFallsSilent(t *testing.T) {
	t.Parallel()
	c := fallsSilent(t, func(c *carpd) error { return c.Freeze() })
	s := c.s
	thaw := time.Now()
	s.must(c.Thaw())
	c.eventLike(2*time.Second, "transition", func(e status.Event) bool {
		return e.To == "BACKUP" && strings.HasPrefix(e.Cause, "stalled ")
	})
	first := s.firstAdvert(c.node, thaw, 6*time.Second)
	if d := first.At.Sub(thaw); d < masterDown0-slack {
		t.Errorf("advertises %s after the thaw, before a full master-down time", d)
	}
}

// fallsSilent ends or stops a lone MASTER's carpd and checks when ARP, NS and
// echo requests stop to be answered.
func fallsSilent(t *testing.T, end func(*carpd) error) *carpd {
	s := newSite(t, lab.Topology{Routers: 1})
	c := s.carpd(s.Routers[0], group{addresses: both})
	c.is("MASTER", masterDown0+2*time.Second)
	var asks []*lab.Asker
	var pings []*lab.Pinger
	for _, v := range []netip.Prefix{lab.Virtual4, lab.Virtual6} {
		a, err := s.client.Ask(v.Addr(), 5*time.Millisecond)
		s.must(err)
		p, err := s.client.Ping(v.Addr(), 5*time.Millisecond)
		s.must(err)
		s.must(p.WaitReply(s.within(3*time.Second), time.Now()))
		asks, pings = append(asks, a), append(pings, p)
	}
	s.must(end(c))
	last := s.lastAdvert(c.node)
	serves, silent := last.At.Add(lease-200*time.Millisecond), last.At.Add(lease+20*time.Millisecond)
	time.Sleep(time.Until(silent.Add(1500 * time.Millisecond)))
	for i, name := range []string{"IPv4", "IPv6"} {
		during := asks[i].Report(last.At, serves)
		after := asks[i].Report(silent, time.Now().Add(-100*time.Millisecond))
		if during.Asked == 0 || during.Answered < during.Asked*9/10 {
			t.Errorf("%s: while the lease runs %d of %d questions are answered", name, during.Answered, during.Asked)
		}
		if after.Asked == 0 || after.Answered > 0 {
			t.Errorf("%s: after the lease %d of %d questions are answered", name, after.Answered, after.Asked)
		}
		if share, _ := pings[i].Share(last.At, serves); share < 0.9 {
			t.Errorf("%s: while the lease runs %v of the echo requests are answered", name, share)
		}
		if share, _ := pings[i].Share(silent, time.Now()); share > 0 {
			t.Errorf("%s: after the lease %v of the echo requests are answered", name, share)
		}
	}
	return c
}
