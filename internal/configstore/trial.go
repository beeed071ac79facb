package configstore

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/rs/zerolog"

	"github.com/carpd/carpd/internal/config"
	"github.com/carpd/carpd/internal/statedir"
	"github.com/carpd/carpd/internal/status"
)

// MaxConfirm is the longest time for a confirmation.
const MaxConfirm = 24 * time.Hour

// trial is a change that is taken back unless it is confirmed. It is in the state
// directory from before the file is touched until it is confirmed or taken back,
// so that a carpd that starts meanwhile knows what to do: nobody has confirmed it.
type trial struct {
	Old   []byte    `json:"old"` // the file before
	New   string    `json:"new"` // hash of the file on trial
	Until time.Time `json:"until"`
	By    string    `json:"by"`

	before *config.Config // what ran
	diff   string
	timer  *time.Timer
}

// trialPath is where it is kept.
func trialPath(dir string) string { return filepath.Join(dir, "trial.json") }

// beginTrial puts down how to take a change back, if it is on trial.
func (s *Store) beginTrial(c change) (*trial, error) {
	switch {
	case c.Confirm == 0:
		return nil, nil
	case c.Confirm < 0 || c.Confirm > MaxConfirm:
		return nil, fmt.Errorf("a time to confirm of %v: more than nothing and at most %v", c.Confirm, MaxConfirm)
	case s.Dir == "":
		return nil, errors.New("there is no state directory, which a change with a time to confirm needs")
	}
	t := &trial{Old: c.from, New: Hash(c.to), Until: time.Now().Add(c.Confirm).Round(0), By: c.By, diff: config.RedactedDiff(c.from, c.to)}
	raw, err := json.Marshal(t)
	if err != nil {
		return nil, err
	}
	return t, statedir.WriteFile(trialPath(s.Dir), raw)
}

// startTrial lets the time run.
func (s *Store) startTrial(t *trial, before *config.Config, lasts time.Duration) {
	if t == nil {
		return
	}
	t.before = before
	s.set(func() {
		t.timer = time.AfterFunc(lasts, func() { s.expire(t) })
		s.trial = t
	})
}

// forgetTrial removes what beginTrial put down.
func (s *Store) forgetTrial() error {
	s.set(func() {
		if s.trial != nil {
			s.trial.timer.Stop()
		}
		s.trial = nil
	})
	if s.Dir == "" {
		return nil
	}
	if err := statedir.Remove(trialPath(s.Dir)); !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

// Trial is the change that waits to be confirmed, nil for none.
func (s *Store) Trial() *status.Confirm {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.trial == nil {
		return nil
	}
	return &status.Confirm{Hash: s.trial.New, Back: Hash(s.trial.Old), Until: s.trial.Until, Diff: s.trial.diff}
}

// Confirm keeps the change that is on trial.
func (s *Store) Confirm(by string) (*status.Applied, error) {
	s.door.Lock()
	defer s.door.Unlock()
	t := s.onTrial()
	if t == nil {
		return nil, errors.New("nothing waits to be confirmed")
	}
	if err := s.forgetTrial(); err != nil {
		return nil, err
	}
	s.set(func() {
		close(s.changed)
		s.changed = make(chan struct{})
	})
	const what = "the change on trial is kept"
	s.note("confirm", by, what)
	return &status.Applied{Done: "confirmed", What: what, Hash: t.New}, nil
}

// onTrial is the trial itself.
func (s *Store) onTrial() *trial {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.trial
}

// RollBack takes the change that is on trial back.
func (s *Store) RollBack(ctx context.Context, by string) (*status.Applied, error) {
	s.door.Lock()
	defer s.door.Unlock()
	t := s.onTrial()
	if t == nil {
		return nil, errors.New("nothing is on trial that could be rolled back")
	}
	return s.rollBack(ctx, t, by, "taken back on request")
}

// expire takes a change back when its time is over. One that cannot be taken back
// now is tried again: the operator may have no other way in.
func (s *Store) expire(t *trial) {
	s.door.Lock()
	defer s.door.Unlock()
	if s.onTrial() != t {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if _, err := s.rollBack(ctx, t, t.By, "not confirmed in time, taken back"); err != nil {
		s.Log.Error().Err(err).Msg("a change that was not confirmed cannot be taken back yet: trying again")
		t.timer.Reset(5 * time.Second)
	}
}

// rollBack puts the old file back and runs what ran before. A file that was
// edited by hand meanwhile stays as it is, for the next reload.
func (s *Store) rollBack(ctx context.Context, t *trial, by, why string) (*status.Applied, error) {
	back, err := s.putBack(t)
	if err != nil {
		return nil, err
	}
	_, now, _ := s.Current()
	plan := s.describe(now, t.before)
	if _, err := s.Run(ctx, t.before); err != nil {
		return nil, err
	}
	s.runs(t.Old, t.before)
	if err := s.forgetTrial(); err != nil {
		s.Log.Error().Err(err).Msg("the record of a change on trial stays: the next start looks at it again")
	}
	what := why
	if !back {
		what += "; the file was edited meanwhile and stays: carpctl reload takes it"
	}
	s.note("rollback", by, what)
	return &status.Applied{Done: "rolled back", What: what, Hash: Hash(t.Old), Plan: plan}, nil
}

// putBack makes the old text the file again, unless the file is neither text.
func (s *Store) putBack(t *trial) (back bool, err error) {
	disk, err := s.OnDisk()
	switch {
	case err != nil:
		return false, err
	case Hash(disk) == Hash(t.Old):
		return true, nil
	case Hash(disk) != t.New:
		return false, nil
	}
	err = replaceConfig(s.Path, disk, t.Old)
	if errors.Is(err, errChanged) {
		return false, nil
	}
	return err == nil, err
}

// overtaken ends a trial when a file that is not on trial was reloaded.
func (s *Store) overtaken(text []byte) {
	t := s.onTrial()
	if t == nil || t.New == Hash(text) {
		return
	}
	if err := s.forgetTrial(); err != nil {
		s.Log.Error().Err(err).Msg("the record of a change on trial stays")
	}
	s.note("confirm", "", "the file was edited by hand and reloaded: the change on trial is not taken back any more")
}

// Recover takes back what an earlier carpd applied on trial and nobody confirmed.
// It is called once, before anything runs, by who has the lock of the instance,
// with the text of the file. It returns the text that counts, and a sentence for
// the history when that is another one.
func Recover(path, dir string, disk []byte, log zerolog.Logger) (text []byte, what string) {
	raw, err := statedir.ReadFile(trialPath(dir))
	if errors.Is(err, os.ErrNotExist) {
		return disk, ""
	}
	t := &trial{}
	if err = errors.Join(err, json.Unmarshal(raw, t)); err != nil {
		log.Error().Err(err).Msg("the record of a change on trial cannot be read: it stays as it is")
		return disk, ""
	}
	text = disk
	if Hash(disk) == t.New {
		text, what = t.Old, "carpd was started again before it was confirmed, taken back"
		if err := replaceConfig(path, disk, t.Old); err != nil {
			log.Error().Err(err).Msg("the old file cannot be put back: it runs all the same")
			return text, what
		}
	}
	if err := statedir.Remove(trialPath(dir)); err != nil {
		log.Error().Err(err).Msg("the record of a change on trial stays")
	}
	return text, what
}
