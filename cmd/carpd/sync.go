package main

import (
	"context"
	"path/filepath"
	"time"

	"github.com/carpd/carpd/internal/cluster"
	"github.com/carpd/carpd/internal/config"
	"github.com/carpd/carpd/internal/configfile"
	"github.com/carpd/carpd/internal/configstore"
	"github.com/carpd/carpd/internal/confsync"
	"github.com/carpd/carpd/internal/statedir"
	"github.com/carpd/carpd/internal/status"
)

// openSync makes what keeps the configuration of all nodes equal. It answers the
// other nodes as soon as the cluster runs.
func (p *parts) openSync() {
	p.sync = confsync.New(confsync.Deps{
		Store: sharedStore{p.store, p.path}, Peers: peers{p.cluster}, State: inDir(p.stateDir()),
		Now: time.Now, Event: p.note, Log: p.log,
	})
}

// sharedStore is the owner of the file as confsync sees it.
type sharedStore struct {
	*configstore.Store
	path string
}

// Load checks a text as the file.
func (s sharedStore) Load(text []byte) (*config.Config, error) {
	cfg, _, err := configfile.LoadText(s.path, text)
	return cfg, err
}

// Replace makes a text the file and the running configuration for good.
func (s sharedStore) Replace(ctx context.Context, text []byte, base, by string) error {
	_, err := s.Apply(ctx, text, base, configstore.Options{By: by})
	return err
}

// peers are the other nodes as confsync sees them.
type peers struct{ *cluster.Manager }

// Members are all nodes.
func (p peers) Members() (out []confsync.Member) {
	for _, m := range p.Manager.Members() {
		out = append(out, confsync.Member{Name: m.Name, Rank: m.Rank})
	}
	return out
}

// Handle serves the calls of the other nodes.
func (p peers) Handle(path string, do func(context.Context, string, []byte) (any, error)) {
	p.Manager.Handle(path, do)
}

// inDir is a state directory.
type inDir string

// Read reads a file.
func (d inDir) Read(name string) ([]byte, error) { return statedir.ReadFile(d.Path(name)) }

// Write replaces a file.
func (d inDir) Write(name string, data []byte) error { return statedir.WriteFile(d.Path(name), data) }

// Path is where a file is.
func (d inDir) Path(name string) string { return filepath.Join(string(d), name) }

// Sync compares with all nodes now, and agrees with them.
func (s *source) Sync(ctx context.Context, r status.SyncRequest) (*status.SyncReport, error) {
	report, err := s.sync.Sync(ctx, r)
	if err != nil {
		return nil, err
	}
	report.Instance = s.cfg.Instance
	return report, nil
}
