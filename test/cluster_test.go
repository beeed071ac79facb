package test

import (
	"strings"
	"testing"
	"time"

	"github.com/carpd/carpd/internal/lab"
	"github.com/carpd/carpd/internal/status"
)

// TestCluster: three carpd are enrolled over the network; each shows all; when one
// is killed the others say so, and when it is back all is well.
func TestCluster(t *testing.T) {
	t.Parallel()
	s := newSite(t, lab.Topology{Routers: 3})
	all := newCluster(t, s, 3)
	all[0].is("MASTER", masterDown0+10*time.Second)
	for _, c := range all {
		got := c.verdict(status.ClusterOK, 30*time.Second)
		if got.Node != c.node.Name || got.Nodes[0].Name != c.node.Name || len(got.Nodes) != 3 {
			t.Errorf("%s: %+v", c.node.Name, got)
		}
	}
	if r := [3]int{all[2].member("r1").Rank, all[2].member("r2").Rank, all[2].member("r3").Rank}; r != [3]int{0, 1, 2} {
		t.Errorf("ranks %v", r)
	}
	s.must(all[2].Kill())
	for _, c := range all[:2] {
		got := c.verdict(status.ClusterDegraded, 30*time.Second)
		if len(got.Reasons) != 1 || !strings.HasPrefix(got.Reasons[0], "r3 has not answered for ") {
			t.Errorf("%s: %q", c.node.Name, got.Reasons)
		}
		if n := c.member("r3"); n.Sync != status.SyncUnreachable || n.Status != nil {
			t.Errorf("%s: %+v", c.node.Name, n)
		}
		c.event("node unreachable", 10*time.Second)
	}
	all[2].start()
	for _, c := range all {
		c.verdict(status.ClusterOK, 30*time.Second)
	}
}
