package agent

import (
	"context"

	"github.com/carpd/carpd/internal/status"
)

// Note puts an event of another part of carpd into the history. Time and number
// come from the loop, for which it waits.
func (a *Agent) Note(ctx context.Context, e status.Event) error {
	return a.do(ctx, func() { a.note(e) })
}
