package main

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"

	"github.com/carpd/carpd/internal/status"
)

// asked notes in the file asked what the daemon is asked for, and refuses it with
// the text of the file refuse, if there is one.
func (d *daemon) asked(verb string, what any) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	raw, err := json.Marshal(what)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(filepath.Join(d.dir, "asked"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.WriteString(verb + " " + string(raw) + "\n")
	if err := errors.Join(err, f.Close()); err != nil {
		return err
	}
	if text, err := os.ReadFile(filepath.Join(d.dir, "refuse")); err == nil {
		return errors.New(strings.TrimSpace(string(text)))
	}
	return nil
}

func (d *daemon) Demote(_ context.Context, r status.DemoteRequest) (*status.Demotions, error) {
	s := d.Status()
	return &status.Demotions{SchemaVersion: 1, Instance: "default", Sum: s.Demotion, Demotions: s.Demotions}, d.asked("demote", r)
}

func (d *daemon) Undemote(_ context.Context, name, group string) error {
	return d.asked("undemote", []string{name, group})
}

func (d *daemon) EnterMaintenance(_ context.Context, r status.MaintenanceRequest) (*status.Maintenance, error) {
	m := d.Status().Maintenance
	m.SchemaVersion, m.Instance = 1, "default"
	return &m, d.asked("enter", r)
}

func (d *daemon) LeaveMaintenance(context.Context) error { return d.asked("leave", nil) }

func (d *daemon) HandOver(_ context.Context, r status.HandOverRequest) error {
	return d.asked("handover", r)
}

func (d *daemon) Disable(_ context.Context, group string) error  { return d.asked("disable", group) }
func (d *daemon) Enable(_ context.Context, group string) error   { return d.asked("enable", group) }
func (d *daemon) Announce(_ context.Context, group string) error { return d.asked("announce", group) }
