package confsync

import (
	"context"
	"errors"
	"sync"

	"github.com/carpd/carpd/internal/status"
)

// Engine keeps the configuration of this node and that of the others equal.
type Engine struct {
	Deps

	mu sync.Mutex // held while what this node runs is changed or looked at
}

// New makes an engine. It answers the other nodes from now on.
func New(d Deps) *Engine { return &Engine{Deps: d} }

// Run works until ctx ends.
func (e *Engine) Run(ctx context.Context) error {
	<-ctx.Done()
	return nil
}

// Fill adds what is known of each node's configuration to a picture of the
// cluster: Version, Sections and Lost, and of each node Sync, Problem and Version.
func (e *Engine) Fill(c *status.Cluster) {}

// Sync compares with all nodes now and, unless dry, agrees with them.
func (e *Engine) Sync(ctx context.Context, r status.SyncRequest) (*status.SyncReport, error) {
	return nil, errors.New("not yet")
}
