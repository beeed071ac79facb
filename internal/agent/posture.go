package agent

import (
	"github.com/carpd/carpd/internal/status"
)

// Posture is what an operator has asked of the node, or the node of itself.
type Posture struct {
	Demotion    int
	Demotions   []status.Demotion
	Maintenance status.Maintenance
	Disabled    bool
}

// Posture is the picture that was published last.
func (a *Agent) Posture() Posture { return *a.posture.Load() }

// publishPosture shows it as it is now.
func (a *Agent) publishPosture() {
	p := Posture{Demotion: a.book.Sum(""), Demotions: []status.Demotion{}, Maintenance: *a.maintenance(), Disabled: a.allDisabled()}
	for _, d := range a.book.All() {
		p.Demotions = append(p.Demotions, a.shown(d))
	}
	a.posture.Store(&p)
}

// allDisabled reports whether no group takes part because nobody lets it.
func (a *Agent) allDisabled() bool {
	for _, g := range a.groups {
		if !g.disabled {
			return false
		}
	}
	return a.allOff || len(a.groups) > 0
}
