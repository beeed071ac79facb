package web

import (
	"fmt"
	"slices"

	"github.com/carpd/carpd/internal/status"
)

// Size of a sparkline in its own units.
const (
	sparkHigh = 24
	sparkStep = 6
	sparkBar  = 5
)

// spark draws the seconds between adverts as bars, the newest on the right.
type spark struct {
	Width, High int
	Bars        []bar
	Expected    float64 // the height at which an advert is in time
	Text        string  // the same in words
}

// bar is one rectangle.
type bar struct {
	X, Y, W, H float64
	Class      string
	Title      string
}

// sparkOf draws the gaps of a group. A gap is late from half an interval more
// than was expected.
func sparkOf(g status.Group) spark {
	if len(g.Gaps) == 0 {
		return spark{}
	}
	want := expected(g)
	top := max(2*want, slices.Max(g.Gaps))
	s := spark{Width: sparkStep * len(g.Gaps), High: sparkHigh, Expected: sparkHigh * (1 - want/top)}
	late := 0
	for i, gap := range g.Gaps {
		b := bar{X: float64(i * sparkStep), W: sparkBar, H: max(1, sparkHigh*max(gap, 0)/top), Class: "in-time", Title: fmt.Sprintf("%.2f s", gap)}
		if gap > 1.5*want {
			late++
			b.Class = "late"
		}
		b.Y = sparkHigh - b.H
		s.Bars = append(s.Bars, b)
	}
	s.Text = sparkText(g.Gaps, late)
	return s
}

// expected is the time between adverts of the one who sends them: of the MASTER
// that a BACKUP hears, or of this node.
func expected(g status.Group) float64 {
	base, skew := g.Advbase, g.SentSkew
	if g.State != "MASTER" && g.Master != nil {
		base, skew = g.Master.Advbase, g.Master.Advskew
	}
	return max(float64(base)+float64(skew)/256, 1.0/256)
}

// sparkText tells what the picture shows.
func sparkText(gaps []float64, late int) string {
	s := fmt.Sprintf("The last %d gaps between adverts: %.2f to %.2f s", len(gaps), slices.Min(gaps), slices.Max(gaps))
	if late > 0 {
		return fmt.Sprintf("%s, %d late", s, late)
	}
	return s + ", none late"
}
