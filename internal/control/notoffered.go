package control

import (
	"context"
	"net/http"

	"github.com/carpd/carpd/internal/status"
)

// NotOffered refuses every verb that steers, edits or shares. A Source that
// lacks some of them embeds it.
type NotOffered struct{}

var errNotOffered = refuse(http.StatusNotImplemented, "this carpd does not offer that")

// Demote is refused.
func (NotOffered) Demote(context.Context, status.DemoteRequest) (*status.Demotions, error) {
	return nil, errNotOffered
}

// Undemote is refused.
func (NotOffered) Undemote(context.Context, string, string) error { return errNotOffered }

// EnterMaintenance is refused.
func (NotOffered) EnterMaintenance(context.Context, status.MaintenanceRequest) (*status.Maintenance, error) {
	return nil, errNotOffered
}

// LeaveMaintenance is refused.
func (NotOffered) LeaveMaintenance(context.Context) error { return errNotOffered }

// HandOver is refused.
func (NotOffered) HandOver(context.Context, status.HandOverRequest) error { return errNotOffered }

// Disable is refused.
func (NotOffered) Disable(context.Context, string) error { return errNotOffered }

// Enable is refused.
func (NotOffered) Enable(context.Context, string) error { return errNotOffered }

// Announce is refused.
func (NotOffered) Announce(context.Context, string) error { return errNotOffered }

// Retire is refused.
func (NotOffered) Retire(context.Context) error { return errNotOffered }

// Reload is refused.
func (NotOffered) Reload(context.Context, status.ReloadRequest) (*status.Applied, error) {
	return nil, errNotOffered
}

// Config is refused.
func (NotOffered) Config(context.Context) (*status.Config, error) { return nil, errNotOffered }

// AddVIP is refused.
func (NotOffered) AddVIP(context.Context, status.VIPRequest) (*status.Config, error) {
	return nil, errNotOffered
}

// EditVIP is refused.
func (NotOffered) EditVIP(context.Context, status.VIPRequest) (*status.Config, error) {
	return nil, errNotOffered
}

// RemoveVIP is refused.
func (NotOffered) RemoveVIP(context.Context, status.VIPRequest) (*status.Config, error) {
	return nil, errNotOffered
}

// EditSettings is refused.
func (NotOffered) EditSettings(context.Context, status.SettingsEdit) (*status.Config, error) {
	return nil, errNotOffered
}

// Rebase is refused.
func (NotOffered) Rebase(context.Context) (*status.Config, error) { return nil, errNotOffered }

// Discard is refused.
func (NotOffered) Discard(context.Context) (*status.Applied, error) { return nil, errNotOffered }

// Apply is refused.
func (NotOffered) Apply(context.Context, status.ApplyRequest) (*status.Applied, error) {
	return nil, errNotOffered
}

// Confirm is refused.
func (NotOffered) Confirm(context.Context) (*status.Applied, error) { return nil, errNotOffered }

// RollBack is refused.
func (NotOffered) RollBack(context.Context) (*status.Applied, error) { return nil, errNotOffered }

// Cluster is refused.
func (NotOffered) Cluster(context.Context) (*status.Cluster, error) { return nil, errNotOffered }

// InitCluster is refused.
func (NotOffered) InitCluster(context.Context, status.ClusterInitRequest) (*status.Cluster, error) {
	return nil, errNotOffered
}

// ClusterToken is refused.
func (NotOffered) ClusterToken(context.Context, status.ClusterTokenRequest) (*status.ClusterToken, error) {
	return nil, errNotOffered
}

// JoinCluster is refused.
func (NotOffered) JoinCluster(context.Context, status.ClusterJoinRequest) (*status.Cluster, error) {
	return nil, errNotOffered
}

// RemoveNode is refused.
func (NotOffered) RemoveNode(context.Context, status.ClusterRemoveRequest) (*status.Cluster, error) {
	return nil, errNotOffered
}

// Sync is refused.
func (NotOffered) Sync(context.Context, status.SyncRequest) (*status.SyncReport, error) {
	return nil, errNotOffered
}
