package web

import (
	"slices"
	"time"

	"github.com/carpd/carpd/internal/carp"
	"github.com/carpd/carpd/internal/status"
)

// groupCard is one group over all nodes.
type groupCard struct {
	ID, Name    string
	Description string
	Addresses   []string
	MAC         string
	Verdict     word // what is wrong with it as a whole; empty is nothing
	Members     []member
}

// member is a group on one node.
type member struct {
	status.Group
	ID     string
	Node   string
	Self   bool
	Asked  time.Time // when its node gave the picture out
	Chips  []chip
	Spark  spark
	Peer   string // how it compares with the MASTER or the best BACKUP
	Reject []count
	Sent   *status.Sent
	Others []status.Peer // that were heard, beside the MASTER
	Tell   consequences
}

// count is a counter that is not zero.
type count struct {
	Name    string
	Packets uint64
}

// groupCards puts the groups of all nodes together, this node's order first.
func groupCards(c *status.Cluster, self *status.Snapshot, counters *status.Counters) []groupCard {
	var cards []groupCard
	for _, n := range c.Nodes {
		s := n.Status
		if n.Self {
			s = self
		}
		if s == nil {
			continue
		}
		for _, g := range s.Groups {
			cards = joined(cards, memberOf(n, s, g))
		}
	}
	for i := range cards {
		cards[i].finish(counters)
	}
	return cards
}

// memberOf is a group on its node.
func memberOf(n status.Node, s *status.Snapshot, g status.Group) member {
	others := slices.DeleteFunc(slices.Clone(g.Peers), func(p status.Peer) bool { return g.Master != nil && p.Address == g.Master.Address })
	return member{Group: g, Others: others, ID: id("m", g.Name, n.Name), Node: n.Name, Self: n.Self,
		Asked: askedAt(s.TakenAt, s.Age), Chips: chips(s, g.Name), Spark: sparkOf(g)}
}

// joined adds a member to the card of its group, or to a new one. Nodes may call
// the carpdev by different names: VHID and an address say that it is the same.
func joined(cards []groupCard, m member) []groupCard {
	same := func(c groupCard) bool {
		with := c.Members[0].Group
		return c.Name == m.Name || with.VHID == m.VHID &&
			slices.ContainsFunc(m.Addresses, func(a string) bool { return slices.Contains(c.Addresses, a) })
	}
	if i := slices.IndexFunc(cards, same); i >= 0 {
		cards[i].Members = append(cards[i].Members, m)
		return cards
	}
	return append(cards, groupCard{ID: id("g", m.Name), Name: m.Name, Description: m.Description,
		Addresses: m.Addresses, MAC: m.VirtualMAC, Members: []member{m}})
}

// finish adds what needs all members.
func (c *groupCard) finish(counters *status.Counters) {
	c.Verdict = c.verdict()
	for i := range c.Members {
		m := &c.Members[i]
		m.Peer = c.compare(m)
		if m.Self {
			m.Tell = c.consequences(m)
			m.count(counters)
		}
	}
}

// verdict is what is wrong with the group over all nodes. Groups that share
// their addresses have a MASTER for each share, so they are not counted.
func (c *groupCard) verdict() word {
	n := 0
	for _, m := range c.Members {
		if m.State == "MASTER" {
			n++
		}
	}
	switch {
	case n > 1:
		return word{"more than one MASTER", "bad"}
	case n == 0 && !c.heard():
		return word{"no MASTER is known", "bad"}
	}
	return word{}
}

// heard tells whether a member hears a MASTER, maybe one of which no more is known.
func (c *groupCard) heard() bool {
	return slices.ContainsFunc(c.Members, func(m member) bool { return m.Master != nil })
}

// count takes this node's counters of the group.
func (m *member) count(counters *status.Counters) {
	if counters == nil {
		return
	}
	i := slices.IndexFunc(counters.Groups, func(g status.GroupCounters) bool { return g.Name == m.Name })
	if i < 0 {
		return
	}
	m.Sent = &counters.Groups[i].Sent
	m.Reject = rejects(counters.Groups[i].Packets)
}

// rejects are the packets that were refused, by reason.
func rejects(packets map[string]uint64) []count {
	var out []count
	for r := range carp.NumReasons {
		if n := packets[r.String()]; n > 0 && r.Rejected() {
			out = append(out, count{r.String(), n})
		}
	}
	return out
}
