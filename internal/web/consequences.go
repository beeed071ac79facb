package web

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/carpd/carpd/internal/status"
)

// consequences say before a button is pressed what it does.
type consequences struct {
	HandOver, Disable, Enable, Announce string
	// Refuse are why a button cannot be used now; empty is that it can.
	NoHandOver, NoAnnounce string
}

// consequences of the buttons of this node's group.
func (c *groupCard) consequences(m *member) consequences {
	to := consequences{
		Enable:   "The group listens for a full master-down time first, " + fmt.Sprintf("%.1f s", m.MasterDown) + ", and then takes part again.",
		Announce: "Gratuitous ARP and unsolicited Neighbour Advertisements for " + list(m.Addresses) + " are sent once more. Nothing else changes. Of use when a switch or a host has learnt another MAC.",
	}
	to.HandOver = c.handOver(m)
	to.Disable = c.disable(m)
	if m.State != "MASTER" {
		to.NoHandOver = "This node is not MASTER of it, so there is nothing to give away."
		to.NoAnnounce = "This node is not MASTER of it, so it announces nothing."
	}
	return to
}

// handOver says to whom traffic moves.
func (c *groupCard) handOver(m *member) string {
	if heir := c.heir(m); heir != nil {
		return fmt.Sprintf("Traffic for %s moves to %s, which is BACKUP with advskew %d. It takes over within milliseconds, and nothing should be lost. "+
			"If it does not, the group stays here.", list(m.Addresses), heir.Node, heir.SentSkew)
	}
	return fmt.Sprintf("The group is demoted, and a peer that hears that takes over traffic for %s. A BACKUP is silent in CARP, so it is not known "+
		"whether there is one: if none takes over within a few adverts, the group stays here.", list(m.Addresses))
}

// disable says who answers then.
func (c *groupCard) disable(m *member) string {
	s := fmt.Sprintf("Adverts and answers of this node stop, and %s no longer has %s, until the group is enabled or carpd is restarted.", m.Carpdev, list(m.Addresses))
	switch heir := c.heir(m); {
	case m.State != "MASTER":
		return s + " Another node is MASTER, so traffic stays as it is; this node would not take over if that one fails."
	case heir != nil:
		return s + fmt.Sprintf(" %s is told and takes over within milliseconds.", heir.Node)
	}
	return s + " Peers are told and one of them takes over. If there is none, nobody answers for these addresses."
}

// heir is the BACKUP that ends up as MASTER when this one goes: of those that are
// demoted least the one whose master-down time is the shortest.
func (c *groupCard) heir(m *member) *member {
	var others []*member
	for i := range c.Members {
		if o := &c.Members[i]; o.Node != m.Node && o.State == "BACKUP" {
			others = append(others, o)
		}
	}
	if len(others) == 0 {
		return nil
	}
	return slices.MinFunc(others, func(a, b *member) int {
		return cmp.Or(cmp.Compare(a.Demotion, b.Demotion), cmp.Compare(a.MasterDown, b.MasterDown))
	})
}

// compare sets a member beside the one that it stands against.
func (c *groupCard) compare(m *member) string {
	switch {
	case m.State == "BACKUP" && m.Master != nil:
		return fmt.Sprintf("%s advertises advskew %d%s", m.Master.Address, m.Master.Advskew, demotedBy(m.Master.Demotion))
	case m.State == "MASTER":
		if heir := c.heir(m); heir != nil {
			return fmt.Sprintf("next is %s with advskew %d%s", heir.Node, heir.SentSkew, demotedBy(heir.Demotion))
		}
	}
	return ""
}

// demotedBy is a demotion at the end of a phrase, if there is one.
func demotedBy(n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf(", demoted by %d", n)
}

// list puts names into a sentence.
func list(names []string) string {
	switch n := len(names); {
	case n == 0:
		return "nothing"
	case n == 1:
		return names[0]
	case n > 4:
		return fmt.Sprintf("%s and %d more", strings.Join(names[:3], ", "), n-3)
	default:
		return strings.Join(names[:n-1], ", ") + " and " + names[n-1]
	}
}

// EnterTells is what maintenance does to this node.
func (o *overview) EnterTells() string {
	s := "This node is demoted by 64 and advertises that at once. "
	if len(o.Masters) == 0 {
		return s + "It is MASTER of nothing, so no traffic moves; it will not take over while a peer can. It stays so after a restart of carpd."
	}
	return s + fmt.Sprintf("%s move to peers, within milliseconds of the next advert, and nothing should be lost: this node goes on serving until a peer has taken over. "+
		"If none does, maintenance is given up and this page says so. It stays so after a restart of carpd.", list(o.Masters))
}

// DisableTells is what silencing the whole node does.
func (o *overview) DisableTells() string {
	s := "Adverts and answers of every group stop, and their addresses go off this node, until it is enabled or carpd is restarted. "
	if len(o.Masters) == 0 {
		return s + "It is MASTER of nothing, so traffic stays as it is."
	}
	return s + fmt.Sprintf("Peers are told and take over %s. Where there is no peer, nobody answers.", list(o.Masters))
}

// Phase is how far maintenance is, in words.
func (o *overview) Phase() word {
	m := o.Self.Maintenance
	switch m.Phase {
	case status.MaintenanceEntering:
		return word{"entering: waiting for a peer to take over " + list(m.Waiting), "warned"}
	case status.MaintenanceOn:
		return word{"on", "warned"}
	}
	return word{"off", ""}
}
