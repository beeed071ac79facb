package configstore

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/carpd/carpd/internal/config"
	"github.com/carpd/carpd/internal/statedir"
	"github.com/carpd/carpd/internal/status"
)

// draft is what was edited and not applied yet. It is kept with the text that it
// was made from, so that it survives a restart and can be made anew from another
// text.
type draft struct {
	Base []byte    `json:"base"`
	Text []byte    `json:"text"`
	At   time.Time `json:"at"`
}

// staleDraft is why a draft cannot be applied nor edited.
const staleDraft = "the file was changed by somebody else since the pending edits began: rebase them or discard them"

// draftPath is where it is kept.
func draftPath(dir string) string { return filepath.Join(dir, "draft.json") }

// readDraft is the draft of an earlier run, nil for none.
func readDraft(dir string) (*draft, error) {
	if dir == "" {
		return nil, nil
	}
	raw, err := statedir.ReadFile(draftPath(dir))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	d := &draft{}
	if err = errors.Join(err, json.Unmarshal(raw, d)); err != nil {
		return nil, fmt.Errorf("read %s: %w", draftPath(dir), err)
	}
	return d, nil
}

// pendingDraft is the draft, nil for none.
func (s *Store) pendingDraft() *draft {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.draft
}

// keep makes a text the draft. One that is what the file is anyway is none.
func (s *Store) keep(base, text []byte) error {
	if bytes.Equal(base, text) {
		s.dropDraft()
		return nil
	}
	if s.Dir == "" {
		return errors.New("there is no state directory in which pending edits could be kept")
	}
	d := &draft{base, text, time.Now().Round(0)}
	raw, err := json.Marshal(d)
	if err != nil {
		return err
	}
	if err := statedir.WriteFile(draftPath(s.Dir), raw); err != nil {
		return err
	}
	s.seen.add(text)
	s.set(func() { s.draft = d })
	return nil
}

// dropDraft forgets the draft.
func (s *Store) dropDraft() {
	s.set(func() { s.draft = nil })
	if s.Dir == "" {
		return
	}
	if err := statedir.Remove(draftPath(s.Dir)); err != nil {
		s.Log.Error().Err(err).Msg("the pending configuration is still on disk")
	}
}

// Edited is the text that editors see: the draft, or the file.
func (s *Store) Edited() ([]byte, error) {
	if d := s.pendingDraft(); d != nil {
		return d.Text, nil
	}
	text, err := s.OnDisk()
	if err == nil {
		s.seen.add(text)
	}
	return text, err
}

// Edit makes edits in the draft, or begins one. The base is the hash of what the
// editor saw; empty takes what there is. What comes out must be a configuration
// that could run.
func (s *Store) Edit(base string, edits ...config.Edit) error {
	s.door.Lock()
	defer s.door.Unlock()
	disk, err := s.OnDisk()
	if err != nil {
		return err
	}
	from, text := disk, disk
	if d := s.pendingDraft(); d != nil {
		from, text = d.Base, d.Text
	}
	switch {
	case base != "" && base != Hash(text):
		return s.conflict("the configuration was edited by somebody else meanwhile", base, text)
	case !bytes.Equal(from, disk):
		return &Conflict{staleDraft, config.RedactedDiff(from, disk)}
	}
	s.seen.add(disk)
	next, err := config.Rewrite(text, edits...)
	if err != nil {
		return err
	}
	if _, _, err := s.check(next); err != nil {
		return err
	}
	return s.keep(disk, next)
}

// Rebase makes the pending edits anew in the file as it is now. What both have
// changed differently is a conflict, and nothing has changed.
func (s *Store) Rebase() error {
	s.door.Lock()
	defer s.door.Unlock()
	d := s.pendingDraft()
	if d == nil {
		return errors.New("nothing is pending")
	}
	disk, err := s.OnDisk()
	if err != nil {
		return err
	}
	next, err := config.Rebase(d.Base, d.Text, disk)
	if err != nil {
		return &Conflict{fmt.Sprintf("the pending edits do not fit the file any more: %v", err), config.RedactedDiff(d.Base, disk)}
	}
	if _, _, err := s.check(next); err != nil {
		return err
	}
	return s.keep(disk, next)
}

// Discard forgets the pending edits.
func (s *Store) Discard() (*status.Applied, error) {
	s.door.Lock()
	defer s.door.Unlock()
	if s.pendingDraft() == nil {
		return nil, errors.New("nothing is pending")
	}
	s.dropDraft()
	_, _, hash := s.Current()
	return &status.Applied{Done: "discarded", What: "the pending edits are forgotten", Hash: hash}, nil
}

// Pending shows the draft, nil for none.
func (s *Store) Pending() *status.Pending {
	d := s.pendingDraft()
	if d == nil {
		return nil
	}
	p := &status.Pending{Hash: Hash(d.Text), Base: Hash(d.Base), At: d.At, Diff: config.RedactedDiff(d.Base, d.Text)}
	if disk, err := s.OnDisk(); err != nil || !bytes.Equal(disk, d.Base) {
		p.Stale = staleDraft
	}
	cfg, _, err := s.check(d.Text)
	if err != nil {
		p.Stale = "it is no configuration that could run: " + err.Error()
		return p
	}
	_, running, _ := s.Current()
	p.Plan = s.describe(running, cfg)
	return p
}

// ApplyDraft applies the pending edits. The seen is the hash of the draft that
// was looked at; empty takes what there is.
func (s *Store) ApplyDraft(ctx context.Context, seen string, o Options) (*status.Applied, error) {
	s.door.Lock()
	defer s.door.Unlock()
	d := s.pendingDraft()
	switch {
	case d == nil:
		return nil, errors.New("nothing is pending")
	case seen != "" && seen != Hash(d.Text):
		return nil, s.conflict("the pending edits are not those that you saw", seen, d.Text)
	}
	if disk, err := s.OnDisk(); err == nil && !bytes.Equal(disk, d.Base) {
		return nil, &Conflict{staleDraft, config.RedactedDiff(d.Base, disk)}
	}
	return s.apply(ctx, d.Text, Hash(d.Base), o)
}
