package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/rs/zerolog"

	"github.com/carpd/carpd/internal/config"
)

// TestStateIsNeverWhereCarpdWasStarted: somebody else may have put a CA there, by
// which clients would be let in, and passwords would be kept there.
func TestStateIsNeverWhereCarpdWasStarted(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("STATE_DIRECTORY", file) // No directory can be made in it.
	p := &parts{loaded: loaded{cfg: &config.Config{Instance: "main"}}, log: zerolog.Nop()}
	if got, want := p.stateDir(), file+"/main"; got != want {
		t.Fatalf("%q, want %q", got, want)
	}
	if got, want := remoteOf(config.API{}, p.stateDir()).ClientCA, file+"/main/cluster/ca.crt"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if err := inDir(p.stateDir()).Write("sync.json", nil); err == nil {
		t.Error("something was kept")
	}
}
