package main

import (
	"context"
	"os"

	"github.com/rs/zerolog"

	"github.com/carpd/carpd/internal/config"
	"github.com/carpd/carpd/internal/configfile"
	"github.com/carpd/carpd/internal/configstore"
	"github.com/carpd/carpd/internal/statedir"
)

// loaded is a configuration as it was read, once: the file may be a pipe.
type loaded struct {
	path string
	text []byte
	cfg  *config.Config
	// takenBack is why another text counts than the one in the file was.
	takenBack string
}

// loadConfig reads and checks the file.
func loadConfig(path string) (l loaded, warnings []config.Warning, err error) {
	l.path = path
	if l.text, err = os.ReadFile(path); err != nil {
		return l, nil, err
	}
	l.cfg, warnings, err = configfile.LoadText(path, l.text)
	return l, warnings, err
}

// unconfirmed takes back what an earlier carpd applied on trial and nobody has
// confirmed. The lock of the instance is ours.
func (l *loaded) unconfirmed(log zerolog.Logger) error {
	dir, err := statedir.Dir(l.cfg.Instance)
	if err != nil {
		log.Warn().Err(err).Msg("no state directory: edits cannot be kept pending, nor changes be confirmed")
		return nil
	}
	text, what := configstore.Recover(l.path, dir, l.text, log)
	if what == "" {
		return nil
	}
	log.Warn().Msg("the last change of the configuration: " + what)
	cfg, _, err := configfile.LoadText(l.path, text)
	if err != nil {
		return err
	}
	l.text, l.cfg, l.takenBack = text, cfg, what
	return nil
}

// openStore makes the owner of the file.
func (p *parts) openStore() *configstore.Store {
	dir, _ := statedir.Dir(p.cfg.Instance) // Without one it says so when it needs it.
	return configstore.New(configstore.Deps{
		Path:   p.path,
		Dir:    dir,
		Load:   func(text []byte) (*config.Config, []config.Warning, error) { return configfile.LoadText(p.path, text) },
		Run:    p.run,
		Groups: p.agent.Groups,
		Note:   p.note,
		Log:    p.log,
	}, p.text, p.cfg)
}

// run makes a configuration the running one.
func (p *parts) run(ctx context.Context, cfg *config.Config) (config.Plan, error) {
	plan, err := p.agent.Apply(ctx, cfg)
	if err == nil {
		p.reach(cfg)
		p.cluster.Configure(cfg.Cluster)
	}
	return plan, err
}
