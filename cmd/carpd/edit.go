package main

import (
	"context"
	"errors"
	"time"

	"github.com/carpd/carpd/internal/config"
	"github.com/carpd/carpd/internal/configstore"
	"github.com/carpd/carpd/internal/control"
	"github.com/carpd/carpd/internal/status"
)

// Reload reads the configuration again, or says what that would do.
func (s *source) Reload(ctx context.Context, r status.ReloadRequest) (*status.Applied, error) {
	return s.stamp(s.store.Reload(ctx, r.DryRun))
}

// Apply makes the pending configuration the running one.
func (s *source) Apply(ctx context.Context, r status.ApplyRequest) (*status.Applied, error) {
	if r.Confirm < 0 || r.Confirm > configstore.MaxConfirm.Seconds() {
		return nil, errors.New("confirm_seconds: 0 (for good) to a day")
	}
	confirm := time.Duration(r.Confirm * float64(time.Second))
	return s.stamp(s.store.ApplyDraft(ctx, r.Base, configstore.Options{Confirm: confirm}))
}

// Confirm keeps what was applied on trial.
func (s *source) Confirm(context.Context) (*status.Applied, error) {
	return s.stamp(s.store.Confirm(""))
}

// RollBack takes back what was applied on trial.
func (s *source) RollBack(ctx context.Context) (*status.Applied, error) {
	return s.stamp(s.store.RollBack(ctx, ""))
}

// Discard forgets the pending configuration.
func (s *source) Discard(context.Context) (*status.Applied, error) {
	return s.stamp(s.store.Discard())
}

// Rebase makes the pending edits anew in the file as it is now.
func (s *source) Rebase(ctx context.Context) (*status.Config, error) {
	if err := s.store.Rebase(); err != nil {
		return nil, conflicting(err)
	}
	return s.Config(ctx)
}

// AddVIP adds a VIP to the pending configuration.
func (s *source) AddVIP(ctx context.Context, r status.VIPRequest) (*status.Config, error) {
	return s.edit(ctx, r.Base, config.AddGroup{Items: itemsOf(r.Edit, status.VIP{Advbase: 1, MAC: "virtual", Address: "on-master", Sync: true})})
}

// EditVIP changes a VIP of the pending configuration.
func (s *source) EditVIP(ctx context.Context, r status.VIPRequest) (*status.Config, error) {
	now, err := s.Config(ctx)
	if err != nil {
		return nil, err
	}
	for _, v := range now.VIPs {
		if v.Name == r.Name {
			return s.edit(ctx, r.Base, editOf(r.Edit, v))
		}
	}
	return s.edit(ctx, r.Base, config.EditGroup{Name: r.Name})
}

// RemoveVIP removes a VIP from the pending configuration.
func (s *source) RemoveVIP(ctx context.Context, r status.VIPRequest) (*status.Config, error) {
	return s.edit(ctx, r.Base, config.RemoveGroup{Name: r.Name})
}

// EditSettings changes keys at the top of the pending configuration.
func (s *source) EditSettings(ctx context.Context, r status.SettingsEdit) (*status.Config, error) {
	now, err := s.Config(ctx)
	if err != nil {
		return nil, err
	}
	var edits []config.Edit
	for _, k := range []struct {
		key, is string
		want    *string
	}{{"log_level", now.LogLevel, r.LogLevel}, {"xdp", now.XDP, r.XDP}, {"detach_on_stop", now.DetachOnStop, r.DetachOnStop}} {
		if k.want != nil && *k.want != k.is {
			edits = append(edits, config.SetTop{Key: k.key, Value: plainly(*k.want)})
		}
	}
	return s.edit(ctx, r.Base, edits...)
}

// plainly is the value of a setting as YAML has it.
func plainly(text string) any {
	switch text {
	case "true":
		return true
	case "false":
		return false
	}
	return text
}

// edit makes edits in the pending configuration and shows it.
func (s *source) edit(ctx context.Context, base string, edits ...config.Edit) (*status.Config, error) {
	if err := s.store.Edit(base, edits...); err != nil {
		return nil, conflicting(err)
	}
	return s.Config(ctx)
}

// stamp fills in what every answer has.
func (s *source) stamp(a *status.Applied, err error) (*status.Applied, error) {
	if err != nil {
		return nil, conflicting(err)
	}
	a.SchemaVersion, a.Instance = status.SchemaVersion, s.cfg.Instance
	return a, nil
}

// conflicting gives a conflict its own answer, with the difference.
func conflicting(err error) error {
	var c *configstore.Conflict
	if errors.As(err, &c) {
		return control.Conflict(c.Text, c.Diff)
	}
	return err
}
