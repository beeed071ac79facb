package config

import (
	"fmt"
	"strings"
)

// Summary is a plan in one line, for the log and the history.
func (p Plan) Summary() string {
	var changed []string
	for _, c := range p.Changed {
		what := make([]string, len(c.What))
		for i, w := range c.What {
			what[i] = string(w)
		}
		changed = append(changed, c.Name+" ("+strings.Join(what, ", ")+")")
	}
	var parts []string
	for _, l := range []struct {
		verb  string
		names []string
	}{
		{"added", p.Added}, {"removed", p.Removed}, {"changed", changed}, {"changed the section", p.Sections}, {"needs a restart:", p.Restart},
	} {
		if len(l.names) > 0 {
			parts = append(parts, l.verb+" "+strings.Join(l.names, ", "))
		}
	}
	return strings.Join(append(parts, fmt.Sprintf("%d unchanged", len(p.Unchanged))), "; ")
}
