package control

import (
	"context"

	"github.com/carpd/carpd/internal/status"
)

// Source is what the server needs of the daemon. Its methods are called by
// several goroutines at once and must not wait for the loop, Reload excepted.
type Source interface {
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
	// Reload reads the configuration and applies it, and says in a line what
	// that changed. On an error nothing has.
	Reload(ctx context.Context) (what string, err error)
	// Retire ends the daemon without a word: the kernel side, the addresses and
	// the deadlines stay as they are, for another one to go on with.
	Retire(ctx context.Context) error
}
