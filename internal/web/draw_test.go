package web

import (
	"fmt"
	"testing"
	"time"

	"github.com/carpd/carpd/internal/status"
)

// TestSpark: an advert in time is half as high as the picture, one that took
// half an interval longer is late, and the words say the same.
func TestSpark(t *testing.T) {
	s := sparkOf(status.Group{State: "BACKUP", Advbase: 9, Master: &status.Peer{Advbase: 1, Advskew: 128}, Gaps: []float64{1.5, 3, 0.75, 2.25}})
	got := fmt.Sprint(s.Width, s.High, s.Expected)
	for _, b := range s.Bars {
		got += fmt.Sprintf(" | %g+%g %g %s", b.Y, b.H, b.X, b.Class)
	}
	if want := "24 24 12 | 12+12 0 in-time | 0+24 6 late | 18+6 12 in-time | 6+18 18 in-time"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if want := "The last 4 gaps between adverts: 0.75 to 3.00 s, 1 late"; s.Text != want {
		t.Errorf("got  %s\nwant %s", s.Text, want)
	}
	own := sparkOf(status.Group{State: "MASTER", Advbase: 1, SentSkew: 0, Master: &status.Peer{Advbase: 5}, Gaps: []float64{1, 1}})
	if own.Text != "The last 2 gaps between adverts: 1.00 to 1.00 s, none late" {
		t.Errorf("of its own adverts: %s", own.Text)
	}
	if none := sparkOf(status.Group{State: "INIT"}); len(none.Bars) > 0 || none.Text != "" {
		t.Errorf("without adverts: %+v", none)
	}
}

// TestTimeline: the last hour is 1000 wide; before the first transition stands the
// state that it left, from the start of carpd on.
func TestTimeline(t *testing.T) {
	s := &status.Snapshot{StartedAt: ago(54 * time.Minute), Groups: []status.Group{
		{Name: "1@eth0", State: "MASTER"},
		{Name: "2@eth0", State: "BACKUP", Since: ago(3 * time.Hour)},
	}}
	line := timelineOf(plantEvents(), s, now, "")
	if len(line.Lanes) != 2 || line.Span != "1h" {
		t.Fatalf("%d lanes over %s", len(line.Lanes), line.Span)
	}
	for i, want := range []string{
		"t-INIT 100+233 | t-BACKUP 333+467 | t-MASTER 800+200 | ",
		"t-MASTER 100+899 | t-BACKUP 999+2 | ",
	} {
		got := ""
		for _, b := range line.Lanes[i].Bars {
			got += fmt.Sprintf("%s %.0f+%.0f | ", b.Class, b.X, b.W)
		}
		if got != want {
			t.Errorf("lane %d:\ngot  %s\nwant %s", i, got, want)
		}
	}
	if got, want := line.Lanes[0].Text, "1@eth0 in the last 1h 00m: MASTER 12m 00s, BACKUP 28m 00s, INIT 14m 00s"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if got := fmt.Sprint(line.Ticks); got != "[09:00 09:15 09:30 09:45 10:00]" {
		t.Errorf("ticks %s", got)
	}
	if len(line.Recent) != 3 || line.Recent[0].ID != 5 || line.Recent[2].ID != 1 {
		t.Errorf("listed: %v", line.Recent)
	}
	if day := timelineOf(nil, s, now, "24h"); day.Span != "24h" || fmt.Sprintf("%.0f", day.Lanes[1].Bars[0].X) != "875" {
		t.Errorf("the last day: %+v", day)
	}
}

// TestDuration takes what people type.
func TestDuration(t *testing.T) {
	for text, want := range map[string]time.Duration{"30m": 30 * time.Minute, "2h": 2 * time.Hour, "1d": 24 * time.Hour, "1.5d": 36 * time.Hour, "1h30m": 90 * time.Minute, "90s": 90 * time.Second} {
		if got, err := parseDuration(text); err != nil || got != want {
			t.Errorf("%s: %v %v, want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"30", "x", "d", "1w", "NaNd", "Infd", "99999999d", "-1h", "0", "-2d", "400d"} {
		a := &ask{form: map[string][]string{"for": {text}}}
		if d, err := a.duration(); err == nil {
			t.Errorf("%s is taken as %v", text, d)
		}
	}
}

// TestHeir is the BACKUP that times out first, and never a node in INIT.
func TestHeir(t *testing.T) {
	of := func(node, state string, down float64) member {
		return member{Node: node, Group: status.Group{State: state, MasterDown: down}}
	}
	c := groupCard{Members: []member{of("r1", "MASTER", 3), of("r2", "BACKUP", 3.8), of("r3", "BACKUP", 3.4), of("r4", "INIT", 3)}}
	if got := c.heir(&c.Members[0]); got == nil || got.Node != "r3" {
		t.Errorf("the heir is %v", got)
	}
	alone := groupCard{Members: []member{of("r1", "BACKUP", 3)}}
	if got := alone.heir(&alone.Members[0]); got != nil {
		t.Errorf("the heir of the only one is %v", got)
	}
}

// TestRemovalCountsWhatTheCapHid: with more than 255 in all, taking one away
// need not change the sum.
func TestRemovalCountsWhatTheCapHid(t *testing.T) {
	s := &status.Snapshot{Demotion: 255, Demotions: []status.Demotion{{Name: "a", Weight: 200}, {Name: "b", Weight: 100}, {Name: "c", Weight: 200}}}
	for i, want := range []string{"falls from 255 to 255 at once", "falls from 255 to 255 at once"} {
		wantIn(t, removal(s, s.Demotions[i]), want)
	}
	s.Demotions = s.Demotions[:2]
	wantIn(t, removal(s, s.Demotions[0]), "falls from 255 to 100 at once")
}
