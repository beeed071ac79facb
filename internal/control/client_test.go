package control

import (
	"context"
	"errors"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/carpd/carpd/internal/status"
)

// verbs is every request of a client.
var verbs = map[string]func(context.Context, *Client) error{
	"status":    func(ctx context.Context, c *Client) error { _, err := c.Status(ctx); return err },
	"counters":  func(ctx context.Context, c *Client) error { _, err := c.Counters(ctx); return err },
	"dataplane": func(ctx context.Context, c *Client) error { _, err := c.Dataplane(ctx); return err },
	"events":    func(ctx context.Context, c *Client) error { _, err := c.Events(ctx, 0); return err },
	"retire":    func(ctx context.Context, c *Client) error { return c.Retire(ctx) },
	"reload": func(ctx context.Context, c *Client) error {
		_, err := c.Reload(ctx, status.ReloadRequest{})
		return err
	},
	"follow": func(ctx context.Context, c *Client) error {
		return c.Follow(ctx, 0, func(status.EventLine) error { return nil })
	},
}

// wantError asks with every verb.
func wantError(t *testing.T, c *Client, want string) {
	t.Helper()
	for name, ask := range verbs {
		if err := ask(t.Context(), c); err == nil || err.Error() != want {
			t.Errorf("%s: %v\nwant: %s", name, err, want)
		}
	}
}

func TestDaemonIsDown(t *testing.T) {
	path := filepath.Join(t.TempDir(), "r1.sock")
	wantError(t, Dial(path), "carpd (instance r1) is not running: no socket "+path)
	stale(t, path)
	wantError(t, Dial(path), "carpd (instance r1) is not running: nobody listens on "+path)
	if _, err := Dial(path).Status(t.Context()); !errors.Is(err, ErrNotRunning) {
		t.Errorf("%v is not ErrNotRunning", err)
	}
}

// TestNoPermission asks as the user nobody: the modes are what keeps him out.
func TestNoPermission(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs CAP_SETUID: becomes another user for a connect")
	}
	path, _ := serve(t, newFake())
	c := Dial(path)
	c.http.Transport = &http.Transport{DisableKeepAlives: true, DialContext: func(context.Context, string, string) (net.Conn, error) {
		runtime.LockOSThread() // The file system uid is the thread's own.
		defer runtime.UnlockOSThread()
		_ = syscall.Setfsuid(65534)
		defer func() { _ = syscall.Setfsuid(0) }()
		return net.Dial("unix", path)
	}}
	wantError(t, c, "carpd (instance r1): no permission to open "+path+": be root or in the group of that file")
}

// impostor answers everything with one text.
func impostor(t *testing.T, code int, body string) *Client {
	t.Helper()
	path := filepath.Join(t.TempDir(), "r1.sock")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	srv := &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(code)
		_, _ = w.Write([]byte(body + "\n"))
	})}
	ended := make(chan struct{})
	go func() { defer close(ended); _ = srv.Serve(l) }()
	t.Cleanup(func() { _ = srv.Close(); <-ended })
	return Dial(path)
}

func TestNewerSchemaIsRefused(t *testing.T) {
	const want = "carpd (instance r1) speaks schema 2, this program understands 1: update this program"
	wantError(t, impostor(t, 200, `{"schema_version":2,"groups":"other"}`), want)
	wantError(t, impostor(t, 500, `{"schema_version":2,"error":7}`), want)
}

func TestStrangersAreNotBelieved(t *testing.T) {
	for _, body := range []string{"hello", "", "{}", "[]", `{"schema_version":0}`} {
		c := impostor(t, 200, body)
		wantError(t, c, "carpd (instance r1): the answer on "+c.path+" is not carpd's")
	}
}

func TestErrorWithoutText(t *testing.T) {
	wantError(t, impostor(t, 503, `{"schema_version":1}`), "carpd (instance r1) answered 503 Service Unavailable")
}

// TestStoppedDaemon: one that is frozen takes connections and says nothing.
func TestStoppedDaemon(t *testing.T) {
	path := filepath.Join(t.TempDir(), "r1.sock")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	c := Dial(path)
	c.patience = 20 * time.Millisecond
	for _, name := range []string{"status", "follow"} {
		err := verbs[name](t.Context(), c)
		if want := "carpd (instance r1) did not answer within 20ms: it may be stopped or hang"; err == nil || err.Error() != want {
			t.Errorf("%s: %v, want %s", name, err, want)
		}
	}
}

func TestGetIsVerbatim(t *testing.T) {
	const body = `{"schema_version":1,"new_field":[1,2]}`
	got, err := impostor(t, 200, body).Get(t.Context(), "status")
	if err != nil || string(got) != body+"\n" {
		t.Errorf("Get = %s, %v", got, err)
	}
}
