package main

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/carpd/carpd/internal/status"
)

// keep writes down what a verb was asked for.
func (d *daemon) keep(r any) {
	raw, _ := json.Marshal(r)
	if err := os.WriteFile(filepath.Join(d.dir, "asked.json"), append(raw, '\n'), 0o600); err != nil {
		panic("fake daemon: " + err.Error())
	}
}

// members is cluster.json, unless cluster.err has a refusal.
func (d *daemon) members() (*status.Cluster, error) {
	if text, err := os.ReadFile(filepath.Join(d.dir, "cluster.err")); err == nil {
		return nil, errors.New(strings.TrimSpace(string(text)))
	}
	return load[status.Cluster](d.dir, "cluster.json"), nil
}

func (d *daemon) Cluster(context.Context) (*status.Cluster, error) { return d.members() }

func (d *daemon) InitCluster(_ context.Context, r status.ClusterInitRequest) (*status.Cluster, error) {
	d.keep(r)
	return d.members()
}

func (d *daemon) JoinCluster(_ context.Context, r status.ClusterJoinRequest) (*status.Cluster, error) {
	d.keep(r)
	return d.members()
}

func (d *daemon) RemoveNode(_ context.Context, r status.ClusterRemoveRequest) (*status.Cluster, error) {
	d.keep(r)
	return d.members()
}

func (d *daemon) ClusterToken(_ context.Context, r status.ClusterTokenRequest) (*status.ClusterToken, error) {
	d.keep(r)
	return &status.ClusterToken{SchemaVersion: 1, Instance: "default", Token: "carpd-join-abc", Until: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}, nil
}
