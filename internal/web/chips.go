package web

import (
	"fmt"
	"slices"
	"time"

	"github.com/carpd/carpd/internal/status"
)

// chip is one demotion where it counts.
type chip struct {
	status.Demotion
	ID    string
	Form  string // which of the forms that remove it
	Asked time.Time
	// Then is what removing it does, in a sentence.
	Then string
}

// chips are the demotions that count for a group, or for the node if it is "".
func chips(s *status.Snapshot, group string) []chip {
	var out []chip
	for _, d := range s.Demotions {
		if d.Group != "" && d.Group != group {
			continue
		}
		out = append(out, chip{Demotion: d, ID: id("d", s.Hostname, group, d.Group, d.Name), Form: group + "/" + d.Group + "/" + d.Name,
			Asked: askedAt(s.TakenAt, s.Age), Then: removal(s, d)})
	}
	return out
}

// removal says what becomes of the sum, and what may follow.
func removal(s *status.Snapshot, d status.Demotion) string {
	sum, whose := s.Demotion, "this node"
	if i := slices.IndexFunc(s.Groups, func(g status.Group) bool { return g.Name == d.Group }); i >= 0 {
		sum, whose = s.Groups[i].Demotion, d.Group
	}
	then := "and becomes MASTER where it is then the better one and may preempt"
	return fmt.Sprintf("The demotion of %s falls from %d to %d at once. It advertises that, %s.", whose, sum, less(s, d, sum), then)
}

// less is the sum without one demotion. A sum at its cap may hide some.
func less(s *status.Snapshot, without status.Demotion, sum int) int {
	total := 0
	for _, d := range s.Demotions {
		counts := d.Group == "" || d.Group == without.Group
		if counts && (d.Name != without.Name || d.Group != without.Group) {
			total += d.Weight
		}
	}
	return min(total, sum, 255)
}
