package configstore

import (
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/carpd/carpd/internal/config"
)

// described is an edit of the first group, and what the file is with it.
var (
	described = config.EditGroup{Name: "1@eth0", Set: config.Items{{Key: "description", Value: "office"}}}
	withIt    = one + "    description: office\n"
)

// TestDraft: edits wait, over a restart too, in a file for its owner alone, until
// they are applied.
func TestDraft(t *testing.T) {
	r := newRig(t, one)
	if err := r.Edit(Hash([]byte(one)), described); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(draftPath(r.Dir)); err != nil || info.Mode() != 0o600 {
		t.Errorf("%v %v", info, err)
	}
	r.is(one, one)
	r.open(r.Dir)
	p := r.Pending()
	if p == nil || p.Hash != Hash([]byte(withIt)) || p.Base != Hash([]byte(one)) || p.Stale != "" {
		t.Fatalf("%+v", p)
	}
	if !strings.Contains(p.Diff, "+    description: office") || p.Plan.Steps[0] != "1@eth0: the description changes, nothing changes on the wire" {
		t.Errorf("%+v", p)
	}
	hides(t, p.Diff)
	if _, err := r.ApplyDraft(t.Context(), p.Hash, Options{}); err != nil {
		t.Fatal(err)
	}
	r.is(withIt, withIt, 1)
	if _, err := os.Stat(draftPath(r.Dir)); !errors.Is(err, os.ErrNotExist) || r.Pending() != nil {
		t.Errorf("still pending: %v", err)
	}
}

// TestTwoEditors: the second one did not see what the first one did.
func TestTwoEditors(t *testing.T) {
	r := newRig(t, one)
	if err := r.Edit(Hash([]byte(one)), described); err != nil {
		t.Fatal(err)
	}
	err := r.Edit(Hash([]byte(one)), config.SetTop{Key: "xdp", Value: "off"})
	var c *Conflict
	if !errors.As(err, &c) || !strings.Contains(c.Diff, "+    description: office") {
		t.Errorf("%v %+v", err, c)
	}
	if _, err := r.ApplyDraft(t.Context(), Hash([]byte(one)), Options{}); !errors.As(err, &c) {
		t.Errorf("applied what nobody saw: %v", err)
	}
	if err := r.Edit("", config.SetTop{Key: "xdp", Value: "off"}); err != nil {
		t.Errorf("an editor who takes what there is: %v", err)
	}
}

// TestStaleDraft: the file was changed by somebody else: it is neither applied
// nor edited further, and can be made anew or discarded.
func TestStaleDraft(t *testing.T) {
	r := newRig(t, one)
	if err := r.Edit("", described); err != nil {
		t.Fatal(err)
	}
	theirs := strings.Replace(one, "vhid: 1 # gateway", "vhid: 1 # the gateway", 1) + "    advskew: 7\n"
	r.write(theirs)
	var c *Conflict
	if _, err := r.ApplyDraft(t.Context(), "", Options{}); !errors.As(err, &c) || !strings.Contains(c.Diff, "+    advskew: 7") {
		t.Errorf("%v %+v", err, c)
	}
	if err := r.Edit("", config.SetTop{Key: "xdp", Value: "off"}); !errors.As(err, &c) {
		t.Error(err)
	}
	if p := r.Pending(); p.Stale == "" {
		t.Error("it is not said")
	}
	r.is(theirs, one)
	if err := r.Rebase(); err != nil {
		t.Fatal(err)
	}
	if p := r.Pending(); p.Stale != "" || p.Hash != Hash([]byte(theirs+"    description: office\n")) {
		t.Errorf("%+v", p)
	}
	if _, err := r.Discard(); err != nil || r.Pending() != nil {
		t.Error(err)
	}
	r.is(theirs, one)
}

// TestRebaseConflicts: both have changed the same.
func TestRebaseConflicts(t *testing.T) {
	r := newRig(t, one)
	if err := r.Edit("", described); err != nil {
		t.Fatal(err)
	}
	r.write(one + "    description: home\n")
	var c *Conflict
	if err := r.Rebase(); !errors.As(err, &c) || !strings.Contains(c.Text, "description of 1@eth0 was changed there too") {
		t.Error(err)
	}
	if p := r.Pending(); p == nil || p.Hash != Hash([]byte(withIt)) {
		t.Errorf("%+v", p)
	}
}

// TestEditThatCannotRun: it is refused, with its place, and the draft stays.
func TestEditThatCannotRun(t *testing.T) {
	r := newRig(t, one)
	var mistakes config.Errors
	for _, e := range []config.Edit{
		config.EditGroup{Name: "1@eth0", Set: config.Items{{Key: "vhid", Value: 256}}},
		config.AddGroup{Items: config.Items{{Key: "vhid", Value: 2}, {Key: "carpdev", Value: "eth0"}, {Key: "addresses", Value: []any{"192.0.2.2/24"}}}},
	} {
		if err := r.Edit("", e); !errors.As(err, &mistakes) {
			t.Errorf("%v: %v", e, err)
		}
	}
	if err := r.Edit("", config.RemoveGroup{Name: "1@eth0"}); err == nil || !strings.Contains(err.Error(), "needs one") {
		t.Errorf("the last group: %v", err)
	}
	if r.Pending() != nil {
		t.Error("something is pending")
	}
}

// TestEditToAndFro: what is again as in the file is not pending.
func TestEditToAndFro(t *testing.T) {
	r := newRig(t, one)
	for _, e := range []config.Edit{described, config.EditGroup{Name: "1@eth0", Unset: []string{"description"}}} {
		if err := r.Edit("", e); err != nil {
			t.Fatal(err)
		}
	}
	if r.Pending() != nil {
		t.Error("still pending")
	}
}

// TestDraftOverATrial: what was edited on what is on trial is stale when that is
// taken back.
func TestDraftOverATrial(t *testing.T) {
	r := trying(t, time.Hour)
	if err := r.Edit("", described); err != nil {
		t.Fatal(err)
	}
	if _, err := r.RollBack(t.Context(), ""); err != nil {
		t.Fatal(err)
	}
	if p := r.Pending(); p == nil || p.Stale == "" {
		t.Errorf("%+v", p)
	}
}
