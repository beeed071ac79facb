package web

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/carpd/carpd/internal/status"
	"github.com/carpd/carpd/internal/words"
)

// lineWide is the width of a timeline in its own units.
const lineWide = 1000.0

// timeline shows the states of this node's groups over time.
type timeline struct {
	Span   string // 1h or 24h
	Lanes  []lane
	Ticks  []string // moments from left to right
	Recent []status.Event
	Asked  time.Time
}

// lane is one group of it.
type lane struct {
	Group string
	Bars  []bar
	Text  string // the same in words
}

// spans are how much of the past can be shown.
var spans = map[string]time.Duration{"1h": time.Hour, "24h": 24 * time.Hour}

// recent is how many transitions are listed.
const recent = 10

// timelineOf draws what the history holds. now is on the clock of the node.
func timelineOf(events []status.Event, s *status.Snapshot, now time.Time, choice string) timeline {
	long, ok := spans[choice]
	if !ok {
		choice, long = "1h", time.Hour
	}
	line := timeline{Span: choice, Asked: now, Ticks: ticks(now, long)}
	moves := transitions(events)
	for _, g := range s.Groups {
		line.Lanes = append(line.Lanes, laneOf(g.Name, stretches(g, moves, s.StartedAt, now), now, long))
	}
	slices.Reverse(moves)
	line.Recent = moves[:min(recent, len(moves))]
	return line
}

// transitions are the events that changed a state.
func transitions(events []status.Event) []status.Event {
	var out []status.Event
	for _, e := range events {
		if e.Kind == "transition" || e.Kind == "resumed" {
			out = append(out, e)
		}
	}
	return out
}

// stretch is a time in one state.
type stretch struct {
	state    string
	from, to time.Time
}

// laneOf draws the states of one group.
func laneOf(g string, all []stretch, now time.Time, long time.Duration) lane {
	l := lane{Group: g}
	begin := now.Add(-long)
	for _, s := range all {
		if !s.to.After(begin) {
			continue
		}
		s.from = latest(s.from, begin)
		x, end := lineWide*s.from.Sub(begin).Seconds()/long.Seconds(), lineWide*s.to.Sub(begin).Seconds()/long.Seconds()
		l.Bars = append(l.Bars, bar{X: x, W: max(end-x, 2), H: 1, Class: "t-" + s.state,
			Title: fmt.Sprintf("%s for %s from %s", s.state, words.Span(s.to.Sub(s.from)), clock(now, s.from))})
	}
	l.Text = fmt.Sprintf("%s in the last %s: %s", g, words.Span(long), share(all, begin))
	return l
}

// stretches are the states of a group one after the other, from the start of
// carpd to now.
func stretches(g status.Group, moves []status.Event, started, now time.Time) []stretch {
	var out []stretch
	for _, e := range moves {
		if e.Group != g.Name {
			continue
		}
		if n := len(out); n > 0 {
			out[n-1].to = e.At
		} else if e.From != "" {
			out = append(out, stretch{e.From, started, e.At})
		}
		out = append(out, stretch{state: e.To, from: e.At, to: now})
	}
	if len(out) == 0 {
		return []stretch{{g.State, g.Since, now}}
	}
	return out
}

// share is how long a group was in each state.
func share(all []stretch, begin time.Time) string {
	sums := map[string]time.Duration{}
	for _, s := range all {
		sums[s.state] += max(0, s.to.Sub(latest(s.from, begin)))
	}
	var parts []string
	for _, state := range []string{"MASTER", "BACKUP", "INIT"} {
		if sums[state] > 0 {
			parts = append(parts, state+" "+words.Span(sums[state]))
		}
	}
	return strings.Join(parts, ", ")
}

// ticks are five moments from the beginning to now.
func ticks(now time.Time, long time.Duration) []string {
	var out []string
	for i := range 5 {
		out = append(out, now.Add(-long+long*time.Duration(i)/4).Format("15:04"))
	}
	return out
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
