package configstore

import (
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"
)

// trying applies the second file on trial.
func trying(t *testing.T, lasts time.Duration) *rig {
	t.Helper()
	r := newRig(t, one)
	r.atRun = func() {
		if _, err := os.Stat(trialPath(r.Dir)); err != nil && len(r.ran) == 0 {
			t.Errorf("nothing tells a next carpd how to go back: %v", err)
		}
	}
	if err := r.apply(two, one, Options{Confirm: lasts}); err != nil {
		t.Fatal(err)
	}
	return r
}

// gone checks that nothing is on trial any more.
func (r *rig) gone() {
	r.t.Helper()
	if _, err := os.Stat(trialPath(r.Dir)); !errors.Is(err, os.ErrNotExist) || r.Trial() != nil {
		r.t.Errorf("still on trial: %v", err)
	}
}

// TestConfirm keeps what was applied, and only once.
func TestConfirm(t *testing.T) {
	r := trying(t, time.Hour)
	c := r.Trial()
	if c == nil || c.Hash != Hash([]byte(two)) || c.Back != Hash([]byte(one)) || time.Until(c.Until) < 59*time.Minute {
		t.Fatalf("%+v", c)
	}
	hides(t, c.Diff)
	if _, err := r.Confirm("anna"); err != nil {
		t.Fatal(err)
	}
	r.gone()
	r.is(two, two, 2)
	if _, err := r.Confirm("anna"); err == nil {
		t.Error("confirmed twice")
	}
	if _, err := r.RollBack(t.Context(), ""); err == nil {
		t.Error("rolled back after it was confirmed")
	}
	if text, what := Recover(r.path, r.Dir, []byte(two), zerolog.Nop()); what != "" || string(text) != two {
		t.Errorf("taken back at the next start: %s", what)
	}
}

// TestNotConfirmed: the time runs out, and file and agent are what they were.
func TestNotConfirmed(t *testing.T) {
	r := trying(t, 50*time.Millisecond)
	if n := r.wait("rollback"); n != "rollback: not confirmed in time, taken back" {
		t.Error(n)
	}
	r.is(one, one, 2, 1)
	r.gone()
}

// TestRollBack takes it back at once.
func TestRollBack(t *testing.T) {
	r := trying(t, time.Hour)
	done, err := r.RollBack(t.Context(), "anna")
	if err != nil || done.Done != "rolled back" || done.Plan.Summary != "removed 2@eth0; 1 unchanged" {
		t.Errorf("%+v, %v", done, err)
	}
	r.is(one, one, 2, 1)
	r.gone()
}

// TestRollBackIsTriedAgain: an agent that does not answer does not make the trial
// a change for good.
func TestRollBackIsTriedAgain(t *testing.T) {
	r := newRig(t, one)
	failed := make(chan struct{}, 1)
	if err := r.apply(two, one, Options{Confirm: time.Hour}); err != nil {
		t.Fatal(err)
	}
	r.mu.Lock()
	r.refuse, r.atRun = errors.New("busy"), func() { failed <- struct{}{} }
	r.mu.Unlock()
	r.expire(r.onTrial())
	<-failed
	if r.Trial() == nil {
		t.Error("it is not on trial any more")
	}
	r.mu.Lock()
	r.refuse, r.atRun = nil, nil
	r.mu.Unlock()
	r.expire(r.onTrial())
	r.is(one, one, 2, 1)
	r.gone()
}

// TestOneTrialAtATime: nothing else is applied meanwhile.
func TestOneTrialAtATime(t *testing.T) {
	r := trying(t, time.Hour)
	if err := r.apply(one, two, Options{}); err == nil || !strings.Contains(err.Error(), "waits to be confirmed") {
		t.Error(err)
	}
	r.is(two, two, 2)
}

// TestTrialNeedsAKnownWayBack: not from a file that does not run.
func TestTrialNeedsAKnownWayBack(t *testing.T) {
	r := newRig(t, one)
	edited := one + "# by hand\n"
	r.write(edited)
	if err := r.apply(two, edited, Options{Confirm: time.Hour}); err == nil || !strings.Contains(err.Error(), "reload it first") {
		t.Error(err)
	}
	r.is(edited, one)
}

// TestReloadDuringTrial: the same file goes on being on trial; one that was
// edited by hand is somebody's wish and ends it.
func TestReloadDuringTrial(t *testing.T) {
	r := trying(t, time.Hour)
	if _, err := r.Reload(t.Context(), false); err != nil || r.Trial() == nil {
		t.Errorf("after a reload of the same file: %v", err)
	}
	edited := two + "# by hand\n"
	r.write(edited)
	if _, err := r.Reload(t.Context(), false); err != nil {
		t.Fatal(err)
	}
	r.gone()
	r.is(edited, edited, 2, 2, 2)
	if _, err := r.Confirm(""); err == nil {
		t.Error("confirmed what is not on trial")
	}
}

// TestEditedDuringTrial: when the time is over what ran before runs again, and
// the file that somebody edited stays.
func TestEditedDuringTrial(t *testing.T) {
	r := trying(t, time.Hour)
	edited := two + "# by hand\n"
	r.write(edited)
	r.expire(r.onTrial())
	r.is(edited, one, 2, 1)
	if n := r.wait("rollback"); !strings.Contains(n, "was edited meanwhile and stays") {
		t.Error(n)
	}
	r.gone()
}

// TestRecover: after a crash at any point the file is what runs, and a change
// that nobody confirmed is taken back.
func TestRecover(t *testing.T) {
	edited := two + "# by hand\n"
	for _, c := range []struct{ when, file, want string }{
		{"before the file was replaced", one, one},
		{"after it", two, one},
		{"after it, and it was edited by hand", edited, edited},
	} {
		r := newRig(t, one)
		if _, err := r.beginTrial(change{from: []byte(one), to: []byte(two), Options: Options{Confirm: time.Hour}}); err != nil {
			t.Fatal(err)
		}
		r.write(c.file)
		r.open(r.Dir)
		r.is(c.want, c.want)
		r.gone()
	}
}

// TestRecoverUnreadable: a record that is damaged changes nothing.
func TestRecoverUnreadable(t *testing.T) {
	r := newRig(t, one)
	if err := os.WriteFile(trialPath(r.Dir), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if text, what := Recover(r.path, r.Dir, []byte(one), zerolog.Nop()); string(text) != one || what != "" {
		t.Errorf("%s %s", text, what)
	}
}
