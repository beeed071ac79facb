package confsync

import (
	"github.com/carpd/carpd/internal/status"
)

// verdict is what to do with a version that another node has.
type verdict int

const (
	have  verdict = iota // it is ours: nothing is to be done
	older                // ours is greater: it is refused, and they are offered ours
	newer                // it is greater: it is to be taken
)

// judge compares the version of another node with ours.
func judge(mine, theirs status.Version) verdict {
	switch c := compare(theirs, mine); {
	case c > 0:
		return newer
	case c < 0:
		return older
	}
	return have
}

// loses reports whether an edit of this node is won over by a greater version:
// it is ours, it did not go into that one, and that one says something else. One
// that another node made is that node's to report.
func loses(mine status.Version, node string, u Update) bool {
	return mine.Node == node && mine.Hash != u.Version.Hash && !u.History.knows(mine)
}
