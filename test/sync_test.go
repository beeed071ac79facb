package test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/carpd/carpd/internal/control"
	"github.com/carpd/carpd/internal/lab"
	"github.com/carpd/carpd/internal/status"
)

// TestSync: a VIP that is added on one node is on all, with the advskew of each
// rank, and the group that was there is not disturbed. carpctl says so.
func TestSync(t *testing.T) {
	t.Parallel()
	s := newSite(t, lab.Topology{Routers: 3})
	all := newCluster(t, s, 3)
	agreed(all...)
	all[0].is("MASTER", masterDown0+10*time.Second)
	before := all[0].group(1).Transitions
	vhid, carpdev, word := 2, lab.Interface, password
	all[0].edit("vips/add", status.VIPRequest{Edit: status.VIPEdit{VHID: &vhid, Carpdev: &carpdev, Password: &word, Addresses: []string{"192.0.2.2/24"}}})
	all[0].apply()
	agreed(all...)
	for i, c := range all {
		if g := c.group(2); g.Advskew != 100*i || !slices.Equal(g.Addresses, []string{"192.0.2.2/24"}) {
			t.Errorf("%s: %+v", c.node.Name, g)
		}
	}
	s.eventually(masterDown0+10*time.Second, "r1 is MASTER of the new group", func() bool {
		return all[0].group(2).State == "MASTER" && all[1].group(2).State == "BACKUP" && all[2].group(2).State == "BACKUP"
	})
	if now := all[0].group(1).Transitions; now != before {
		t.Errorf("the other group changed its state %d times", now-before)
	}
	out := all[1].carpctl("cluster", "sync")
	for _, c := range all {
		if !strings.Contains(out, c.node.Name+"    equal") {
			t.Errorf("carpctl cluster sync prints\n%s", out)
		}
	}
	if out := all[1].carpctl("cluster", "diff"); strings.Contains(out, "it would change") {
		t.Errorf("carpctl cluster diff prints\n%s", out)
	}
}

// edit edits the pending configuration.
func (c *carpd) edit(verb string, body any) {
	c.s.t.Helper()
	_, err := control.Post[status.Config](c.s.t.Context(), c.control, verb, body)
	c.s.must(err)
}

// apply makes the pending configuration the running one.
func (c *carpd) apply() {
	c.s.t.Helper()
	_, err := control.Post[status.Applied](c.s.t.Context(), c.control, "apply", status.ApplyRequest{})
	c.s.must(err)
}

// agreed waits until all nodes say of all that they are equal, and of one version.
func agreed(all ...*carpd) status.Version {
	c := all[0]
	c.s.t.Helper()
	for end := time.Now().Add(30 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		v, why := agreement(all)
		if why == "" {
			return v
		}
		if time.Now().After(end) {
			c.s.t.Fatalf("they do not agree: %s", why)
		}
	}
}

// agreement is the version of all nodes, or why there is none.
func agreement(all []*carpd) (v status.Version, why string) {
	v = all[0].cluster().Version
	for _, c := range all {
		k := c.cluster()
		if k.Version != v || v.Number == 0 {
			return v, fmt.Sprintf("%s has %+v, %s has %+v", all[0].node.Name, v, c.node.Name, k.Version)
		}
		for _, n := range k.Nodes {
			if n.Sync != status.SyncEqual || n.Version != v {
				return v, fmt.Sprintf("%s says that %s is %s: %s", c.node.Name, n.Name, n.Sync, n.Problem)
			}
		}
	}
	return v, ""
}
