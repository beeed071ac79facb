package control

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/carpd/carpd/internal/status"
)

// maxLine is the longest event that a follower takes.
const maxLine = 1 << 20

// Follow calls fn with each event whose id is above after, those of the past
// first. It returns the error of fn, the one of ctx, or why the stream ended.
func (c *Client) Follow(ctx context.Context, after uint64, fn func(status.EventLine) error) error {
	live, end := context.WithCancelCause(ctx)
	defer end(nil)
	resp, err := c.subscribe(live, end, after)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	lines := bufio.NewScanner(resp.Body)
	lines.Buffer(nil, maxLine)
	for lines.Scan() {
		if err := c.line(lines.Bytes(), fn); err != nil {
			return err
		}
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	why := errors.New("carpd closed it")
	if lines.Err() != nil {
		why = lines.Err()
	}
	return fmt.Errorf("%s: the stream of events ended: %w", c.name(), why)
}

// subscribe opens the stream. Only its beginning is limited in time; the body
// lives as long as the context.
func (c *Client) subscribe(live context.Context, end context.CancelCauseFunc, after uint64) (*http.Response, error) {
	timer := time.AfterFunc(c.patience, func() { end(silent(c.patience)) })
	defer timer.Stop()
	resp, err := c.send(live, http.MethodGet, eventsAfter(after)+"&follow=1", nil)
	if err != nil {
		return nil, c.explain(live, err)
	}
	if resp.StatusCode == http.StatusOK {
		return resp, nil
	}
	defer func() { _ = resp.Body.Close() }()
	_, err = c.receive(live, resp)
	return nil, err
}

// line hands one line of a stream on.
func (c *Client) line(text []byte, fn func(status.EventLine) error) error {
	if err := c.checkSchema(text); err != nil {
		return err
	}
	var e status.EventLine
	if err := json.Unmarshal(text, &e); err != nil {
		return fmt.Errorf("%s: an event that cannot be read: %w", c.name(), err)
	}
	return fn(e)
}
