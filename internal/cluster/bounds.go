package cluster

import (
	"fmt"
	"maps"
	"slices"

	"github.com/carpd/carpd/internal/config"
)

// A member may change the list, and must not be able to spoil it: when it is
// removed, that has to reach all, and others have to be able to join.
const (
	// maxMembers bounds a list; a member that sends a longer one is out of order.
	maxMembers = 256
	// maxRemoved bounds the keys that count no more. The second half is for those
	// of members that this node knows.
	maxRemoved = 64 * maxMembers
	// maxJump is how far an entry can be above all of ours, and maxVersion how far
	// a list can be that a node joins with.
	maxJump    = 1 << 20
	maxVersion = 1 << 52
)

// bounded refuses a list that is too long or that leaves no room for entries.
func (r roster) bounded() error {
	if len(r.Members) > maxMembers || len(r.Removed) > maxRemoved {
		return fmt.Errorf("a list of %d members and %d removed ones", len(r.Members), len(r.Removed))
	}
	if v := r.version(); v > maxVersion {
		return fmt.Errorf("a list with the version %d, which no node writes", v)
	}
	for key, gone := range r.Removed {
		if !hexSum.MatchString(key) || !config.IsNodeName(gone.Name) || !config.IsNodeName(gone.By) {
			return fmt.Errorf("a list with a removed member that cannot be")
		}
	}
	return nil
}

// near refuses entries that are so far above ours that no node could write one
// above them any more.
func (r roster) near(theirs roster) error {
	if v, ours := theirs.version(), r.version(); v > ours+maxJump {
		return Refuse(CodeBody, "a list with the version %d, far above %d, which this node has", v, ours)
	}
	return nil
}

// fitting is what of another list there is room for. What it says of names and
// keys that we know there always is.
func (r roster) fitting(theirs roster) roster {
	out, names, keys := newRoster(), len(r.Members), len(r.Removed)
	for _, name := range slices.Sorted(maps.Keys(theirs.Members)) {
		_, known := r.Members[name]
		if known || names < maxMembers {
			out.Members[name] = theirs.Members[name]
		}
		if !known {
			names++
		}
	}
	known := map[string]bool{}
	for _, e := range r.Members {
		known[e.Key] = true
	}
	for _, key := range slices.Sorted(maps.Keys(theirs.Removed)) {
		_, had := r.Removed[key]
		if had || known[key] || keys < maxRemoved/2 {
			out.Removed[key] = theirs.Removed[key]
		}
		if !had {
			keys++
		}
	}
	return out
}
