package test

import (
	"strings"
	"testing"
	"time"

	"github.com/carpd/carpd/internal/carp"
	"github.com/carpd/carpd/internal/lab"
)

// vmac1 is the virtual MAC of VHID 1.
var vmac1 = carp.MAC{0, 0, 0x5e, 0, 1, 1}

// noAdverts keeps adverts from being seen by the switch, which would learn from them.
const noAdverts = `table bridge lab {
	chain in {
		type filter hook prerouting priority -300;
		ip protocol 112 drop
	}
}
`

// TestSwitchDoesNotForget: with a short ageing time and nothing else that the
// virtual MAC sends, the switch keeps it because of the slow announcements, and
// forgets one for which there are none.
func TestSwitchDoesNotForget(t *testing.T) {
	t.Parallel()
	s := newSite(t, lab.Topology{Routers: 2}, "nft")
	const ageing = 10 * time.Second
	s.ip(s.Switch, "link set br0 type bridge ageing_time 1000")
	s.nft(s.Switch, noAdverts)
	a := s.carpd(s.Routers[0], group{vhid: 1, more: "announce_every: 5s\n"})
	b := s.carpd(s.Routers[1], group{vhid: 2, addresses: []string{"192.0.2.2/24"}, more: "announce_every: 0\n"})
	for _, c := range []*carpd{a, b} {
		c.is("MASTER", masterDown0+2*time.Second)
	}
	s.eventually(2*time.Second, "the switch knows both", func() bool { return s.knows(1) && s.knows(2) })
	from := time.Now()
	for s.knows(2) || time.Since(from) < 2*ageing {
		if !s.knows(1) {
			t.Fatalf("forgot the MAC that announces after %s", time.Since(from))
		}
		if time.Since(from) > 4*ageing {
			t.Fatal("did not forget the MAC that does not announce: the test shows nothing")
		}
		time.Sleep(50 * time.Millisecond)
	}
	if n := len(s.Wire.Claims(func(c lab.Claim) bool { return c.Port == "r1" && c.MAC == vmac1 && c.SrcMAC == vmac1 })); n < 7 {
		t.Errorf("%d announcements", n)
	}
}

// knows reports whether the switch has a port for the virtual MAC of a VHID.
func (s *site) knows(vhid int) bool {
	s.t.Helper()
	out, err := s.Switch.Command("bridge", "fdb", "show", "br", "br0").Output()
	s.must(err)
	return strings.Contains(out, "00:00:5e:00:01:0"+string(rune('0'+vhid)))
}
