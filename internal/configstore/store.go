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
	"errors"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"github.com/carpd/carpd/internal/config"
	"github.com/carpd/carpd/internal/status"
)

// Deps is what a store needs of the rest.
type Deps struct {
	Path string // of the configuration file
	Dir  string // where the state of this instance is kept
	// Load checks a text with its secrets, as the file it will be.
	Load func(text []byte) (*config.Config, []config.Warning, error)
	// Run makes a configuration the running one. On an error nothing has changed.
	Run func(context.Context, *config.Config) (config.Plan, error)
	// Groups are those that run now, for the sentences of a plan.
	Groups func() []status.Group
	// Note puts an event in the history.
	Note func(status.Event)
	Log  zerolog.Logger
}

// Store is the configuration of one carpd. Its methods may be called by several
// goroutines at once.
type Store struct {
	Deps
	mu      sync.Mutex
	text    []byte // that runs
	cfg     *config.Config
	changed chan struct{}
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

// New makes the store of a carpd that runs this text.
func New(d Deps, text []byte, cfg *config.Config) *Store {
	return &Store{Deps: d, text: text, cfg: cfg, changed: make(chan struct{})}
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

// Changed is closed when another text runs.
func (s *Store) Changed() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.changed
}

// Apply makes a text the file and the running configuration. The base is the
// hash of the file that it was made from; when that is not what is there, the
// error is a *Conflict and nothing has changed. Mistakes come back as
// config.Errors.
func (s *Store) Apply(ctx context.Context, text []byte, base string, o Options) (*status.Applied, error) {
	return nil, errors.New("not offered yet")
}
