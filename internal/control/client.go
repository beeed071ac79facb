package control

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/carpd/carpd/internal/status"
)

// Limits of what a client takes.
const (
	clientTimeout = 10 * time.Second
	clientReload  = answerTimeout + 5*time.Second
	maxAnswer     = 64 << 20 // thousands of groups fit
)

// Client talks to one carpd.
type Client struct {
	path     string // of its socket, or its URL
	called   string // how messages call it
	base     *url.URL
	token    string // that it shows; empty = none
	http     http.Client
	patience time.Duration // how long a silent daemon is waited for
}

// Dial makes a client for a socket. It connects with each request, so carpd may
// come and go.
func Dial(path string) *Client {
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", path)
	}
	transport := &http.Transport{DialContext: dial, DisableKeepAlives: true}
	return &Client{
		path: path, called: "carpd (instance " + instanceOf(path) + ")", base: &url.URL{Scheme: "http", Host: "carpd"},
		http: http.Client{Transport: transport}, patience: clientTimeout,
	}
}

// Get is the answer of a reading verb (status, counters, dataplane) as it came, when its
// schema is one that we understand.
func (c *Client) Get(ctx context.Context, verb string) (json.RawMessage, error) {
	return c.ask(ctx, http.MethodGet, verb, nil, c.patience)
}

// Status is the picture of the daemon.
func (c *Client) Status(ctx context.Context) (*status.Snapshot, error) {
	return read[status.Snapshot](ctx, c, "status")
}

// Counters are the counters of now.
func (c *Client) Counters(ctx context.Context) (*status.Counters, error) {
	return read[status.Counters](ctx, c, "counters")
}

// Dataplane is what the kernel holds. The daemon needs a second for it.
func (c *Client) Dataplane(ctx context.Context) (*status.Dataplane, error) {
	return read[status.Dataplane](ctx, c, "dataplane")
}

// Events are those with an id above after.
func (c *Client) Events(ctx context.Context, after uint64) (*status.Events, error) {
	return read[status.Events](ctx, c, eventsAfter(after))
}

// Reload makes the daemon read its configuration again and returns what that
// changed, or would. The error has what is wrong with it.
func (c *Client) Reload(ctx context.Context, r status.ReloadRequest) (*status.Applied, error) {
	return Post[status.Applied](ctx, c, "reload", r)
}

// Retire makes the daemon end and leave everything as it is to another one.
func (c *Client) Retire(ctx context.Context) error {
	_, err := c.ask(ctx, http.MethodPost, "retire", nil, clientReload)
	return err
}

// Post sends a verb that changes something with its body, nil for none.
func Post[T any](ctx context.Context, c *Client, verb string, body any) (*T, error) {
	return send[T](ctx, c, http.MethodPost, verb, body)
}

// Delete sends a verb that takes something away, with its query.
func Delete[T any](ctx context.Context, c *Client, verb string) (*T, error) {
	return send[T](ctx, c, http.MethodDelete, verb, nil)
}

// Read asks a reading verb.
func Read[T any](ctx context.Context, c *Client, verb string) (*T, error) {
	return read[T](ctx, c, verb)
}

// send sends one verb and decodes its answer.
func send[T any](ctx context.Context, c *Client, method, verb string, body any) (*T, error) {
	raw, err := c.ask(ctx, method, verb, body, clientReload)
	if err != nil {
		return nil, err
	}
	return decode[T](c, raw)
}

// eventsAfter is the verb with its query.
func eventsAfter(after uint64) string {
	return "events?after=" + strconv.FormatUint(after, 10)
}

// name is how messages call the daemon.
func (c *Client) name() string { return c.called }

// read asks and decodes.
func read[T any](ctx context.Context, c *Client, verb string) (*T, error) {
	body, err := c.Get(ctx, verb)
	if err != nil {
		return nil, err
	}
	return decode[T](c, body)
}

// decode reads an answer.
func decode[T any](c *Client, body []byte) (*T, error) {
	answer := new(T)
	if err := json.Unmarshal(body, answer); err != nil {
		return nil, fmt.Errorf("%s: an answer that cannot be read: %w", c.name(), err)
	}
	return answer, nil
}

// ask sends one request and takes the whole answer.
func (c *Client) ask(ctx context.Context, method, verb string, body any, limit time.Duration) ([]byte, error) {
	limited, cancel := context.WithTimeoutCause(ctx, limit, silent(limit))
	defer cancel()
	resp, err := c.send(limited, method, verb, body)
	if err != nil {
		return nil, c.explain(limited, err)
	}
	defer func() { _ = resp.Body.Close() }()
	return c.receive(limited, resp)
}

// send is one HTTP request; the host is only there because HTTP wants one.
func (c *Client) send(ctx context.Context, method, verb string, body any) (*http.Response, error) {
	var raw []byte
	if body != nil {
		var err error
		if raw, err = json.Marshal(body); err != nil {
			return nil, err
		}
	}
	req, err := http.NewRequestWithContext(ctx, method, c.base.String()+prefix+verb, bytes.NewReader(raw))
	if err != nil {
		return nil, err
	}
	c.show(req.Header)
	return c.http.Do(req)
}

// receive reads an answer; one that is an error becomes one.
func (c *Client) receive(ctx context.Context, resp *http.Response) ([]byte, error) {
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return nil, c.explain(ctx, err)
	}
	if err := c.checkSchema(body); err != nil {
		return nil, err
	}
	if resp.StatusCode == http.StatusOK {
		return body, nil
	}
	var f failure
	if err := json.Unmarshal(body, &f); err != nil || f.Error == "" {
		return nil, fmt.Errorf("%s answered %s", c.name(), resp.Status)
	}
	return nil, fmt.Errorf("%s: %w", c.name(), &Refused{resp.StatusCode, f.Error, f.Diff})
}
