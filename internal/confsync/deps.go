package confsync

import (
	"context"
	"time"

	"github.com/rs/zerolog"

	"github.com/carpd/carpd/internal/config"
	"github.com/carpd/carpd/internal/status"
)

// Deps is what the engine needs of the rest of the daemon.
type Deps struct {
	Store Store
	Peers Peers
	State State
	Now   func() time.Time
	// Event leaves a line in the history of this node.
	Event func(kind, text string)
	Log   zerolog.Logger
	// Every is the pause between two comparisons with all nodes; 0 = 5 s. What
	// changes is offered at once.
	Every time.Duration
}

// Store holds the configuration of this node.
type Store interface {
	// Current is the running configuration: its text, what that means, and the
	// hash by which Apply knows it.
	Current() (text []byte, cfg *config.Config, hash string)
	// OnDisk is the text of the file, which is another one while somebody edits it.
	OnDisk() ([]byte, error)
	// Load checks a text as the file of this node, with its secrets.
	Load(text []byte) (*config.Config, error)
	// Replace makes a text the file and the running configuration, unless base is
	// not the hash of what is there. When it returns, both are kept.
	Replace(ctx context.Context, text []byte, base, by string) error
	// Trial is the change that waits to be confirmed, nil for none.
	Trial() *status.Confirm
	// Changed is closed when another configuration runs.
	Changed() <-chan struct{}
}

// Peers are the other nodes, and the way to them. Whoever is on it has proved
// who it is.
type Peers interface {
	// Members are all nodes with this one.
	Members() []Member
	// Handle answers a call of other nodes.
	Handle(path string, do func(ctx context.Context, from string, body []byte) (any, error))
	// Changed is closed when the members change, or one begins or ceases to answer.
	Changed() <-chan struct{}
	// Call asks another node.
	Call(ctx context.Context, node, path string, in, out any) error
}

// Member is a node of the cluster.
type Member struct {
	Name string
	Rank int
}

// State keeps files across restarts, private to this daemon. Write returns when
// the file is on disk, whole.
type State interface {
	Read(name string) ([]byte, error)
	Write(name string, data []byte) error
	Path(name string) string
}
