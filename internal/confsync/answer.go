package confsync

import (
	"context"
	"encoding/json"
	"fmt"
)

// answer serves the calls of the other nodes.
func (e *Engine) answer() {
	e.Peers.Handle("sync/stand", handler(e.onStand))
	e.Peers.Handle("sync/fetch", handler(e.onFetch))
	e.Peers.Handle("sync/offer", handler(e.onOffer))
	e.Peers.Handle("sync/preview", handler(e.onPreview))
}

// handler decodes what is asked.
func handler[In, Out any](do func(ctx context.Context, from string, in In) (Out, error)) func(context.Context, string, []byte) (any, error) {
	return func(ctx context.Context, from string, body []byte) (any, error) {
		var in In
		if err := json.Unmarshal(body, &in); err != nil {
			return nil, fmt.Errorf("the call cannot be read: %w", err)
		}
		return do(ctx, from, in)
	}
}

// onStand hears where a node is. If it is ahead, it is asked for its version.
func (e *Engine) onStand(_ context.Context, from string, theirs standing) (standing, error) {
	e.hear(from, theirs)
	mine := e.stand()
	if judge(mine.Version, theirs.Version) == newer {
		e.nudge()
	}
	return mine, nil
}

// onFetch gives what runs here.
func (e *Engine) onFetch(context.Context, string, struct{}) (Update, error) { return e.update() }

// onOffer takes a version or says why not. What it answers is what it is after
// that.
func (e *Engine) onOffer(ctx context.Context, from string, u Update) (a answer, err error) {
	before := e.version()
	if err := e.take(ctx, from, u); err != nil {
		a.Refused = err.Error()
	}
	a.Standing = e.stand()
	if !same(before, a.Standing.Version) {
		e.nudge()
	}
	return a, nil
}
