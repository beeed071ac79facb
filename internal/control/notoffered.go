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

func (NotOffered) Demote(context.Context, status.DemoteRequest) (*status.Demotions, error) {
	return nil, errNotOffered
}
func (NotOffered) Undemote(context.Context, string, string) error { return errNotOffered }
func (NotOffered) EnterMaintenance(context.Context, status.MaintenanceRequest) (*status.Maintenance, error) {
	return nil, errNotOffered
}
func (NotOffered) LeaveMaintenance(context.Context) error                 { return errNotOffered }
func (NotOffered) HandOver(context.Context, status.HandOverRequest) error { return errNotOffered }
func (NotOffered) Disable(context.Context, string) error                  { return errNotOffered }
func (NotOffered) Enable(context.Context, string) error                   { return errNotOffered }
func (NotOffered) Announce(context.Context, string) error                 { return errNotOffered }
func (NotOffered) Retire(context.Context) error                           { return errNotOffered }
func (NotOffered) Reload(context.Context, status.ReloadRequest) (*status.Applied, error) {
	return nil, errNotOffered
}
func (NotOffered) Config(context.Context) (*status.Config, error) { return nil, errNotOffered }
func (NotOffered) AddVIP(context.Context, status.VIPRequest) (*status.Config, error) {
	return nil, errNotOffered
}
func (NotOffered) EditVIP(context.Context, status.VIPRequest) (*status.Config, error) {
	return nil, errNotOffered
}
func (NotOffered) RemoveVIP(context.Context, status.VIPRequest) (*status.Config, error) {
	return nil, errNotOffered
}
func (NotOffered) EditSettings(context.Context, status.SettingsEdit) (*status.Config, error) {
	return nil, errNotOffered
}
func (NotOffered) Rebase(context.Context) (*status.Config, error)   { return nil, errNotOffered }
func (NotOffered) Discard(context.Context) (*status.Applied, error) { return nil, errNotOffered }
func (NotOffered) Apply(context.Context, status.ApplyRequest) (*status.Applied, error) {
	return nil, errNotOffered
}
func (NotOffered) Confirm(context.Context) (*status.Applied, error)  { return nil, errNotOffered }
func (NotOffered) RollBack(context.Context) (*status.Applied, error) { return nil, errNotOffered }
func (NotOffered) Cluster(context.Context) (*status.Cluster, error)  { return nil, errNotOffered }
func (NotOffered) InitCluster(context.Context, status.ClusterInitRequest) (*status.Cluster, error) {
	return nil, errNotOffered
}
func (NotOffered) ClusterToken(context.Context, status.ClusterTokenRequest) (*status.ClusterToken, error) {
	return nil, errNotOffered
}
func (NotOffered) JoinCluster(context.Context, status.ClusterJoinRequest) (*status.Cluster, error) {
	return nil, errNotOffered
}
func (NotOffered) RemoveNode(context.Context, status.ClusterRemoveRequest) (*status.Cluster, error) {
	return nil, errNotOffered
}
func (NotOffered) Sync(context.Context, status.SyncRequest) (*status.SyncReport, error) {
	return nil, errNotOffered
}
