package main

import (
	"context"
	"os"
	"path/filepath"

	"github.com/carpd/carpd/internal/status"
)

// The edits of the fake daemon answer with config.json, or pending.json once one
// was made and if that is there; each verb leaves a line in the file asked.

func (d *daemon) Config(context.Context) (*status.Config, error) {
	if _, err := os.Stat(filepath.Join(d.dir, "edited")); err == nil {
		return load[status.Config](d.dir, "pending.json"), nil
	}
	return load[status.Config](d.dir, "config.json"), nil
}

// edited notes an edit; the password is as good as any other field here.
func (d *daemon) edited(ctx context.Context, verb string, what any) (*status.Config, error) {
	if err := d.asked(verb, what); err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(d.dir, "edited"), nil, 0o600); err != nil {
		return nil, err
	}
	return d.Config(ctx)
}

// settled notes a verb after which nothing is pending.
func (d *daemon) settled(verb, done string, what any) (*status.Applied, error) {
	_ = os.Remove(filepath.Join(d.dir, "edited"))
	a := load[status.Applied](d.dir, "applied.json")
	a.Done = done
	return a, d.asked(verb, what)
}

func (d *daemon) AddVIP(ctx context.Context, r status.VIPRequest) (*status.Config, error) {
	return d.edited(ctx, "add", r)
}

func (d *daemon) EditVIP(ctx context.Context, r status.VIPRequest) (*status.Config, error) {
	return d.edited(ctx, "edit", r)
}

func (d *daemon) RemoveVIP(ctx context.Context, r status.VIPRequest) (*status.Config, error) {
	return d.edited(ctx, "remove", r)
}

func (d *daemon) EditSettings(ctx context.Context, r status.SettingsEdit) (*status.Config, error) {
	return d.edited(ctx, "settings", r)
}

func (d *daemon) Rebase(ctx context.Context) (*status.Config, error) {
	return d.edited(ctx, "rebase", nil)
}

func (d *daemon) Apply(_ context.Context, r status.ApplyRequest) (*status.Applied, error) {
	return d.settled("apply", "applied", r)
}

func (d *daemon) Discard(context.Context) (*status.Applied, error) {
	return d.settled("discard", "discarded", nil)
}

func (d *daemon) Confirm(context.Context) (*status.Applied, error) {
	return d.settled("confirm", "confirmed", nil)
}

func (d *daemon) RollBack(context.Context) (*status.Applied, error) {
	return d.settled("rollback", "rolled back", nil)
}
