package confsync

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/carpd/carpd/internal/status"
)

// maxNumber is the greatest number of a version that JSON carries exactly. The
// next one after it could not be told from it.
const maxNumber = 1<<53 - 1

// compare orders versions: by number, then by the node that made them, then by
// what they hold. Two that were made at once differ in one of these, so every
// node finds the same one greater. The time is for people only: clocks differ.
func compare(a, b status.Version) int {
	return cmp.Or(cmp.Compare(a.Number, b.Number), cmp.Compare(a.Node, b.Node), cmp.Compare(a.Hash, b.Hash))
}

// same reports whether two are one version.
func same(a, b status.Version) bool { return compare(a, b) == 0 }

// next is the version that a node makes on top of another.
func next(after status.Version, node, hash string) status.Version {
	return status.Version{Number: after.Number + 1, Node: node, Hash: hash}
}

// nameOf is how messages call a version: short, and enough to tell two apart.
func nameOf(v status.Version) string {
	if v.Number == 0 {
		return "no version yet"
	}
	return fmt.Sprintf("version %d of %s (%s)", v.Number, v.Node, short(v.Hash))
}

// short is the beginning of a hash.
func short(hash string) string {
	hash = strings.TrimPrefix(hash, hashPrefix)
	return hash[:min(8, len(hash))]
}

// historyLen is how many versions before it a version remembers. Who was away
// for more than that may report an edit as lost that the others had seen.
const historyLen = 64

// history is what a version is made of: itself and the ones before it, the
// latest first. It tells an edit on top of ours from one beside it.
type history []status.Version

// knows reports whether a version went into this one.
func (h history) knows(v status.Version) bool {
	return slices.ContainsFunc(h, func(o status.Version) bool { return same(o, v) })
}

// on is the history of a version that is made on top of another.
func (h history) on(v status.Version) history {
	if v.Number == 0 {
		return nil
	}
	return append(history{v}, h[:min(len(h), historyLen-1)]...)
}
