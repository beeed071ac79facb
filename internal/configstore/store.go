// Package configstore owns the configuration file while carpd runs: every change
// of it, by hand and reload, by an editor or by another node, goes through its
// one door. It keeps what was edited and not applied yet, replaces the file as a
// whole and never over somebody else's edit, and takes back what was applied on
// trial and not confirmed. After a crash the file is what runs.
package configstore

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"github.com/carpd/carpd/internal/config"
	"github.com/carpd/carpd/internal/status"
)

// Deps is what a store needs of the rest.
type Deps struct {
	Path string // of the configuration file
	Dir  string // where the state of this instance is kept; empty keeps none
	// Load checks a text with its secrets, as the file it will be.
	Load func(text []byte) (*config.Config, []config.Warning, error)
	// Run makes a configuration the running one. On an error nothing has changed.
	Run func(context.Context, *config.Config) (config.Plan, error)
	// Groups are those that run now, for the sentences of a plan.
	Groups func() []status.Group
	// Note puts an event in the history.
	Note func(kind, text string)
	Log  zerolog.Logger
}

// Store is the configuration of one carpd. Its methods may be called by several
// goroutines at once.
type Store struct {
	Deps
	// door is held by who changes file, draft or running configuration; mu only
	// for a look at the fields below, so that nobody who reads waits for a change.
	door sync.Mutex
	mu   sync.Mutex

	text    []byte // that runs
	cfg     *config.Config
	changed chan struct{}
	draft   *draft
	trial   *trial
	seen    seen
}

// Options are how a text is applied.
type Options struct {
	// Confirm is how long the change waits to be confirmed before it is taken
	// back; 0 is for good.
	Confirm time.Duration
	By      string // who, for log and history
}

// Conflict is the error of a change that was made from a text that is not there
// any more.
type Conflict struct {
	Text string
	Diff string // from what was seen to what is there, without secrets
}

// Error is the sentence without the difference.
func (c *Conflict) Error() string { return c.Text }

// New makes the store of a carpd that runs this text. A draft of an earlier run
// is there again.
func New(d Deps, text []byte, cfg *config.Config) *Store {
	s := &Store{Deps: d, text: text, cfg: cfg, changed: make(chan struct{})}
	s.seen.add(text)
	draft, err := readDraft(d.Dir)
	if err != nil {
		s.Log.Warn().Err(err).Msg("the pending configuration of an earlier run is lost")
	}
	s.draft = draft
	return s
}

// Hash names a text.
func Hash(text []byte) string {
	sum := sha256.Sum256(text)
	return "sha256:" + hex.EncodeToString(sum[:])
}

// Current is what runs: the text, what it means, and its hash.
func (s *Store) Current() (text []byte, cfg *config.Config, hash string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text, s.cfg, Hash(s.text)
}

// Changed is closed when another text runs, and when one that runs is confirmed.
func (s *Store) Changed() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.changed
}

// OnDisk is the text of the file. A pipe is read by nobody but a reload, who waits
// for its other end; until then it is what runs.
func (s *Store) OnDisk() ([]byte, error) {
	if info, err := os.Stat(s.Path); err == nil && !info.Mode().IsRegular() {
		text, _, _ := s.Current()
		return text, nil
	}
	return readConfig(s.Path)
}

// set changes a field that others may be looking at.
func (s *Store) set(change func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change()
}

// runs remembers what runs now and tells those who wait for it. What counts only
// after a restart is compared with what really runs.
func (s *Store) runs(text []byte, cfg *config.Config) {
	s.seen.add(text)
	s.set(func() {
		running := *cfg
		running.LogLevel, running.XDP, running.DetachOnStop = s.cfg.LogLevel, s.cfg.XDP, s.cfg.DetachOnStop
		s.text, s.cfg = text, &running
		close(s.changed)
		s.changed = make(chan struct{})
	})
}

// check reads a text as the configuration that this carpd would run.
func (s *Store) check(text []byte) (*config.Config, []string, error) {
	cfg, warnings, err := s.Load(text)
	if err != nil {
		return nil, nil, err
	}
	if _, running, _ := s.Current(); cfg.Instance != running.Instance {
		return nil, nil, fmt.Errorf("%s: instance is %s but %s runs: restart carpd to change it", s.Path, cfg.Instance, running.Instance)
	}
	var list []string
	for _, w := range warnings {
		list = append(list, w.String())
	}
	return cfg, list, nil
}

// seen are the last texts that somebody was shown, to tell what changed since.
type seen struct {
	mu    sync.Mutex
	texts [][]byte
}

// maxSeen bounds them.
const maxSeen = 16

// add remembers a text.
func (s *seen) add(text []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	hash := Hash(text)
	for _, t := range s.texts {
		if Hash(t) == hash {
			return
		}
	}
	s.texts = append(s.texts, text)
	if len(s.texts) > maxSeen {
		s.texts = s.texts[1:]
	}
}

// diff is from the text of a hash to another one, empty when we do not remember it.
func (s *seen) diff(hash string, to []byte) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, t := range s.texts {
		if Hash(t) == hash {
			return config.RedactedDiff(t, to)
		}
	}
	return ""
}
