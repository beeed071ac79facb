package confsync

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/carpd/carpd/internal/status"
)

// Update is a version with all that a node needs to take it. Version.Node is
// where it came from, which keeps it from going round.
type Update struct {
	Version  status.Version  `json:"version"`
	Document json.RawMessage `json:"document"`
	History  history         `json:"history,omitempty"` // what it was made on, the latest first
	// Bases are what the advskew of each group is on the first node: the role
	// map makes that of a new group from it. They are beside the document,
	// because a node that has the group keeps its own.
	Bases map[string]int `json:"bases,omitempty"`
	// Released are groups that were taken out of what is shared and not removed:
	// a node that has one keeps it as its own.
	Released []string `json:"released,omitempty"`
}

// Format hides an update from every verb of fmt: it holds passwords.
func (u Update) Format(f fmt.State, _ rune) { fmt.Fprint(f, nameOf(u.Version)) }

// open checks an update as far as that needs nothing of this node but the
// sections that it shares.
func (u Update) open(sections []string) (d document, err error) {
	if u.Version.Number == 0 || u.Version.Number > maxNumber || u.Version.Node == "" {
		return d, fmt.Errorf("the version is %d of %q, which no node makes", u.Version.Number, u.Version.Node)
	}
	if got := hash(u.Document); got != u.Version.Hash {
		return d, fmt.Errorf("the document is not that of %s: its hash is %s", nameOf(u.Version), got)
	}
	if d, err = decode(u.Document); err != nil {
		return d, err
	}
	if ours := slices.Sorted(slices.Values(sections)); !slices.Equal(d.Sections, ours) {
		return d, fmt.Errorf("it holds %s and this node shares %s: choose the same cluster.sections on all nodes", list(d.Sections), list(ours))
	}
	return d, nil
}

// list is some words for a sentence.
func list(words []string) string {
	if len(words) == 0 {
		return "nothing"
	}
	return strings.Join(words, " and ")
}
