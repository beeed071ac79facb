package demo

import (
	"strings"
	"testing"
	"time"

	"github.com/carpd/carpd/internal/carp"
)

const ms = time.Millisecond

func TestPromisesAreJudgedByTheMedian(t *testing.T) {
	for name, c := range map[string]struct {
		row  row
		text string
		kept bool
	}{
		"inside":       {between("", "", []time.Duration{3390 * ms, 9 * time.Second, 3400 * ms}, 3350*ms), "3.40 s  (3.39 s, 9.00 s, 3.40 s)", true},
		"lower bound":  {between("", "", []time.Duration{3350 * ms}, 3350*ms), "3.35 s", true},
		"below":        {between("", "", []time.Duration{3349 * ms}, 3350*ms), "3.35 s", false},
		"above":        {between("", "", []time.Duration{3390 * ms, 3601 * ms, 3700 * ms}, 3350*ms), "3.60 s  (3.39 s, 3.60 s, 3.70 s)", false},
		"not measured": {between("", "", nil, 0), "0.0 ms", false},
		"at most":      {atMost("", "", []time.Duration{20 * ms}, 20*ms), "20.0 ms", true},
		"more":         {atMost("", "", []time.Duration{20*ms + 1}, 20*ms), "20.0 ms", false},
		"nothing":      {atMost("", "", nil, 20*ms), "0.0 ms", false},
		"many":         {shown("", []time.Duration{ms, 2 * ms, 3 * ms, 4 * ms, time.Second}), "3.0 ms  (5: 1.0 ms to 1.00 s)", true},
	} {
		if c.row.kept != c.kept || c.row.measured != c.text {
			t.Errorf("%s: kept %t, %q", name, c.row.kept, c.row.measured)
		}
	}
}

func TestAnotherMACIsABrokenPromise(t *testing.T) {
	d := &demo{}
	if d.sameMAC().kept {
		t.Error("kept without having been looked at")
	}
	d.book.macs = []carp.MAC{{0, 0, 0x5e, 0, 1, 1}, {0, 0, 0x5e, 0, 1, 1}}
	if r := d.sameMAC(); !r.kept {
		t.Errorf("%+v", r)
	}
	d.book.macs = append(d.book.macs, carp.MAC{2, 0, 0, 0, 0, 0x0b})
	if r := d.sameMAC(); r.kept || r.measured != "02:00:00:00:00:0b" {
		t.Errorf("%+v", r)
	}
}

func TestBrokenPromisesAreCounted(t *testing.T) {
	var out strings.Builder
	s := newScreen(Options{Out: &out})
	if n := s.table([]row{{kept: true, promised: "0"}, {promised: "0"}, {kept: true}}, 1); n != 1 {
		t.Errorf("%d broken", n)
	}
	if strings.Count(out.String(), "BROKEN") != 1 || strings.Contains(out.String(), "\x1b") {
		t.Errorf("without colours:\n%s", out.String())
	}
}

func TestStripShowsStatesAnswersAndActions(t *testing.T) {
	from := time.Unix(1000, 0)
	at := from.Add
	s := newStrip()
	s.actions[at(600*ms)] = 'K'
	for _, x := range []sample{
		{at(0), [2]string{"MASTER", "BACKUP"}, 1},
		{at(600 * ms), [2]string{stateDown, "BACKUP"}, 0.5},
		{at(700 * ms), [2]string{stateDown, "BACKUP"}, 0},
		{at(1600 * ms), [2]string{stateFrozen, "MASTER"}, 1},
		{at(2100 * ms), [2]string{stateCut, "INIT"}, 1},
	} {
		s.add(x)
	}
	want := `         K
r1      Mx z-
r2      bb Mi
client  #. ##`
	if got := strings.Join(s.block(from, at(2200*ms)), "\n"); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestPictureFitsTheTerminal(t *testing.T) {
	var out strings.Builder
	s := newScreen(Options{Out: &out, Terminal: true, Width: 60})
	for range 200 {
		s.show(sample{share: 1, states: [2]string{"MASTER", "BACKUP"}})
	}
	s.say(strings.Repeat("long ", 50))
	for _, l := range s.picture() {
		if len(l) > 60 {
			t.Errorf("%d columns: %q", len(l), l)
		}
	}
	if !strings.Contains(s.picture()[2], "MMM") {
		t.Errorf("no timeline: %q", s.picture())
	}
}
