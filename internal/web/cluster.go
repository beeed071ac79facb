package web

import (
	"context"
	"fmt"

	"github.com/carpd/carpd/internal/control"
	"github.com/carpd/carpd/internal/status"
)

// clusterOf is what is known of all nodes. Where no configuration is shared it
// is this node alone.
func clusterOf(ctx context.Context, src control.Source) *status.Cluster {
	c, err := src.Cluster(ctx)
	if err == nil && c.Enabled {
		return c
	}
	own := alone(src.Status())
	if err == nil && own.Verdict != status.ClusterDegraded && len(c.Reasons) > 0 {
		own.Verdict, own.Reasons = status.ClusterDegraded, c.Reasons
	}
	return own
}

// alone is the cluster of one node.
func alone(s *status.Snapshot) *status.Cluster {
	if s == nil {
		return &status.Cluster{Verdict: status.ClusterDegraded, Reasons: []string{"carpd is starting"}}
	}
	c := &status.Cluster{Instance: s.Instance, Node: s.Hostname, Verdict: status.ClusterAlone,
		Nodes: []status.Node{{Name: s.Hostname, Self: true, Sync: status.SyncOff, LastSeen: s.TakenAt, Status: s}}}
	c.Reasons = troubles(s)
	if len(c.Reasons) > 0 {
		c.Verdict = status.ClusterDegraded
	}
	return c
}

// troubles are the reasons why one node is not as well as it could be.
func troubles(s *status.Snapshot) []string {
	var out []string
	for _, g := range s.Groups {
		switch {
		case g.Disabled:
			out = append(out, fmt.Sprintf("%s is disabled", g.Name))
		case g.State == "INIT":
			out = append(out, fmt.Sprintf("%s takes no part: %s", g.Name, g.Cause))
		case g.Demotion > 0:
			out = append(out, fmt.Sprintf("%s is demoted by %d", g.Name, g.Demotion))
		}
	}
	return out
}
