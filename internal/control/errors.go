package control

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"syscall"
	"time"

	"github.com/carpd/carpd/internal/status"
)

// ErrNotRunning says that there is nobody to talk to.
var ErrNotRunning = errors.New("is not running")

// Refused is the daemon's own answer that it could not or would not.
type Refused struct {
	Code int // HTTP status
	Text string
	Diff string // of an edit that conflicts with another one
}

// Error is the daemon's text.
func (r *Refused) Error() string { return r.Text }

// CannotRetire reports that the daemon is of a release that knows no such verb.
func CannotRetire(err error) bool {
	var r *Refused
	return errors.As(err, &r) && r.Code == http.StatusNotFound
}

// isRefused says that a socket is there and nobody listens on it.
func isRefused(err error) bool { return errors.Is(err, syscall.ECONNREFUSED) }

// silent is the cause of giving up: the daemon is there and says nothing.
type silent time.Duration

// Error ends a sentence that begins with the daemon's name.
func (s silent) Error() string {
	return fmt.Sprintf("did not answer within %v: it may be stopped or hang", time.Duration(s))
}

func isSilent(err error) bool {
	var s silent
	return errors.As(err, &s)
}

// explain turns what the network says into what an operator can act upon.
func (c *Client) explain(ctx context.Context, err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%s %w: no socket %s", c.name(), ErrNotRunning, c.path)
	case isRefused(err):
		return fmt.Errorf("%s %w: nobody listens on %s", c.name(), ErrNotRunning, c.path)
	case errors.As(err, new(*tls.CertificateVerificationError)):
		return fmt.Errorf("%s: its certificate is not trusted: %w", c.name(), unwrapped(err))
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("%s: no permission to open %s: be root or in the group of that file", c.name(), c.path)
	case isSilent(context.Cause(ctx)):
		return fmt.Errorf("%s %w", c.name(), context.Cause(ctx))
	case ctx.Err() != nil:
		return ctx.Err()
	default:
		return fmt.Errorf("%s on %s: %w", c.name(), c.path, unwrapped(err))
	}
}

// unwrapped is the error without the request that it came from.
func unwrapped(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}

// checkSchema refuses what a newer carpd may mean otherwise than we read it.
func (c *Client) checkSchema(body []byte) error {
	var head struct {
		SchemaVersion int `json:"schema_version"`
	}
	err := json.Unmarshal(body, &head)
	switch {
	case err != nil || head.SchemaVersion < 1:
		return fmt.Errorf("%s: the answer on %s is not carpd's", c.name(), c.path)
	case head.SchemaVersion > status.SchemaVersion:
		return fmt.Errorf("%s speaks schema %d, this program understands %d: update this program",
			c.name(), head.SchemaVersion, status.SchemaVersion)
	}
	return nil
}
