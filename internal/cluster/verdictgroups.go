package cluster

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/carpd/carpd/internal/status"
)

// place is one group on one node.
type place struct {
	node    string
	picture *Picture
	group   status.Group
}

// held is when it was in its state for certain.
func (p place) held() span { return p.picture.held(p.group) }

// common is one group on all nodes that have it.
type common struct {
	name   string // VHID@carpdev, the carpdev as nodes share it
	places []place
}

// judgeGroups looks at each group over all nodes that answer: two MASTERs are a
// split, nobody being one is less.
func judgeGroups(now time.Time, nodes []Seen) (split, less []string) {
	blind := slices.ContainsFunc(nodes, func(n Seen) bool { return n.Down || n.Picture == nil || n.Picture.Snapshot == nil })
	for _, c := range commons(nodes) {
		if text := c.twoMasters(now); text != "" {
			split = append(split, text)
		} else if text := c.noMaster(now, blind); text != "" {
			less = append(less, text)
		}
	}
	return split, less
}

// commons finds which groups of which nodes are the same.
func commons(nodes []Seen) (out []*common) {
	for _, n := range nodes {
		if n.Down || n.Picture == nil || n.Picture.Snapshot == nil {
			continue
		}
		for _, g := range n.Picture.Snapshot.Groups {
			at := place{n.Name, n.Picture, g}
			i := slices.IndexFunc(out, func(c *common) bool { return c.has(at) })
			if i < 0 {
				out = append(out, &common{name: at.sharedName()})
				i = len(out) - 1
			}
			out[i].places = append(out[i].places, at)
		}
	}
	return out
}

// sharedName is the group's name with the carpdev as nodes share it.
func (p place) sharedName() string {
	dev := p.group.Carpdev
	if shared, there := p.picture.Shared[dev]; there {
		dev = shared
	}
	return fmt.Sprintf("%d@%s", p.group.VHID, dev)
}

// has reports whether a group of another node is this one: it has the VHID, and the
// carpdev has the same shared name or they have an address in common. A node has a
// group once.
func (c *common) has(p place) bool {
	for _, have := range c.places {
		if have.node == p.node || have.group.VHID != p.group.VHID {
			return false
		}
	}
	if c.name == p.sharedName() {
		return true
	}
	return slices.ContainsFunc(c.places, func(have place) bool { return shareAddress(have.group, p.group) })
}

// shareAddress reports whether two groups have an address in common that is not
// link-local: those are the same on many links.
func shareAddress(a, b status.Group) bool {
	return slices.ContainsFunc(a.Addresses, func(text string) bool {
		p, err := netip.ParsePrefix(text)
		return err == nil && !p.Addr().IsLinkLocalUnicast() && slices.ContainsFunc(b.Addresses, func(other string) bool {
			o, err := netip.ParsePrefix(other)
			return err == nil && o.Addr() == p.Addr()
		})
	})
}

// masters are the places where it is MASTER.
func (c *common) masters() (out []place) {
	for _, p := range c.places {
		if p.group.State == "MASTER" {
			out = append(out, p)
		}
	}
	return out
}

// twoMasters tells of nodes that were MASTER at the same time. A picture that is a
// moment older than a hand-over shows a MASTER too, but one of another time.
func (c *common) twoMasters(now time.Time) string {
	m := c.masters()
	for i, a := range m {
		both := []place{a}
		for _, b := range m[i+1:] {
			if overlap([]span{a.held(), b.held()}) >= splitFor {
				both = append(both, b)
			}
		}
		if len(both) > 1 {
			return fmt.Sprintf("%s has %d MASTERs, %s, for %s", c.name, len(both), names(nodesOf(both)), since(now, both))
		}
	}
	return ""
}

// noMaster tells of a group that nobody serves: nobody is MASTER and nobody hears
// one, for longer than a takeover needs. With a node that does not answer nobody
// knows.
func (c *common) noMaster(now time.Time, blind bool) string {
	wait, disabled := time.Duration(0), true
	var spans []span
	for _, p := range c.places {
		if p.group.State == "MASTER" || p.group.Master != nil {
			return ""
		}
		spans = append(spans, p.held())
		wait = max(wait, time.Duration(p.group.MasterDown*float64(time.Second)))
		disabled = disabled && p.group.Disabled
	}
	switch {
	case overlap(spans) < wait+nobodyFor:
		return ""
	case blind:
		return fmt.Sprintf("no node that answers is MASTER of %s: %s", c.name, c.states())
	case disabled:
		return c.name + " has no MASTER: it is disabled on all nodes"
	}
	return fmt.Sprintf("%s has no MASTER for %s: %s", c.name, since(now, c.places), c.states())
}

// states are those of all nodes.
func (c *common) states() string {
	var out []string
	for _, p := range c.places {
		state := p.group.State
		if p.group.Disabled {
			state = "disabled"
		}
		out = append(out, p.node+" is "+state)
	}
	return strings.Join(out, ", ")
}

// nodesOf are the names of the nodes of some places.
func nodesOf(places []place) (out []string) {
	for _, p := range places {
		out = append(out, p.node)
	}
	return out
}

// since is how long all of them have been so.
func since(now time.Time, places []place) string {
	var spans []span
	for _, p := range places {
		spans = append(spans, p.held())
	}
	return inSeconds(now.Sub(began(spans)))
}
