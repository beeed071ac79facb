package control

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/carpd/carpd/internal/status"
)

// recorder is a Source that offers everything and notes what it was made to
// change.
type recorder struct {
	*fake
	mu    sync.Mutex
	calls []string
}

// planted is a recorder whose picture has every kind of thing in it.
func planted(text string) *recorder {
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	f := newFake()
	demotion := status.Demotion{Name: text, Owner: "operator", Weight: 1, Reason: text, Since: at, Until: &at}
	f.snap = &status.Snapshot{
		Instance: "r1", TakenAt: at, StartedAt: at, Age: 1, Demotions: []status.Demotion{demotion},
		Maintenance: status.Maintenance{Phase: "on", Since: &at, Reason: text},
		Groups:      []status.Group{{Name: "1@eth0", Peers: []status.Peer{{Address: "192.0.2.2"}}, Addresses: []string{text}, Gaps: []float64{1}}},
		Carpdevs:    []status.Carpdev{{Name: "eth0"}},
	}
	f.counters = &status.Counters{Groups: []status.GroupCounters{{Name: "1@eth0", Packets: map[string]uint64{text: 1}}}, Other: map[string]uint64{}}
	f.add(status.Event{ID: 1, At: at, Kind: "reload", Text: text})
	return &recorder{fake: f}
}

// changed tells what was called since it was asked last.
func (r *recorder) changes() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	calls := r.calls
	r.calls = nil
	return slices.Clone(calls)
}

func (r *recorder) note(name string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.calls = append(r.calls, name)
}

// done makes an answer and notes what was called.
func done[T any](r *recorder, name string, answer T) (*T, error) {
	r.note(name)
	return &answer, nil
}

const schema = status.SchemaVersion

func (r *recorder) Demote(context.Context, status.DemoteRequest) (*status.Demotions, error) {
	return done(r, "Demote", status.Demotions{SchemaVersion: schema, Demotions: r.snap.Demotions})
}
func (r *recorder) Undemote(context.Context, string, string) error { r.note("Undemote"); return nil }
func (r *recorder) EnterMaintenance(context.Context, status.MaintenanceRequest) (*status.Maintenance, error) {
	return done(r, "EnterMaintenance", status.Maintenance{SchemaVersion: schema})
}
func (r *recorder) LeaveMaintenance(context.Context) error { r.note("LeaveMaintenance"); return nil }
func (r *recorder) HandOver(context.Context, status.HandOverRequest) error {
	r.note("HandOver")
	return nil
}
func (r *recorder) Disable(context.Context, string) error  { r.note("Disable"); return nil }
func (r *recorder) Enable(context.Context, string) error   { r.note("Enable"); return nil }
func (r *recorder) Announce(context.Context, string) error { r.note("Announce"); return nil }
func (r *recorder) Retire(context.Context) error           { r.note("Retire"); return nil }
func (r *recorder) Reload(context.Context, status.ReloadRequest) (*status.Applied, error) {
	return done(r, "Reload", status.Applied{SchemaVersion: schema})
}
func (r *recorder) Config(context.Context) (*status.Config, error) {
	return &status.Config{SchemaVersion: schema, VIPs: []status.VIP{{Name: "1@eth0", Addresses: []string{}}}, Interfaces: []string{}}, nil
}
func (r *recorder) AddVIP(context.Context, status.VIPRequest) (*status.Config, error) {
	c, _ := r.Config(context.Background())
	return done(r, "AddVIP", *c)
}
func (r *recorder) EditVIP(context.Context, status.VIPRequest) (*status.Config, error) {
	c, _ := r.Config(context.Background())
	return done(r, "EditVIP", *c)
}
func (r *recorder) RemoveVIP(context.Context, status.VIPRequest) (*status.Config, error) {
	c, _ := r.Config(context.Background())
	return done(r, "RemoveVIP", *c)
}
func (r *recorder) EditSettings(context.Context, status.SettingsEdit) (*status.Config, error) {
	c, _ := r.Config(context.Background())
	return done(r, "EditSettings", *c)
}
func (r *recorder) Rebase(ctx context.Context) (*status.Config, error) {
	c, _ := r.Config(ctx)
	return done(r, "Rebase", *c)
}
func (r *recorder) Discard(context.Context) (*status.Applied, error) {
	return done(r, "Discard", status.Applied{SchemaVersion: schema})
}
func (r *recorder) Apply(context.Context, status.ApplyRequest) (*status.Applied, error) {
	return done(r, "Apply", status.Applied{SchemaVersion: schema})
}
func (r *recorder) Confirm(context.Context) (*status.Applied, error) {
	return done(r, "Confirm", status.Applied{SchemaVersion: schema})
}
func (r *recorder) RollBack(context.Context) (*status.Applied, error) {
	return done(r, "RollBack", status.Applied{SchemaVersion: schema})
}
func (r *recorder) Cluster(context.Context) (*status.Cluster, error) {
	return &status.Cluster{SchemaVersion: schema, Reasons: []string{}, Sections: []string{}, Nodes: []status.Node{{Name: "r1"}}}, nil
}
func (r *recorder) InitCluster(context.Context, status.ClusterInitRequest) (*status.Cluster, error) {
	c, _ := r.Cluster(context.Background())
	return done(r, "InitCluster", *c)
}
func (r *recorder) ClusterToken(context.Context, status.ClusterTokenRequest) (*status.ClusterToken, error) {
	return done(r, "ClusterToken", status.ClusterToken{SchemaVersion: schema})
}
func (r *recorder) JoinCluster(context.Context, status.ClusterJoinRequest) (*status.Cluster, error) {
	c, _ := r.Cluster(context.Background())
	return done(r, "JoinCluster", *c)
}
func (r *recorder) RemoveNode(context.Context, status.ClusterRemoveRequest) (*status.Cluster, error) {
	c, _ := r.Cluster(context.Background())
	return done(r, "RemoveNode", *c)
}
func (r *recorder) Sync(context.Context, status.SyncRequest) (*status.SyncReport, error) {
	return done(r, "Sync", status.SyncReport{SchemaVersion: schema, Nodes: []status.SyncResult{}})
}
