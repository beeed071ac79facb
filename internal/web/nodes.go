package web

import (
	"fmt"
	"time"

	"github.com/carpd/carpd/internal/status"
	"github.com/carpd/carpd/internal/words"
)

// nodeItem is one node in the list.
type nodeItem struct {
	ID string
	status.Node
	Version  string // of its carpd
	Other    bool   // which is not ours
	Sync     word
	Here     word // whether it answers, and is in maintenance
	Seen     time.Time
	Now      time.Time
	Demotion int
}

// word is a text with the class of its colour.
type word struct{ Text, Class string }

// nodeItems lists the nodes in the order of the cluster.
func nodeItems(c *status.Cluster, now time.Time) []nodeItem {
	var out []nodeItem
	ours := ""
	for _, n := range c.Nodes {
		row := nodeItem{ID: id("n", n.Name), Node: n, Sync: configWord(n), Here: hereWord(n), Seen: n.LastSeen, Now: now}
		if s := n.Status; s != nil {
			row.Version, row.Demotion = s.Version, s.Demotion
		}
		if n.Self {
			ours = row.Version
		}
		row.Other = row.Version != "" && ours != "" && row.Version != ours
		out = append(out, row)
	}
	return out
}

// configWords say how a node's configuration compares with ours.
var configWords = map[string]word{
	status.SyncEqual:       {"equal", "good"},
	status.SyncBehind:      {"older than ours", "warned"},
	status.SyncAhead:       {"newer than ours", "warned"},
	status.SyncRefused:     {"refused ours", "bad"},
	status.SyncDrift:       {"edited by hand", "bad"},
	status.SyncUnreachable: {"not known", "bad"},
	status.SyncOff:         {"not shared", ""},
}

func configWord(n status.Node) word {
	if n.Self && n.Sync != status.SyncOff {
		return word{"this one", "info"}
	}
	if w, ok := configWords[n.Sync]; ok {
		return w
	}
	return word{n.Sync, ""}
}

// hereWord tells how a node is as a whole.
func hereWord(n status.Node) word {
	s := n.Status
	switch {
	case s == nil:
		return word{"does not answer", "bad"}
	case s.Disabled:
		return word{"disabled", "warned"}
	case s.Maintenance.Phase == status.MaintenanceEntering:
		return word{"entering maintenance", "warned"}
	case s.Maintenance.Phase == status.MaintenanceOn:
		return word{"in maintenance", "warned"}
	case idle(s) > 0:
		return word{fmt.Sprintf("takes no part in %d of %d %s", idle(s), len(s.Groups), words.Plural(len(s.Groups), "group")), "warned"}
	case s.Demotion > 0:
		return word{fmt.Sprintf("demoted by %d", s.Demotion), "warned"}
	}
	return word{"in service", "good"}
}

// idle counts the groups that a node takes no part in.
func idle(s *status.Snapshot) (n int) {
	for _, g := range s.Groups {
		if g.State == "INIT" {
			n++
		}
	}
	return n
}
