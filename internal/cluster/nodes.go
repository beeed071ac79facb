package cluster

import (
	"slices"

	"github.com/carpd/carpd/internal/status"
)

// Cluster is what this node knows of all, with the verdict. Decorate may fill in
// what the nodes run before it is judged; nil does nothing.
func (m *Manager) Cluster(decorate func(*status.Cluster)) *status.Cluster {
	c, seen := m.survey()
	if decorate != nil {
		decorate(c)
	}
	for i, n := range c.Nodes {
		seen[i].Sync, seen[i].SyncWhy = n.Sync, n.Problem
		if n.Problem == seen[i].Problem {
			seen[i].SyncWhy = ""
		}
	}
	c.Verdict, c.Reasons = Verdict(m.Now(), seen)
	if problem := m.problem(); problem != "" {
		c.Reasons = append([]string{problem}, c.Reasons...)
		if c.Verdict == status.ClusterOK {
			c.Verdict = status.ClusterDegraded
		}
	}
	if c.Reasons == nil {
		c.Reasons = []string{}
	}
	return c
}

// survey lists the nodes, this one first, as people and as Verdict see them.
func (m *Manager) survey() (*status.Cluster, []Seen) {
	self, on := m.Self()
	members := m.Members()
	if i := slices.Index(members, self); i > 0 {
		members = append([]Member{self}, slices.Delete(members, i, i+1)...)
	}
	if !on { // It is there, and alone.
		members = []Member{{}}
	}
	m.mu.Lock()
	c := &status.Cluster{SchemaVersion: status.SchemaVersion, Enabled: on, Node: self.Name, Listen: m.cfg.Listen,
		Sections: append([]string{}, m.cfg.Sections...), Nodes: []status.Node{}, Refused: m.refused.all()}
	m.mu.Unlock()
	var seen []Seen
	for i, member := range members {
		node, s := m.surveyOne(member, i == 0)
		seen = append(seen, s)
		if on {
			c.Nodes = append(c.Nodes, node)
		}
	}
	return c, seen
}

// surveyOne is one node.
func (m *Manager) surveyOne(member Member, self bool) (status.Node, Seen) {
	n := status.Node{Name: member.Name, Self: self, Address: member.Address, Rank: member.Rank, Fingerprint: member.Key, Sync: status.SyncOff}
	now := m.Now()
	if self {
		n.LastSeen, n.Status = now, m.Status()
		name := member.Name
		if name == "" {
			name = "this node"
		}
		return n, Seen{Name: name, Picture: &Picture{Sent: now, Received: now, Snapshot: n.Status, Shared: m.shared()}}
	}
	p := m.peer(member.Name)
	m.mu.Lock()
	defer m.mu.Unlock()
	s := Seen{Name: member.Name, Down: p.down, Silent: -1, Problem: p.problem, Refuses: p.refuses, Picture: p.picture}
	if !p.seen.IsZero() {
		s.Silent, n.LastSeen = now.Sub(p.seen), p.seen
	}
	if n.Problem = p.problem; p.down || p.picture == nil {
		n.Sync = status.SyncUnreachable
		return n, s
	}
	n.Status = p.picture.Snapshot
	return n, s
}
