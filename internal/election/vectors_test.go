package election

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"os"
	"testing"
	"time"

	"github.com/carpd/carpd/internal/carp"
)

// The vectors are those of the protocol's reference model, which knows four
// systems. This machine has one profile, so that some rows differ by design;
// each of them is listed with its reason, and has to differ.

type electionRow struct {
	State       string     `json:"state"`
	Flavour     string     `json:"flavour"`
	Preempt     bool       `json:"preempt"`
	MyBase      uint8      `json:"my_base"`
	MySkew      uint8      `json:"my_skew"`
	MyDemote    int        `json:"my_demote"`
	TheirBase   uint8      `json:"their_base"`
	TheirSkew   uint8      `json:"their_skew"`
	TheirDemote uint8      `json:"their_demote"`
	MySrc       netip.Addr `json:"my_src"`
	TheirSrc    netip.Addr `json:"their_src"`
	Expect      string     `json:"expect"`
}

type timerRow struct {
	Advbase    uint8            `json:"advbase"`
	Advskew    uint8            `json:"advskew"`
	Interval   map[string]int64 `json:"interval_us"`
	MasterDown map[string]int64 `json:"master_down_us"`
}

func loadVectors(t *testing.T) (v struct {
	Timers    []timerRow
	Elections []electionRow
}) {
	t.Helper()
	b, err := os.ReadFile("testdata/vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

const (
	tieByAddress = "our MASTER yields on a tie only to a higher source address, and theirs is lower"
	noReassert   = "UCarp announces itself anew against a worse MASTER; we stay and do nothing"
	skewYields   = "our skew is raised with the demotion: at equal counts the peer's 200 is better than our 245"
	skewWaits    = "our skew is raised with the demotion: at equal counts our 245 does not preempt the peer's 200"
)

// byDesign are the rows of the elections that differ: what we do, and why.
var byDesign = map[int]struct{ we, because string }{
	2: {"ignore", tieByAddress}, 12: {"ignore", tieByAddress}, // OpenBSD
	42: {"ignore", tieByAddress}, 52: {"ignore", tieByAddress}, // FreeBSD
	82: {"ignore", tieByAddress}, 92: {"ignore", tieByAddress}, // NetBSD
	122: {"ignore", tieByAddress}, 132: {"ignore", tieByAddress}, // UCarp

	123: {"ignore", noReassert}, 124: {"ignore", noReassert}, 125: {"ignore", noReassert},
	126: {"ignore", noReassert}, 127: {"ignore", noReassert}, 128: {"ignore", noReassert},
	129: {"ignore", noReassert}, 133: {"ignore", noReassert}, 134: {"ignore", noReassert},
	135: {"ignore", noReassert}, 136: {"ignore", noReassert}, 137: {"ignore", noReassert},
	138: {"ignore", noReassert}, 139: {"ignore", noReassert},

	174: {"become_backup", skewYields}, 186: {"become_backup", skewYields},
	201: {"become_backup", skewYields}, 213: {"become_backup", skewYields},

	255: {"rearm", skewWaits}, 267: {"rearm", skewWaits},
}

func TestElectionVectors(t *testing.T) {
	rows := loadVectors(t).Elections
	if len(rows) != 268 {
		t.Fatalf("%d rows, want 268", len(rows))
	}
	for i, row := range rows {
		t.Run(fmt.Sprintf("%03d-%s-%s", i, row.Flavour, row.State), func(t *testing.T) {
			got := row.play()
			design, listed := byDesign[i]
			switch {
			case listed && got == row.Expect:
				t.Errorf("the row is listed as different (%s), but is not", design.because)
			case listed && got != design.we:
				t.Errorf("got %s, want %s: %s", got, design.we, design.because)
			case !listed && got != row.Expect:
				t.Errorf("got %s, want %s: %+v", got, row.Expect, row)
			}
		})
	}
}

// play brings a machine into the row's state and gives it the row's advert.
func (row electionRow) play() string {
	p := settings(row.MySkew, advbase(row.MyBase))
	p.Preempt = row.Preempt
	m := backup(p)
	if row.State == "MASTER" {
		m = master(p)
	}
	demotedTo(m, row.MyDemote)
	before := m.Deadline()
	fx := hear(0.5, row.TheirBase, row.TheirSkew, demoteByte(row.TheirDemote), row.sources).step(m)
	switch {
	case fx.From == Master && fx.To == Backup:
		return "become_backup"
	case fx.From == Backup && fx.To == Master:
		return "become_master"
	case fx.From == Backup && m.Deadline().After(before):
		return "rearm"
	default:
		return "ignore"
	}
}

// sources are the row's; a row without them counts as equal sources.
func (row electionRow) sources(r *Received) {
	r.Own, r.From = row.MySrc, row.TheirSrc
	if !row.MySrc.IsValid() {
		r.Own, r.From = own4, own4
	}
}

// timersByDesign are the formulas that differ for an own advbase of 0.
var timersByDesign = map[string]string{
	"openbsd 0/0": "an own advbase of 0 is refused, so that OpenBSD's floor of 1/256 s is not needed",
}

func TestTimerVectors(t *testing.T) {
	rows := loadVectors(t).Timers
	if len(rows) != 11 {
		t.Fatalf("%d rows, want 11", len(rows))
	}
	formulas := map[string]MasterDown{
		"openbsd": ThreeIntervals,
		"freebsd": ThreeBasePlusSkew, "netbsd": ThreeBasePlusSkew, "ucarp": ThreeBasePlusSkew,
	}
	for _, row := range rows {
		for flavour, formula := range formulas {
			name := fmt.Sprintf("%s %d/%d", flavour, row.Advbase, row.Advskew)
			interval := us(row.Interval[flavour]) == carp.Interval(row.Advbase, row.Advskew)
			down := us(row.MasterDown[flavour]) == masterDownTime(formula, row.Advbase, row.Advskew)
			_, listed := timersByDesign[name]
			if same := interval && down; same == listed {
				t.Errorf("%s: interval equal %t, master-down time equal %t, listed as different %t", name, interval, down, listed)
			}
		}
	}
}

func us(n int64) time.Duration { return time.Duration(n) * time.Microsecond }
