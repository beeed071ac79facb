package web

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/carpd/carpd/internal/status"
)

// logPage is the history.
var logPage = page{path: "/log", name: "Log", file: "log.html", load: loadLog}

// logView is what the page shows.
type logView struct {
	Group, Kind, Since string // as they were asked for
	Fault              string // what is wrong with Since
	Groups, Kinds      []string
	Events             []status.Event // the newest first
	All                int            // how many are kept
	Now                time.Time
	Cards              map[string]string // the ids of the groups on the first page
	JSON               string
}

func loadLog(_ context.Context, a *ask) (any, error) {
	events := a.src.Events(0)
	l := &logView{Group: a.query.Get("group"), Kind: a.query.Get("kind"), Since: a.query.Get("since"),
		All: len(events), Now: a.now, Cards: map[string]string{}, JSON: "/api/v1/events"}
	l.choices(events, a.src.Status())
	begin, err := l.begin()
	if err != nil {
		l.Fault = err.Error()
	}
	for _, e := range slices.Backward(events) {
		if l.wants(e, begin) {
			l.Events = append(l.Events, e)
		}
	}
	return l, nil
}

// choices are the groups and kinds that there are to choose from: those of the
// history, what is chosen, and the groups of now, which the first page shows.
func (l *logView) choices(events []status.Event, s *status.Snapshot) {
	groups, kinds := map[string]bool{l.Group: true}, map[string]bool{l.Kind: true}
	for _, e := range events {
		groups[e.Group], kinds[e.Kind] = true, true
	}
	if s != nil {
		for _, g := range s.Groups {
			groups[g.Name] = true
			l.Cards[g.Name] = id("g", g.Name)
		}
	}
	delete(groups, "")
	delete(kinds, "")
	l.Groups, l.Kinds = slices.Sorted(maps.Keys(groups)), slices.Sorted(maps.Keys(kinds))
}

// begin is the moment from which events are wanted; zero is all of them.
func (l *logView) begin() (time.Time, error) {
	if l.Since == "" {
		return time.Time{}, nil
	}
	d, err := parseDuration(l.Since)
	if err != nil || d <= 0 {
		return time.Time{}, fmt.Errorf("%q is no duration: write 10m, 2h or 1d. All events are shown", l.Since)
	}
	return l.Now.Add(-d), nil
}

// wants tells whether an event is one of those that were asked for.
func (l *logView) wants(e status.Event, begin time.Time) bool {
	return (l.Group == "" || e.Group == l.Group) && (l.Kind == "" || e.Kind == l.Kind) && !e.At.Before(begin)
}

// Card is the address of a group on the first page, empty if it is not there.
func (l *logView) Card(group string) string {
	if card := l.Cards[group]; card != "" {
		return "/#" + card
	}
	return ""
}

// Raw is the address of one event, and what follows it, in JSON.
func (l *logView) Raw(e status.Event) string {
	return l.JSON + "?after=" + strconv.FormatUint(e.ID-min(e.ID, 1), 10)
}
