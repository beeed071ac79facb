package main

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/carpd/carpd/internal/control"
	"github.com/carpd/carpd/internal/status"
)

// daemon is a source of the control socket whose answers are files, read anew
// for each request: status.json, counters.json, dataplane.json,
// events.json; reload.err has the
// refusal of a reload.
type daemon struct {
	control.NotOffered
	dir     string
	mu      sync.Mutex
	changed chan struct{}
	reloads int
}

func newDaemon(dir string) *daemon { return &daemon{dir: dir, changed: make(chan struct{})} }

// load reads a file of the daemon; what a test wrote wrongly is the test's
// mistake.
func load[T any](dir, name string) *T {
	v := new(T)
	raw, err := os.ReadFile(filepath.Join(dir, name))
	if err == nil {
		err = json.Unmarshal(raw, v)
	}
	if err != nil {
		panic("fake daemon: " + name + ": " + err.Error())
	}
	return v
}

func (d *daemon) Status() *status.Snapshot { return load[status.Snapshot](d.dir, "status.json") }

func (d *daemon) Counters() (*status.Counters, error) {
	return load[status.Counters](d.dir, "counters.json"), nil
}

func (d *daemon) Dataplane(context.Context) (*status.Dataplane, error) {
	return load[status.Dataplane](d.dir, "dataplane.json"), nil
}

func (d *daemon) Events(after uint64) []status.Event {
	all := *load[[]status.Event](d.dir, "events.json")
	return slices.DeleteFunc(all, func(e status.Event) bool { return e.ID <= after })
}

func (d *daemon) Changed() <-chan struct{} {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.changed
}

// happen wakes followers after events.json was written.
func (d *daemon) happen() {
	d.mu.Lock()
	defer d.mu.Unlock()
	close(d.changed)
	d.changed = make(chan struct{})
}

func (d *daemon) Retire(context.Context) error { return nil }

func (d *daemon) Reload(context.Context, status.ReloadRequest) (*status.Applied, error) {
	d.mu.Lock()
	d.reloads++
	d.mu.Unlock()
	text, err := os.ReadFile(filepath.Join(d.dir, "reload.err"))
	if err != nil {
		return &status.Applied{SchemaVersion: 1, Instance: "default", Done: "reloaded", What: "changed 2@eth0 (timing); 2 unchanged"}, nil
	}
	return nil, errors.New(strings.TrimSpace(string(text)))
}

// Sync answers with sync.json; a dry run and a push have files of their own.
func (d *daemon) Sync(_ context.Context, r status.SyncRequest) (*status.SyncReport, error) {
	name := "sync"
	if r.DryRun {
		name += "-dry"
	}
	if r.Push {
		name += "-push"
	}
	return load[status.SyncReport](d.dir, name+".json"), nil
}
