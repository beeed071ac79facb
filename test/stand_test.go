package test

import (
	"encoding/binary"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/carpd/carpd/internal/carp"
	"github.com/carpd/carpd/internal/control"
	"github.com/carpd/carpd/internal/lab"
	"github.com/carpd/carpd/internal/status"
)

// Tokens of the pages, and their SHA-256 as sha256sum prints it.
const (
	adminToken  = "token-of-an-administrator-for-tests"
	readerToken = "token-of-a-reader-for-tests"
	adminHash   = "sha256:acd7546a5fc17c40d9f0047bf661a3f47b946102ffb7e4da4443c92310b36438"
	readerHash  = "sha256:601eb05dcf4c0372e3a6cb53fb4e57b9fa0872ee0d51726bf4de0899a2bdcb44"
)

// stand is three nodes as people look at them in a browser. All have the groups
// 1 and 2, and r1 is the best. On r2 the group 9 takes no part, because its
// interface is missing, and everything is demoted by 10; all have refused an
// advert with a wrong digest.
type stand struct {
	*site
	nodes []*carpd
	urls  []string // of their pages
}

// newStand starts them and waits for what they are to show.
func newStand(t *testing.T) *stand {
	t.Helper()
	s := &stand{site: newSite(t, lab.Topology{Routers: 3}, "chromium")}
	for i, n := range s.Routers {
		c := s.newCarpd(n, s.groups(i)...)
		s.must(c.add(s.web(n)))
		c.start()
		s.nodes = append(s.nodes, c)
		local, err := n.Forward(n.IPv4.Addr().String() + ":8443")
		s.must(err)
		s.urls = append(s.urls, "https://"+local)
	}
	s.degrade()
	return s
}

// groups are those of one node.
func (s *stand) groups(i int) []group {
	list := []group{
		{vhid: 1, skew: i * 100, preempt: true, more: "description: clients\n"},
		{vhid: 2, skew: i * 100, preempt: true, addresses: []string{"192.0.2.2/24"}, more: "description: guests\n"},
	}
	if i == 1 {
		list = append(list, group{vhid: 9, carpdev: "eth9", addresses: []string{"198.51.100.9/24"}, more: "description: spare line\nsync: false\n"})
	}
	return list
}

// web is the part of a configuration for the pages.
func (s *stand) web(n *lab.Node) string {
	cert, key := webCertificate(s.t)
	s.must(os.WriteFile(s.File("web.crt"), cert, 0o600))
	s.must(os.WriteFile(s.File("web.key"), key, 0o600))
	return fmt.Sprintf(`api:
  listen: ["%s:8443"]
  certificate: %s
  key: %s
  tokens:
    - {name: boss, role: admin, hash: "%s"}
    - {name: guest, role: read, hash: "%s"}
`, n.IPv4.Addr(), s.File("web.crt"), s.File("web.key"), adminHash, readerHash)
}

// add appends to the configuration.
func (c *carpd) add(text string) error {
	f, err := os.OpenFile(c.config, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = f.WriteString(text)
	return err
}

// degrade brings about what is not as it should be.
func (s *stand) degrade() {
	s.t.Helper()
	s.state(0, 1, "MASTER")
	s.state(0, 2, "MASTER")
	for _, i := range []int{1, 2} {
		s.state(i, 1, "BACKUP")
		s.state(i, 2, "BACKUP")
	}
	_, err := control.Post[status.Demotions](s.within(10*time.Second), s.nodes[1].control, "demotions",
		status.DemoteRequest{Name: "backup-job", Weight: 10, Reason: "the disk is busy"})
	s.must(err)
	s.forge()
	for i, c := range s.nodes {
		s.eventually(10*time.Second, fmt.Sprintf("r%d counts the forged advert", i+1), func() bool {
			return c.tally(1, "bad digest") > 0
		})
	}
}

// state waits until a group of a node is in a state.
func (s *stand) state(node, vhid int, state string) {
	s.t.Helper()
	c := s.nodes[node]
	s.eventually(30*time.Second, fmt.Sprintf("group %d of r%d is %s", vhid, node+1, state), func() bool {
		g := c.group(vhid)
		return g.State == state && (state != "MASTER" || g.AnswerFor > 0)
	})
}

// tally is a counter of one group.
func (c *carpd) tally(vhid int, reason string) uint64 {
	c.s.t.Helper()
	all, err := c.control.Counters(c.s.within(10 * time.Second))
	c.s.must(err)
	for _, g := range all.Groups {
		if g.Name == fmt.Sprintf("%d@%s", vhid, lab.Interface) {
			return g.Packets[reason]
		}
	}
	return 0
}

// forge sends every node one advert of group 1 with a digest of nothing.
func (s *stand) forge() {
	s.t.Helper()
	mac := carp.VHID(1).MAC()
	f := append([]byte{1, 0, 0x5e, 0, 0, 0x12}, mac[:]...)
	f = append(f, 8, 0, 0x45, 0xe0, 0, 56, 0, 0, 0x40, 0, 255, carp.Protocol, 0, 0, 192, 0, 2, 200, 224, 0, 0, 18)
	binary.BigEndian.PutUint16(f[24:], carp.Checksum(f[14:34]))
	f = carp.Advert{VHID: 1, Advbase: 1, Counter: 1}.AppendTo(f)
	_, err := s.client.Flood(s.within(10*time.Second), lab.Flood{Frames: [][]byte{f}, Count: 1})
	s.must(err)
}
