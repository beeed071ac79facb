package control

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/carpd/carpd/internal/status"
)

// fake is a Source whose contents a test sets.
type fake struct {
	NotOffered
	mu       sync.Mutex
	snap     *status.Snapshot
	counters *status.Counters
	kernel   *status.Dataplane
	broken   error
	events   []status.Event
	changed  chan struct{}
	reload   func(context.Context) error
	failure  error // of a reload
	retired  atomic.Bool
	what     string // the reload changed
}

func newFake() *fake {
	return &fake{
		snap:     &status.Snapshot{Instance: "r1", TakenAt: time.Now()},
		counters: &status.Counters{Instance: "r1"},
		kernel:   &status.Dataplane{Instance: "r1"},
		changed:  make(chan struct{}),
		reload:   func(context.Context) error { return nil },
	}
}

func (f *fake) Status() *status.Snapshot {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.snap
}

func (f *fake) Counters() (*status.Counters, error) { return f.counters, f.broken }

func (f *fake) Dataplane(context.Context) (*status.Dataplane, error) { return f.kernel, f.broken }

func (f *fake) Events(after uint64) []status.Event {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []status.Event
	for _, e := range f.events {
		if e.ID > after {
			out = append(out, e)
		}
	}
	return out
}

func (f *fake) Changed() <-chan struct{} {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.changed
}

func (f *fake) Retire(context.Context) error { f.retired.Store(true); return nil }

func (f *fake) Reload(ctx context.Context, _ status.ReloadRequest) (*status.Applied, error) {
	if err := errors.Join(f.failure, f.reload(ctx)); err != nil {
		return nil, err
	}
	return &status.Applied{SchemaVersion: 1, Instance: "r1", Done: "reloaded", What: f.what}, nil
}

// add makes events happen.
func (f *fake) add(events ...status.Event) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.events = append(f.events, events...)
	close(f.changed)
	f.changed = make(chan struct{})
}

// logs is a writer that tests may read while a server writes.
type logs struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *logs) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *logs) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

// serve runs a server for the test and gives its socket and log.
func serve(t *testing.T, src Source) (path string, log *logs) {
	t.Helper()
	log = &logs{}
	s, err := Listen(filepath.Join(t.TempDir(), "r1.sock"), src, zerolog.New(log))
	if err != nil {
		t.Fatal(err)
	}
	return run(t, s), log
}

// run runs a server for the test and gives its socket.
func run(t *testing.T, s *Server) (path string) {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Errorf("Run: %v", err)
		}
	})
	return s.listener.Addr().String()
}

// reply is the answer to a raw request.
type reply struct {
	code   int
	header http.Header
	body   []byte
}

// request is one raw HTTP request to a socket.
func request(t *testing.T, path, method, url string, body []byte) reply {
	t.Helper()
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", path)
	}
	tr := &http.Transport{DialContext: dial, DisableKeepAlives: true}
	req, err := http.NewRequestWithContext(t.Context(), method, "http://x"+url, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := (&http.Client{Transport: tr}).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	got, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return reply{resp.StatusCode, resp.Header, got}
}
