package configstore

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/carpd/carpd/internal/config"
	"github.com/carpd/carpd/internal/status"
)

// change is a text on its way to be the file and what runs.
type change struct {
	from, to []byte
	cfg      *config.Config
	warnings []string
	Options
}

// Apply makes a text the file and the running configuration. The base is the
// hash of the file that it was made from; when that is not what is there, the
// error is a *Conflict. Mistakes come back as config.Errors. On any error file
// and running configuration are what they were.
func (s *Store) Apply(ctx context.Context, text []byte, base string, o Options) (*status.Applied, error) {
	s.door.Lock()
	defer s.door.Unlock()
	return s.apply(ctx, text, base, o)
}

// apply is Apply for who has the door.
func (s *Store) apply(ctx context.Context, text []byte, base string, o Options) (*status.Applied, error) {
	if t := s.Trial(); t != nil {
		return nil, fmt.Errorf("a change waits to be confirmed until %s: confirm it or roll it back first", t.Until.Format(time.TimeOnly))
	}
	cfg, warnings, err := s.check(text)
	if err != nil {
		return nil, err
	}
	disk, err := s.OnDisk()
	if err != nil {
		return nil, err
	}
	if Hash(disk) != base {
		return nil, s.conflict("the file was changed by somebody else", base, disk)
	}
	if _, _, running := s.Current(); o.Confirm > 0 && running != base {
		return nil, errors.New("the file was changed and not reloaded yet: reload it first, so that it is known what comes back without a confirmation")
	}
	return s.install(ctx, change{disk, text, cfg, warnings, o})
}

// install is a change in its order: what is needed to take it back, the file, the
// running configuration. Whenever carpd dies, the next one runs the file.
func (s *Store) install(ctx context.Context, c change) (*status.Applied, error) {
	_, before, _ := s.Current()
	plan := s.describe(before, c.cfg)
	t, err := s.beginTrial(c)
	if err != nil {
		return nil, err
	}
	if err := replaceConfig(s.Path, c.from, c.to); err != nil {
		return nil, errors.Join(s.lost(c, err), s.forgetTrial())
	}
	if _, err := s.Run(ctx, c.cfg); err != nil {
		back := replaceConfig(s.Path, c.to, c.from)
		return nil, errors.Join(fmt.Errorf("nothing has changed: %w", err), back, s.forgetTrial())
	}
	s.startTrial(t, before, c.Confirm) // First: who is told that another text runs asks whether it is on trial.
	s.runs(c.to, c.cfg)
	if d := s.pendingDraft(); d != nil && bytes.Equal(d.Text, c.to) {
		s.dropDraft()
	}
	s.note("apply", c.By, plan.Summary)
	return &status.Applied{Done: "applied", What: plan.Summary, Hash: Hash(c.to), Plan: plan, Confirm: s.Trial(), Warnings: c.warnings}, nil
}

// lost makes a conflict of a file that somebody changed at the last moment.
func (s *Store) lost(c change, err error) error {
	if !errors.Is(err, errChanged) {
		return err
	}
	disk, err := s.OnDisk()
	if err != nil {
		return err
	}
	return s.conflict("the file was changed by somebody else just now", Hash(c.from), disk)
}

// conflict is the error of a change that was made from another text.
func (s *Store) conflict(text, base string, now []byte) error {
	return &Conflict{text, s.seen.diff(base, now)}
}

// Reload reads the file and makes it the running configuration; a dry run only
// says what would be. When the file is not what was applied on trial any more,
// somebody has edited it by hand, and the trial is over: his file counts.
func (s *Store) Reload(ctx context.Context, dry bool) (*status.Applied, error) {
	s.door.Lock()
	defer s.door.Unlock()
	text, err := readConfig(s.Path)
	if err != nil {
		return nil, err
	}
	cfg, warnings, err := s.check(text)
	if err != nil {
		return nil, err
	}
	_, before, _ := s.Current()
	plan := s.describe(before, cfg)
	done := &status.Applied{Done: "would apply", What: plan.Summary, Hash: Hash(text), Plan: plan, Warnings: warnings}
	if dry {
		return done, nil
	}
	if _, err := s.Run(ctx, cfg); err != nil {
		return nil, err
	}
	s.runs(text, cfg)
	s.overtaken(text)
	done.Done, done.Confirm = "reloaded", s.Trial()
	return done, nil
}

// note leaves a line in log and history.
func (s *Store) note(kind, by, text string) {
	if by != "" {
		text = by + ": " + text
	}
	s.Log.Info().Str("kind", kind).Msg("configuration: " + text)
	s.Note(kind, text)
}
