package test

import (
	"net/netip"
	"testing"
	"time"

	"github.com/carpd/carpd/internal/control"
	"github.com/carpd/carpd/internal/lab"
	"github.com/carpd/carpd/internal/status"
)

// clusterPort is where the nodes of these tests listen for each other.
const clusterPort = 7430

// newCluster runs carpd on the first routers, called r1, r2 and so on, with one
// group and ranked skews, makes a cluster of them, and waits until each sees all.
func newCluster(t *testing.T, s *site, nodes int) []*carpd {
	t.Helper()
	var all []*carpd
	for i, r := range s.Routers[:nodes] {
		all = append(all, s.carpd(r, group{skew: 100 * i, preempt: true, addresses: both}))
	}
	enrol(all...)
	return all
}

// enrol makes a cluster of carpd that run: the first makes it, the others join by
// tokens of the first.
func enrol(all ...*carpd) {
	first := all[0]
	first.s.t.Helper()
	first.carpctl("cluster", "init", "--node", first.node.Name, "--listen", clusterAddress(first.node))
	for _, c := range all[1:] {
		c.join(first.carpctl("cluster", "token"))
	}
	for _, c := range all {
		c.seesAll(len(all))
	}
}

// clusterAddress is where a node listens for the others.
func clusterAddress(n *lab.Node) string {
	return netip.AddrPortFrom(n.IPv4.Addr(), clusterPort).String()
}

// join enrols it with a token.
func (c *carpd) join(token string) {
	c.s.t.Helper()
	if out, err := c.tryJoin(c.node.Name, token); err != nil {
		c.s.t.Fatalf("%s does not join: %v\n%s", c.node.Name, err, out)
	}
}

// tryJoin tries to, by a name.
func (c *carpd) tryJoin(name, token string) (string, error) {
	c.s.t.Helper()
	p := c.node.Command(program(c.s.t, "carpctl"), "--instance", c.instance,
		"cluster", "join", "--node", name, "--listen", clusterAddress(c.node))
	p.Stdin = token
	return p.Output()
}

// cluster asks the daemon for all nodes.
func (c *carpd) cluster() *status.Cluster {
	c.s.t.Helper()
	all, err := control.Read[status.Cluster](c.s.t.Context(), c.control, "cluster")
	c.s.must(err)
	return all
}

// seesAll waits until so many nodes are members and show themselves.
func (c *carpd) seesAll(nodes int) {
	c.s.t.Helper()
	c.s.eventually(30*time.Second, c.node.Name+" sees all nodes", func() bool {
		all := c.cluster()
		for _, n := range all.Nodes {
			if n.Status == nil {
				return false
			}
		}
		return len(all.Nodes) == nodes
	})
}

// verdict waits for the cluster to be judged so by this node.
func (c *carpd) verdict(want string, within time.Duration) *status.Cluster {
	c.s.t.Helper()
	var all *status.Cluster
	defer func() {
		if c.s.t.Failed() {
			c.s.t.Logf("%s: %s %q", c.node.Name, all.Verdict, all.Reasons)
		}
	}()
	c.s.eventually(within, c.node.Name+" says "+want, func() bool {
		all = c.cluster()
		return all.Verdict == want
	})
	return all
}

// member is one node as this one sees it.
func (c *carpd) member(name string) status.Node {
	c.s.t.Helper()
	for _, n := range c.cluster().Nodes {
		if n.Name == name {
			return n
		}
	}
	c.s.t.Fatalf("%s knows no node %s", c.node.Name, name)
	return status.Node{}
}
