package web

import (
	"context"
	"slices"
	"time"

	"github.com/carpd/carpd/internal/control"
	"github.com/carpd/carpd/internal/status"
)

// planted is the password that the fake knows and no page may show.
const planted = "mekmitasdigoat-planted"

// editor is a Source that keeps what it was asked to change.
type editor struct {
	*fake
	cfg     *status.Config
	cluster *status.Cluster
	report  *status.SyncReport
	fails   error // of whatever changes something

	added, edited, removed []status.VIPRequest
	settings               []status.SettingsEdit
	applied                []status.ApplyRequest
	syncs                  []status.SyncRequest
	joins                  []status.ClusterJoinRequest
	calls                  []string
}

func newEditor() *editor {
	e := &editor{fake: newFake(), cfg: &status.Config{
		Path: "/etc/carpd/carpd.yaml", Hash: "sha256:aaaa", Running: "sha256:aaaa",
		LogLevel: "info", XDP: "auto", DetachOnStop: "auto", Interfaces: []string{"eth0", "eth1"},
		VIPs: []status.VIP{
			{Name: "1@eth0", VHID: 1, Carpdev: "eth0", Addresses: []string{"192.0.2.1/24", "2001:db8::1/64"}, Description: "front",
				Advbase: 1, Advskew: 0, Preempt: true, MAC: "virtual", Address: "on-master", Password: "inline", Sync: true},
			{Name: "2@eth0", VHID: 2, Carpdev: "eth0", Addresses: []string{"192.0.2.2/24"}, Advbase: 1, Advskew: 100,
				MAC: "virtual", Address: "always", Password: "file", Sync: false},
			{Name: "4@eth0", VHID: 4, Carpdev: "eth0", Addresses: []string{"192.0.2.4/24"}, Advbase: 1, Advskew: 0,
				MAC: "virtual", Address: "on-master", Balancing: "ip", Carpnodes: []string{"4:0", "5:100"}, Password: "inline", Sync: true},
		}}}
	e.snap.Groups = []status.Group{{Name: "1@eth0", State: "MASTER"}, {Name: "2@eth0", State: "BACKUP", Disabled: true},
		{Name: "4@eth0", State: "MASTER"}, {Name: "5@eth0", State: "BACKUP"}}
	return e
}

func (e *editor) do(name string) error {
	if e.fails != nil {
		return e.fails
	}
	e.calls = append(e.calls, name)
	return nil
}

func (e *editor) Config(context.Context) (*status.Config, error) { return e.cfg, nil }

func (e *editor) AddVIP(_ context.Context, r status.VIPRequest) (*status.Config, error) {
	e.added = append(e.added, r)
	return e.cfg, e.do("add")
}

func (e *editor) EditVIP(_ context.Context, r status.VIPRequest) (*status.Config, error) {
	e.edited = append(e.edited, r)
	return e.cfg, e.do("edit")
}

func (e *editor) RemoveVIP(_ context.Context, r status.VIPRequest) (*status.Config, error) {
	e.removed = append(e.removed, r)
	return e.cfg, e.do("remove")
}

func (e *editor) EditSettings(_ context.Context, r status.SettingsEdit) (*status.Config, error) {
	e.settings = append(e.settings, r)
	return e.cfg, e.do("settings")
}

func (e *editor) Apply(_ context.Context, r status.ApplyRequest) (*status.Applied, error) {
	e.applied = append(e.applied, r)
	return &status.Applied{Done: "applied", What: "1 added"}, e.do("apply")
}

func (e *editor) Reload(_ context.Context, r status.ReloadRequest) (*status.Applied, error) {
	if r.DryRun {
		return &status.Applied{Done: "would apply", Plan: status.Plan{Summary: "1 changed", Steps: []string{"1@eth0 keeps its state"}}}, e.do("dry")
	}
	return &status.Applied{Done: "reloaded", What: "nothing changed"}, e.do("reload")
}

func (e *editor) Discard(context.Context) (*status.Applied, error) {
	return &status.Applied{Done: "discarded"}, e.do("discard")
}

func (e *editor) Rebase(context.Context) (*status.Config, error) {
	if err := e.do("rebase"); err != nil {
		return nil, err
	}
	e.cfg.Hash, e.cfg.Pending.Stale = "sha256:dddd", ""
	return e.cfg, nil
}

func (e *editor) Confirm(context.Context) (*status.Applied, error) {
	return &status.Applied{Done: "confirmed"}, e.do("confirm")
}

func (e *editor) RollBack(context.Context) (*status.Applied, error) {
	return &status.Applied{Done: "rolled back"}, e.do("rollback")
}

func (e *editor) Cluster(ctx context.Context) (*status.Cluster, error) {
	if e.cluster == nil {
		return control.NotOffered{}.Cluster(ctx)
	}
	return e.cluster, nil
}

func (e *editor) InitCluster(context.Context, status.ClusterInitRequest) (*status.Cluster, error) {
	return &status.Cluster{}, e.do("init")
}

func (e *editor) JoinCluster(_ context.Context, r status.ClusterJoinRequest) (*status.Cluster, error) {
	e.joins = append(e.joins, r)
	return &status.Cluster{}, e.do("join")
}

func (e *editor) ClusterToken(context.Context, status.ClusterTokenRequest) (*status.ClusterToken, error) {
	return &status.ClusterToken{Token: "one-time-token", Until: now.Add(15 * time.Minute)}, e.do("token")
}

func (e *editor) RemoveNode(context.Context, status.ClusterRemoveRequest) (*status.Cluster, error) {
	return &status.Cluster{}, e.do("remove node")
}

func (e *editor) Sync(_ context.Context, r status.SyncRequest) (*status.SyncReport, error) {
	e.syncs = append(e.syncs, r)
	return e.report, e.do("sync")
}

// pend makes the fake have a pending change.
func (e *editor) pend() {
	e.cfg.Hash = "sha256:bbbb"
	e.cfg.Pending = &status.Pending{Hash: "sha256:bbbb", Base: "sha256:aaaa", At: now,
		Diff: "--- applied\n+++ pending\n@@ -1,2 +1,3 @@\n groups:\n-  - vhid: 1\n+  - vhid: 3\n+    password: ***\n",
		Plan: status.Plan{Summary: "1 group is added, 1 removed", Steps: []string{"3@eth0 begins as BACKUP: it answers after 3.0 s at the earliest"}}}
}

// try makes the fake have a change on trial.
func (e *editor) try() {
	e.cfg.Confirm = &status.Confirm{Hash: "sha256:bbbb", Back: "sha256:aaaa", Until: time.Now().Add(42 * time.Second), Diff: "-a\n+b\n"}
}

// share makes the fake a node of a cluster.
func (e *editor) share() {
	v := status.Version{Number: 7, Node: "r2", Hash: "sha256:0123456789abcdef", At: now}
	e.cluster = &status.Cluster{Enabled: true, Node: "r1", Listen: "192.0.2.11:7430", Verdict: status.ClusterDegraded,
		Version: v, Sections: []string{"groups", "settings"}}
	for i, s := range []string{status.SyncEqual, status.SyncBehind, status.SyncAhead, status.SyncRefused, status.SyncDrift, status.SyncUnreachable} {
		n := status.Node{Name: "r" + string(rune('1'+i)), Self: i == 0, Rank: i, Sync: s, Version: v, LastSeen: now, Address: "192.0.2.11:7430",
			Fingerprint: "0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0"}
		if s == status.SyncRefused {
			n.Problem = "line 4: carpdev lan is not mapped there"
		}
		e.cluster.Nodes = append(e.cluster.Nodes, n)
	}
	e.cluster.Lost = []status.LostEdit{{Version: v, Winner: v, At: now, Diff: "-advskew: 0\n+advskew: 50\n", Path: "/var/lib/carpd/default/lost-7-r1.yaml"}}
	e.report = &status.SyncReport{Version: v, Nodes: slices.Clone([]status.SyncResult{
		{Node: "r2", Sync: status.SyncEqual, Version: v}, {Node: "r3", Sync: status.SyncRefused, Problem: "vhid 3 is taken", Version: v, Diff: "-a\n+b\n"}})}
}
