package confsync

import (
	"errors"
	"fmt"
	"slices"

	"github.com/carpd/carpd/internal/config"
	"github.com/carpd/carpd/internal/status"
	"github.com/carpd/carpd/internal/words"
)

// A member is believed who it is, and still what it says has bounds: one that is
// out of order must not fill the memory of the others, nor use up the numbers, so
// that nobody could edit any more after it was removed.
const (
	// maxJump is how far one version can be above ours, which no two nodes drift
	// apart, and maxFirst where a node can begin that has none.
	maxJump  = 1 << 20
	maxFirst = 1 << 52
	// maxNames is far above the groups of a file, and maxName is for VHID@carpdev.
	maxNames = 1 << 14
	maxName  = 64
	maxHash  = 80
)

// follows reports whether a version can come after ours.
func follows(mine, theirs status.Version) bool {
	if mine.Number == 0 {
		return theirs.Number <= maxFirst
	}
	return theirs.Number <= mine.Number+maxJump
}

// near refuses a version that uses up the numbers.
func near(mine, theirs status.Version) error {
	if follows(mine, theirs) {
		return nil
	}
	return fmt.Errorf("%s is far above %s, which this node has: no node makes so many", nameOf(theirs), nameOf(mine))
}

// named reports whether a version has texts that could be those of a version.
func named(v status.Version) bool { return config.IsNodeName(v.Node) && len(v.Hash) <= maxHash }

// bounded refuses an update with more around its document than a node writes. Its
// version is not to be named in any message before.
func (u Update) bounded() error {
	long := func(name string) bool { return len(name) > maxName }
	switch {
	case !named(u.Version):
		return errors.New("the version is one that no node makes")
	case len(u.History) > historyLen, slices.ContainsFunc(u.History, func(v status.Version) bool { return !named(v) }),
		len(u.Released) > maxNames, slices.ContainsFunc(u.Released, long), len(u.Bases) > maxNames:
		return errTooMuch
	}
	for group := range u.Bases {
		if long(group) {
			return errTooMuch
		}
	}
	return nil
}

var errTooMuch = errors.New("the update holds more than a node writes")

// brief is what another node says of itself, within bounds.
func (s standing) brief() standing {
	if !named(s.Version) {
		s.Version = status.Version{}
	}
	s.Sections = slices.DeleteFunc(slices.Clone(s.Sections[:min(len(s.Sections), maxName)]), func(name string) bool { return len(name) > maxName })
	s.Drift = words.Said(s.Drift)
	if r := s.Refused; r != nil {
		if s.Refused = nil; named(r.Version) {
			s.Refused = &refusal{r.Version, words.Said(r.Why)}
		}
	}
	return s
}
