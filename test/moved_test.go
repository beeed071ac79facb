package test

import (
	"strings"
	"testing"
	"time"

	"github.com/carpd/carpd/internal/carp"
	"github.com/carpd/carpd/internal/lab"
)

// muted keeps the switch from learning anything at the port of r1.
const muted = `table bridge mute {
	chain in {
		type filter hook prerouting priority -300;
		iifname "r1" drop
	}
}
`

// port is where the switch sends frames for the virtual MAC of VHID 1.
func (s *site) port() string {
	s.t.Helper()
	out, err := s.Switch.Command("bridge", "fdb", "show", "br", "br0").Output()
	s.must(err)
	_, after, ok := strings.Cut(out, vmac1.String()+" dev ")
	if !ok {
		return ""
	}
	return strings.Fields(after)[0]
}

// stolen is a broadcast frame of no known protocol that comes from the virtual MAC.
func stolen() []byte {
	b := append([]byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, vmac1[:]...)
	b = append(b, 0x88, 0xb5)
	return append(b, make([]byte, 60-len(b))...)
}

// steal has the client send such frames.
func (s *site) steal(f lab.Flood) lab.Flooded {
	s.t.Helper()
	f.Frames = [][]byte{stolen()}
	done, err := s.client.Flood(s.t.Context(), f)
	s.must(err)
	return done
}

// announcements are those of a node for the virtual IPv4 address after an instant.
func (s *site) announcements(n *lab.Node, after time.Time) []lab.Claim {
	return s.Wire.Claims(func(c lab.Claim) bool {
		return c.Port == n.Name && c.At.After(after) && c.Addr == lab.Virtual4.Addr() && c.SrcMAC == vmac1
	})
}

// TestMovedMACComesBack: a frame with our virtual MAC as its source that comes in
// at another port of the switch moves the switch's entry there; carpd announces at
// once, so that the entry comes back, and somebody who goes on is answered ten
// times a second and no faster. Adverts are kept from the switch here: they would
// bring the entry back too, only later.
func TestMovedMACComesBack(t *testing.T) {
	t.Parallel()
	s := newSite(t, lab.Topology{Routers: 2}, "nft")
	s.nft(s.Switch, noAdverts)
	r1 := s.Routers[0]
	a := s.carpd(r1, group{more: "announce_every: 0\n"})
	a.is("MASTER", masterDown0+2*time.Second)
	s.eventually(10*time.Second, "the announcements of the takeover are over", func() bool { return len(s.announcements(r1, time.Time{})) == 5 })
	if at := s.port(); at != "r1" {
		t.Fatalf("the switch has the virtual MAC at %q", at)
	}
	s.movesAway(a)
	s.comesBack(a)
	s.isPaced(a)
	s.isLeftAlone(s.carpd(s.Routers[1], group{skew: 100}))
}

// isLeftAlone checks that a BACKUP does not mind the MASTER's MAC.
func (s *site) isLeftAlone(c *carpd) {
	s.t.Helper()
	c.is("BACKUP", 2*time.Second)
	s.firstAdvert(s.Routers[0], s.firstAdvert(s.Routers[0], time.Now(), 3*time.Second).At, 3*time.Second)
	if n, said := c.packets(carp.Moved.String()), s.announcements(c.node, time.Time{}); n > 0 || len(said) > 0 {
		s.t.Errorf("a BACKUP counts %d frames of the MASTER's MAC, and announces %+v", n, said)
	}
}

// movesAway shows that one frame is enough to move the entry: here the switch
// does not hear the announcement.
func (s *site) movesAway(c *carpd) {
	s.t.Helper()
	s.nft(s.Switch, muted)
	from := time.Now()
	s.steal(lab.Flood{Count: 1})
	s.eventually(2*time.Second, "the entry has moved away", func() bool { return s.port() == "client" })
	s.eventually(2*time.Second, "an announcement", func() bool { return len(s.announcements(c.node, from)) > 0 })
	if at := s.port(); at != "client" {
		s.t.Fatalf("the switch hears what it must not: %q", at)
	}
	s.nft(s.Switch, "delete table bridge mute")
	time.Sleep(150 * time.Millisecond) // carpd is told of the next frame after 100 ms.
}

// comesBack checks what follows one more frame.
func (s *site) comesBack(c *carpd) {
	s.t.Helper()
	counted := c.packets(carp.Moved.String())
	from := time.Now()
	s.steal(lab.Flood{Count: 1})
	s.eventually(2*time.Second, "the entry is back", func() bool { return s.port() == "r1" })
	said := s.announcements(c.node, from)
	if len(said) != 1 || said[0].At.Sub(from) > time.Second {
		s.t.Errorf("announced: %+v, the frame was sent at %s", said, from)
	}
	if n := c.packets(carp.Moved.String()); counted != 1 || n != 2 {
		s.t.Errorf("counted: %d frames, and then %d", counted, n)
	}
	if e := c.event("moved", time.Second); e.Group != "1@eth0" || e.Cause != "MAC seen elsewhere" {
		s.t.Errorf("event: %+v", e)
	}
}

// isPaced checks the pace of announcements under a flood of such frames, and that
// the next advert brings the entry back if the last announcement did not.
func (s *site) isPaced(c *carpd) {
	s.t.Helper()
	counted, from := c.packets(carp.Moved.String()), time.Now()
	done := s.steal(lab.Flood{Rate: 2000, For: 3 * time.Second})
	s.eventually(2*time.Second, "all are counted", func() bool { return c.packets(carp.Moved.String())-counted >= done.Sent*9/10 })
	said, seconds := float64(len(s.announcements(c.node, from))), done.Took.Seconds()
	s.t.Logf("%d frames in %.2f s, %v announcements", done.Sent, seconds, said)
	if said > 12*seconds || said < 3*seconds {
		s.t.Errorf("%v announcements in %.1f s", said, seconds)
	}
	s.nft(s.Switch, "delete table bridge lab")
	s.eventually(3*time.Second, "an advert brings the entry back", func() bool { return s.port() == "r1" })
}
