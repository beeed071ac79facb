package cluster

import (
	"cmp"
	"maps"
	"slices"
	"time"
)

// Member is a node of the cluster.
type Member struct {
	Name    string
	Address string // host:port of its listener
	Rank    int    // 0 is the node that made the cluster
	Key     string // SHA-256 of its public key
}

// entry is what the list says of one name. A change raises the version above all
// others, so that of two texts about one name the later one wins everywhere.
type entry struct {
	Key     string    `json:"key"`
	Address string    `json:"address"`
	Rank    int       `json:"rank"`
	Version uint64    `json:"version"`
	By      string    `json:"by"` // the node that wrote it
	Since   time.Time `json:"since"`
}

// removal says that a key is no member's any more. It is for ever: who comes back
// under that name has a new key.
type removal struct {
	Name string    `json:"name"`
	By   string    `json:"by"`
	At   time.Time `json:"at"`
}

// roster is the list of members. Merging two of them gives the same whatever the
// order, so that nodes which talk to each other end with the same list.
type roster struct {
	Members map[string]entry   `json:"members"` // by name
	Removed map[string]removal `json:"removed"` // by key
}

// newRoster is an empty list.
func newRoster() roster {
	return roster{Members: map[string]entry{}, Removed: map[string]removal{}}
}

// clone is a copy that can be changed.
func (r roster) clone() roster {
	out := newRoster()
	maps.Copy(out.Members, r.Members)
	maps.Copy(out.Removed, r.Removed)
	return out
}

// version is the highest there is.
func (r roster) version() (v uint64) {
	for _, e := range r.Members {
		v = max(v, e.Version)
	}
	return v
}

// set writes an entry above all others.
func (r roster) set(name string, e entry) {
	e.Version = r.version() + 1
	r.Members[name] = e
}

// remove takes the member of a name out, and says whether there was one.
func (r roster) remove(name, by string, at time.Time) bool {
	e, there := r.live(name)
	if there {
		r.Removed[e.Key] = removal{name, by, at}
	}
	return there
}

// live finds a member that was not removed.
func (r roster) live(name string) (entry, bool) {
	e, there := r.Members[name]
	if _, gone := r.Removed[e.Key]; gone {
		return entry{}, false
	}
	return e, there
}

// merge is both lists in one. Of two entries of a name the higher version wins;
// a removed key stays removed.
func merge(a, b roster) roster {
	out := a.clone()
	for name, e := range b.Members {
		if mine, there := out.Members[name]; !there || later(e, mine) {
			out.Members[name] = e
		}
	}
	for key, r := range b.Removed {
		if mine, there := out.Removed[key]; !there || r.At.Before(mine.At) || r.At.Equal(mine.At) && r.By < mine.By {
			out.Removed[key] = r
		}
	}
	return out
}

// later orders the entries of one name. Two nodes may have written the same
// version at the same time: then anything decides that is equal everywhere.
func later(a, b entry) bool {
	return cmp.Or(cmp.Compare(a.Version, b.Version), cmp.Compare(a.By, b.By), cmp.Compare(a.Key, b.Key),
		cmp.Compare(a.Address, b.Address), cmp.Compare(a.Rank, b.Rank), a.Since.Compare(b.Since)) > 0
}

// equal compares two lists.
func (r roster) equal(o roster) bool {
	return maps.EqualFunc(r.Members, o.Members, sameEntry) && maps.EqualFunc(r.Removed, o.Removed, sameRemoval)
}

func sameEntry(a, b entry) bool { return !later(a, b) && !later(b, a) }

func sameRemoval(a, b removal) bool { return a.Name == b.Name && a.By == b.By && a.At.Equal(b.At) }

// list are the members by rank. Two nodes that were enrolled at the same moment by
// different members were given the same rank: the later name gets a free one, so
// that no other member's changes.
func (r roster) list() []Member {
	var all []Member
	for name := range r.Members {
		if e, there := r.live(name); there {
			all = append(all, Member{name, e.Address, e.Rank, e.Key})
		}
	}
	slices.SortFunc(all, byRank)
	taken := map[int]bool{}
	for _, m := range all {
		taken[m.Rank] = true
	}
	for i := 1; i < len(all); i++ {
		if all[i].Rank == all[i-1].Rank {
			all[i].Rank = lowestFree(taken)
			taken[all[i].Rank] = true
			i = 0
			slices.SortFunc(all, byRank)
		}
	}
	return all
}

// byRank orders members.
func byRank(a, b Member) int { return cmp.Or(cmp.Compare(a.Rank, b.Rank), cmp.Compare(a.Name, b.Name)) }

// lowestFree is the lowest rank that nobody has.
func lowestFree(taken map[int]bool) (rank int) {
	for taken[rank] {
		rank++
	}
	return rank
}

// freeRank is the lowest that no member has.
func (r roster) freeRank() int {
	taken := map[int]bool{}
	for _, m := range r.list() {
		taken[m.Rank] = true
	}
	return lowestFree(taken)
}

// byKey finds the member with a key.
func (r roster) byKey(key string) (Member, bool) {
	for _, m := range r.list() {
		if m.Key == key {
			return m, true
		}
	}
	return Member{}, false
}
