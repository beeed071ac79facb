package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/carpd/carpd/internal/demotion"
	"github.com/carpd/carpd/internal/statedir"
	"github.com/carpd/carpd/internal/status"
)

// longest is the longest time for which something may be asked.
const longest = 10 * 365 * 24 * time.Hour

// Demote raises what an operator asks for.
func (s *source) Demote(ctx context.Context, r status.DemoteRequest) (*status.Demotions, error) {
	lasts, err := lasting(r.For)
	if err != nil {
		return nil, err
	}
	err = s.agent.Demote(ctx, demotion.Demotion{
		Name: r.Name, Group: r.Group, Owner: demotion.Operator, Weight: cmp.Or(r.Weight, demotion.OperatorWeight),
		Reason: r.Reason, Persistent: r.Persistent,
	}, lasts)
	if err != nil {
		return nil, err
	}
	p := s.agent.Posture()
	return &status.Demotions{SchemaVersion: status.SchemaVersion, Instance: s.cfg.Instance, Sum: p.Demotion, Demotions: p.Demotions}, nil
}

// lasting is a duration of the interface; 0 is without an end.
func lasting(seconds float64) (time.Duration, error) {
	if seconds < 0 || seconds > longest.Seconds() {
		return 0, fmt.Errorf("for_seconds %g: 0 (without an end) to %.0f", seconds, longest.Seconds())
	}
	return time.Duration(seconds * float64(time.Second)), nil
}

// Undemote removes a demotion.
func (s *source) Undemote(ctx context.Context, name, group string) error {
	return s.agent.Undemote(ctx, name, group)
}

// EnterMaintenance demotes the node until a peer has taken over.
func (s *source) EnterMaintenance(ctx context.Context, r status.MaintenanceRequest) (*status.Maintenance, error) {
	lasts, err := lasting(r.For)
	if err != nil {
		return nil, err
	}
	m, err := s.agent.EnterMaintenance(ctx, r.Reason, lasts, r.Force)
	if err != nil {
		return nil, err
	}
	m.SchemaVersion, m.Instance = status.SchemaVersion, s.cfg.Instance
	return m, nil
}

// LeaveMaintenance ends it.
func (s *source) LeaveMaintenance(ctx context.Context) error { return s.agent.LeaveMaintenance(ctx) }

// HandOver gives a group to a peer.
func (s *source) HandOver(ctx context.Context, r status.HandOverRequest) error {
	lasts, err := lasting(r.For)
	if err != nil {
		return err
	}
	return s.agent.HandOver(ctx, r.Group, lasts, r.Force)
}

// Disable silences a group, or all.
func (s *source) Disable(ctx context.Context, group string) error { return s.agent.Disable(ctx, group) }

// Enable lets them take part again.
func (s *source) Enable(ctx context.Context, group string) error { return s.agent.Enable(ctx, group) }

// Announce announces addresses again.
func (s *source) Announce(ctx context.Context, group string) error {
	return s.agent.Announce(ctx, group)
}

// operated is the file of what operators asked for.
const operated = "operated.json"

// keptIn keeps what the loop wants kept in the state directory of an instance.
type keptIn struct{ instance string }

// Read is what the last carpd kept; nothing is no mistake.
func (k keptIn) Read() ([]byte, error) {
	path, err := statedir.Path(k.instance, operated)
	if err != nil {
		return nil, err
	}
	raw, err := statedir.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return raw, err
}

// Write replaces it.
func (k keptIn) Write(raw []byte) error {
	if _, err := statedir.Dir(k.instance); err != nil {
		return err
	}
	path, err := statedir.Path(k.instance, operated)
	if err != nil {
		return err
	}
	return statedir.WriteFile(path, raw)
}
