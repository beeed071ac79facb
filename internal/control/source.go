package control

import (
	"context"

	"github.com/carpd/carpd/internal/status"
)

// Source is what the server needs of the daemon. Its methods are called by
// several goroutines at once. Those of Viewer must not wait for the loop. Every
// answer that has a schema version and an instance comes with them filled in.
type Source interface {
	Viewer
	Operator
	Editor
	Member
}

// Viewer shows and changes nothing.
type Viewer interface {
	// Status is the last published picture; nil before the first one. The
	// server does not change it.
	Status() *status.Snapshot
	// Counters reads the counters now.
	Counters() (*status.Counters, error)
	// Dataplane asks the kernel what it holds, and may take a second or two.
	Dataplane(ctx context.Context) (*status.Dataplane, error)
	// Events are those kept whose id is above after, in rising order.
	Events(after uint64) []status.Event
	// Changed is closed at the next event. A follower takes the channel first
	// and reads the events then, so that none falls in between.
	Changed() <-chan struct{}
}

// Operator steers the election.
type Operator interface {
	// Demote raises a named demotion, or replaces the one of that name, and
	// returns them all.
	Demote(ctx context.Context, r status.DemoteRequest) (*status.Demotions, error)
	// Undemote removes the demotion of a name, of the node when group is empty.
	Undemote(ctx context.Context, name, group string) error
	// EnterMaintenance demotes the node and returns at once; Status tells how
	// far it is. What cannot be refused at once is refused there.
	EnterMaintenance(ctx context.Context, r status.MaintenanceRequest) (*status.Maintenance, error)
	LeaveMaintenance(ctx context.Context) error
	// HandOver gives a group to a peer.
	HandOver(ctx context.Context, r status.HandOverRequest) error
	// Disable silences a group, or all of them, until Enable or a restart.
	Disable(ctx context.Context, group string) error
	Enable(ctx context.Context, group string) error
	// Announce repeats the announcements of a group that is MASTER, or of all.
	Announce(ctx context.Context, group string) error
	// Retire ends the daemon without a word: the kernel side, the addresses and
	// the deadlines stay as they are, for another one to go on with.
	Retire(ctx context.Context) error
}

// Editor changes the configuration.
type Editor interface {
	// Reload reads the configuration and applies it. On an error nothing has
	// changed. A dry run only says what would.
	Reload(ctx context.Context, r status.ReloadRequest) (*status.Applied, error)
	// Config is the configuration as it is edited, without secrets.
	Config(ctx context.Context) (*status.Config, error)
	// The edits change the pending configuration and return it.
	AddVIP(ctx context.Context, r status.VIPRequest) (*status.Config, error)
	EditVIP(ctx context.Context, r status.VIPRequest) (*status.Config, error)
	RemoveVIP(ctx context.Context, r status.VIPRequest) (*status.Config, error)
	EditSettings(ctx context.Context, r status.SettingsEdit) (*status.Config, error)
	// Rebase makes the pending edits anew in a file that somebody else has
	// changed meanwhile.
	Rebase(ctx context.Context) (*status.Config, error)
	// Discard forgets the pending configuration.
	Discard(ctx context.Context) (*status.Applied, error)
	// Apply makes the pending configuration the running one.
	Apply(ctx context.Context, r status.ApplyRequest) (*status.Applied, error)
	// Confirm keeps what was applied with a time to confirm; RollBack takes it back.
	Confirm(ctx context.Context) (*status.Applied, error)
	RollBack(ctx context.Context) (*status.Applied, error)
}

// Member shares configuration with other nodes.
type Member interface {
	Cluster(ctx context.Context) (*status.Cluster, error)
	InitCluster(ctx context.Context, r status.ClusterInitRequest) (*status.Cluster, error)
	ClusterToken(ctx context.Context, r status.ClusterTokenRequest) (*status.ClusterToken, error)
	JoinCluster(ctx context.Context, r status.ClusterJoinRequest) (*status.Cluster, error)
	RemoveNode(ctx context.Context, r status.ClusterRemoveRequest) (*status.Cluster, error)
	Sync(ctx context.Context, r status.SyncRequest) (*status.SyncReport, error)
}
