package test

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/carpd/carpd/internal/control"
	"github.com/carpd/carpd/internal/lab"
	"github.com/carpd/carpd/internal/status"
	"github.com/carpd/carpd/test/browser"
)

// clusterDeeds are the buttons of the Sync page, in their order.
var clusterDeeds = []deed{
	{"cluster/init", makeCluster}, {"cluster/token", nil}, {"cluster/join", joinCluster},
	{"vips/save", shareVIP}, {"cluster/sync", syncNow}, {"cluster/remove", leaveCluster},
}

// TestNewVIPIsElectedOnAllNodes is the run of a person who has three nodes: he
// makes a cluster of them on the Sync page, adds a virtual IP on the first, and
// all three elect it, with skews by their ranks. Meanwhile a client asks another
// virtual IP a thousand times a second, and loses nothing.
func TestNewVIPIsElectedOnAllNodes(t *testing.T) {
	for _, view := range []browser.View{browser.Desktop, browser.Phone} {
		t.Run(view.Name, func(t *testing.T) {
			s := newStand(t)
			v := &visit{stand: s, page: signedIn(t, view, s.urls[0], adminToken)}
			probe := s.probe()
			for _, d := range clusterDeeds {
				if d.do != nil && !t.Run(strings.ReplaceAll(d.act, "/", "-"), func(t *testing.T) { v.with(t, d.do) }) {
					break // The next ones build on it.
				}
			}
			probe.nothingLost()
		})
	}
}

// probe asks a virtual IP, and remembers how the groups were.
type probe struct {
	s     *stand
	begin time.Time
	ping  *lab.Pinger
	moves []string
}

// probe starts to ask the address of group 2.
func (s *stand) probe() *probe {
	s.t.Helper()
	ping, err := s.client.Ping(netip.MustParseAddr("192.0.2.2"), time.Millisecond)
	s.must(err)
	s.must(ping.WaitReply(s.within(10*time.Second), time.Now()))
	return &probe{s, time.Now(), ping, s.moves()}
}

// moves are how often the groups 1 and 2 of each node have changed their state.
func (s *stand) moves() (list []string) {
	s.t.Helper()
	for _, c := range s.nodes {
		list = append(list, fmt.Sprintf("%s: 1 %d times, 2 %d times", c.node.Name, c.group(1).Transitions, c.group(2).Transitions))
	}
	return list
}

// nothingLost checks that every question was answered, that the MASTER went on
// to advertise, and that nobody changed a state.
func (p *probe) nothingLost() {
	s := p.s
	s.t.Helper()
	end := time.Now()
	s.must(p.ping.WaitReply(s.within(10*time.Second), end))
	r := p.ping.Report(p.begin, end)
	s.t.Logf("asked %d times, lost %d, the longest outage %s, the client's own stall %s", r.Sent, r.Lost, r.Outage, r.Stall)
	if r.Lost > 0 || r.Sent == 0 {
		s.t.Errorf("%d of %d lost", r.Lost, r.Sent)
	}
	if was, is := strings.Join(p.moves, "; "), strings.Join(s.moves(), "; "); was != is {
		s.t.Errorf("groups changed their states: %s, before %s", is, was)
	}
	last := p.begin
	for _, a := range s.Wire.Adverts(lab.From(s.nodes[0].node, p.begin)) {
		if a.VHID() != 2 {
			continue
		}
		if gap := a.At.Sub(last); gap > 2500*time.Millisecond { // A BACKUP takes over after 3.4 s.
			s.t.Errorf("no advert of group 2 for %s", gap)
		}
		last = a.At
	}
}

// others are the pages of the other nodes.
func (v *visit) others() []*page {
	v.t.Helper()
	var list []*page
	for _, url := range v.urls[1:] {
		list = append(list, signedIn(v.t, v.page.View, url, adminToken))
	}
	return list
}

// cluster is what a node knows of all.
func (v *visit) cluster(node int) *status.Cluster {
	v.t.Helper()
	c, err := control.Read[status.Cluster](v.within(20*time.Second), v.nodes[node].control, "cluster")
	v.must(err)
	return c
}

// listens is the address of a node for the others.
func (v *visit) listens(node int) string {
	return v.nodes[node].node.IPv4.Addr().String() + ":7430"
}

// makeCluster makes the first node one.
func makeCluster(v *visit) {
	p := v.page
	p.to("/sync")
	p.fill("#init-node", "r1")
	p.fill("#init-listen", v.listens(0))
	p.press("form[action='/do/cluster/init'] button")
	p.waitFor("#node-r1")
	if c := v.cluster(0); !c.Enabled || c.Node != "r1" || len(c.Nodes) != 1 {
		v.t.Errorf("after the first node was made: %+v", c)
	}
}

// joinCluster makes a token for each other node and joins it there.
func joinCluster(v *visit) {
	for i, p := range v.others() {
		name := fmt.Sprintf("r%d", i+2)
		v.page.to("/sync")
		v.page.press("form[action='/do/cluster/token'] button")
		token := v.page.text("pre.token")
		p.to("/sync")
		p.fill("#join-node", name)
		p.fill("#join-listen", v.listens(i+1))
		p.fill("#join-token", token)
		p.press("form[action='/do/cluster/join'] button")
		p.waitFor("#node-" + name)
	}
	v.agree(3)
	v.page.to("/sync")
	v.page.picture("sync-three")
	v.page.fits()
	v.page.to("/")
	v.page.picture("status-three")
	v.page.fits()
}

// agree waits until every node knows so many nodes that all run one version.
func (v *visit) agree(nodes int) {
	v.t.Helper()
	v.eventually(30*time.Second, "all nodes agree", func() bool {
		for i := range nodes {
			c := v.cluster(i)
			if len(c.Nodes) != nodes {
				return false
			}
			for _, n := range c.Nodes {
				if n.Sync != status.SyncEqual || n.Version.Hash != c.Version.Hash {
					return false
				}
			}
		}
		return true
	})
}

// shareVIP adds one on the first node and looks at all of them.
func shareVIP(v *visit) {
	addVIP(v)
	v.page.press("form[action='/do/apply']:not(.trial-form) button")
	v.page.gone("#pending")
	v.eventually(30*time.Second, "all nodes have the new group", func() bool {
		for _, c := range v.nodes {
			if !c.has(3) {
				return false
			}
		}
		return true
	})
	v.state(0, 3, "MASTER")
	for i, skew := range []int{0, 100, 200} {
		if i > 0 {
			v.state(i, 3, "BACKUP")
		}
		if g := v.nodes[i].group(3); g.Advskew != skew || g.Addresses[0] != "192.0.2.3/24" || g.Description != "printers" {
			v.t.Errorf("r%d: %+v, want a skew of %d", i+1, g, skew)
		}
	}
	v.agree(3)
	v.page.to("/")
	v.page.says("3@eth0", "printers")
	v.page.picture("status-new-vip")
	out, err := v.client.Command("ping", "-c1", "-W5", "192.0.2.3").Output()
	if err != nil {
		v.t.Errorf("the new address: %v\n%s", err, out)
	}
}

// has tells whether the daemon has a group.
func (c *carpd) has(vhid int) bool {
	c.s.t.Helper()
	for _, g := range c.status().Groups {
		if g.VHID == vhid {
			return true
		}
	}
	return false
}

// syncNow presses all four buttons that agree.
func syncNow(v *visit) {
	before := v.cluster(0).Version
	for _, form := range []string{"dry", "sync", "push-dry", "push"} {
		v.page.to("/sync")
		v.page.open()
		if form == "push" {
			v.page.must(v.page.Click("form:has(input[value='push']) input[name=sure]"))
		}
		v.page.press(fmt.Sprintf("form[action='/do/cluster/sync']:has(input[value='%s']) button", form))
		v.page.waitFor("#report")
		v.page.says("r2", "r3")
		if now := v.cluster(0).Version; form != "push" && now != before {
			v.t.Errorf("%s made version %+v of %+v", form, now, before)
		}
	}
	v.page.picture("sync-report")
	v.page.fits()
	v.agree(3)
}

// leaveCluster takes out another node, and then the first one itself.
func leaveCluster(v *visit) {
	for i, name := range []string{"r3", "r1"} {
		v.page.to("/sync")
		v.page.open()
		form := fmt.Sprintf("form[action='/do/cluster/remove']:has(input[value='%s'])", name)
		v.page.must(v.page.Click(form + " input[name=sure]"))
		v.page.press(form + " button")
		v.page.says(name + " is no longer a node")
		if i == 0 {
			v.eventually(20*time.Second, "r1 knows two nodes", func() bool { return len(v.cluster(0).Nodes) == 2 })
		}
	}
	if c := v.cluster(0); c.Enabled {
		v.t.Errorf("after it left: %+v", c)
	}
}
