package confsync

import (
	"github.com/carpd/carpd/internal/status"
)

// Fill adds what is known of each node's configuration to a picture of the
// cluster: Version and Lost, and of each node Sync, Problem and Version.
// A node that is marked as unreachable stays so: what it said before may not be.
func (e *Engine) Fill(c *status.Cluster) {
	if !c.Enabled {
		return
	}
	mine := e.stand()
	c.Version, c.Lost = mine.Version, e.lost(e.current())
	for i := range c.Nodes {
		n := &c.Nodes[i]
		v, sync, problem := e.node(n.Name, n.Self, mine)
		if n.Version = v; n.Sync == status.SyncUnreachable {
			continue
		}
		n.Sync, n.Problem = sync, problem
	}
}

// node is what is to be said of one node.
func (e *Engine) node(name string, self bool, mine standing) (v status.Version, sync, problem string) {
	if self {
		sync, problem = mine.ofSelf()
		return mine.Version, sync, problem
	}
	p, version, there := e.look(name)
	switch {
	case !there || p.silent == nil && p.heard.IsZero():
		return p.said.Version, status.SyncUnreachable, "it was not asked yet"
	case p.silent != nil:
		return p.said.Version, status.SyncUnreachable, p.silent.Error()
	}
	sync, problem = p.of(version, mine)
	return p.said.Version, sync, problem
}

// ofSelf is what a node says of itself.
func (s standing) ofSelf() (sync, problem string) {
	switch {
	case len(s.Sections) == 0:
		return status.SyncOff, errApart.Error()
	case s.Drift != "":
		return status.SyncDrift, s.Drift
	case s.Refused != nil:
		return status.SyncRefused, nameOf(s.Refused.Version) + ": " + s.Refused.Why
	case s.Version.Number == 0:
		return status.SyncBehind, "it has no version yet and waits for that of another node; carpctl cluster sync --push makes one of what runs here"
	}
	return status.SyncEqual, ""
}

// of is what is said of a node that answers. It is equal only when it says
// itself that it runs our version.
func (p seen) of(ours status.Version, mine standing) (sync, problem string) {
	verdict := judge(ours, p.said.Version)
	switch {
	case len(p.said.Sections) == 0:
		return status.SyncOff, "it takes no part in the shared configuration"
	case p.said.Drift != "":
		return status.SyncDrift, p.said.Drift
	case verdict == older && p.refused != nil && same(p.refused.Version, ours):
		return status.SyncRefused, p.refused.Why
	case verdict == older:
		return status.SyncBehind, ""
	case verdict == newer && mine.Refused != nil && same(mine.Refused.Version, p.said.Version):
		return status.SyncAhead, "this node refuses it: " + mine.Refused.Why
	case verdict == newer:
		return status.SyncAhead, ""
	case p.said.Version.Number == 0:
		return status.SyncBehind, "it has no version yet"
	}
	return status.SyncEqual, ""
}
