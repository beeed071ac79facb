package control

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/carpd/carpd/internal/status"
)

// answer reads a reply as JSON.
func answer(t *testing.T, resp reply) map[string]any {
	t.Helper()
	if got := resp.header.Get("Content-Type"); got != "application/json" {
		t.Errorf("Content-Type %q", got)
	}
	var body map[string]any
	if err := json.Unmarshal(resp.body, &body); err != nil {
		t.Fatal(err)
	}
	return body
}

func TestEveryAnswerHasSchemaAndCode(t *testing.T) {
	path, _ := serve(t, newFake())
	for _, c := range []struct {
		method, url string
		code        int
		err         string
	}{
		{"GET", "/api/v1/status", 200, ""},
		{"GET", "/api/v1/counters", 200, ""},
		{"GET", "/api/v1/dataplane", 200, ""},
		{"GET", "/api/v1/events", 200, ""},
		{"GET", "/api/v1/events?after=3&follow=0", 200, ""},
		{"POST", "/api/v1/reload", 200, ""},
		{"POST", "/api/v1/retire", 200, ""},
		{"GET", "/api/v1/retire", 405, "/api/v1/retire takes POST, not GET"},
		{"GET", "/api/v1/reload", 405, "/api/v1/reload takes POST, not GET"},
		{"POST", "/api/v1/status", 405, "/api/v1/status takes GET, not POST"},
		{"DELETE", "/api/v1/events", 405, "/api/v1/events takes GET, not DELETE"},
		{"GET", "/", 404, "no such route: /"},
		{"GET", "/api/v1/status/", 404, "no such route: /api/v1/status/"},
		{"GET", "/api/v2/status", 404, "no such route: /api/v2/status"},
		{"GET", "/api/v1/events?after=-1", 400, `after="-1": an event's id, 0 or more`},
		{"GET", "/api/v1/events?follow=yes", 400, `follow="yes": 0 or 1`},
	} {
		t.Run(c.method+" "+c.url, func(t *testing.T) {
			resp := request(t, path, c.method, c.url, nil)
			if resp.code != c.code {
				t.Errorf("status %d, want %d", resp.code, c.code)
			}
			body := answer(t, resp)
			if body["schema_version"] != 1.0 {
				t.Errorf("schema_version is %v", body["schema_version"])
			}
			if text, _ := body["error"].(string); text != c.err {
				t.Errorf("error %q, want %q", text, c.err)
			}
			if allow := resp.header.Get("Allow"); (c.code == 405) != (allow != "") {
				t.Errorf("Allow is %q", allow)
			}
		})
	}
}

func TestEmptyListsAreNotNull(t *testing.T) {
	path, _ := serve(t, newFake())
	for _, url := range []string{"/api/v1/status", "/api/v1/counters", "/api/v1/dataplane", "/api/v1/events"} {
		body := request(t, path, "GET", url, nil).body
		for _, list := range []string{`"groups":null`, `"carpdevs":null`, `"events":null`, `"maps":null`, `"programs":null`} {
			if bytes.Contains(body, []byte(list)) {
				t.Errorf("%s has %s", url, list)
			}
		}
	}
}

func TestStatusTellsItsAge(t *testing.T) {
	src := newFake()
	src.snap.TakenAt = time.Now().Add(-time.Minute)
	path, _ := serve(t, src)
	got, err := Dial(path).Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got.Age < 60 || got.Age > 120 {
		t.Errorf("a picture of a minute ago says it is %.1f s old", got.Age)
	}
	if src.snap.Age != 0 || src.snap.SchemaVersion != 0 {
		t.Error("the server changed the source's snapshot")
	}
	src.snap = &status.Snapshot{Age: 4.2}
	if got, _ = Dial(path).Status(t.Context()); got.Age != 4.2 {
		t.Errorf("age %v, want the source's 4.2", got.Age)
	}
}

func TestTroubleOfTheSourceIsAnError(t *testing.T) {
	src := newFake()
	src.snap, src.broken = nil, errors.New("map is gone")
	path, _ := serve(t, src)
	_, err := Dial(path).Status(t.Context())
	if err == nil || err.Error() != "carpd (instance r1): carpd is starting" {
		t.Errorf("Status: %v", err)
	}
	_, err = Dial(path).Counters(t.Context())
	if err == nil || err.Error() != "carpd (instance r1): read counters: map is gone" {
		t.Errorf("Counters: %v", err)
	}
	_, err = Dial(path).Dataplane(t.Context())
	if err == nil || err.Error() != "carpd (instance r1): ask the kernel: map is gone" {
		t.Errorf("Dataplane: %v", err)
	}
}

func TestReloadIsAudited(t *testing.T) {
	src := newFake()
	src.reload = func(ctx context.Context) error {
		if _, limited := ctx.Deadline(); !limited {
			t.Error("a reload may take for ever")
		}
		return nil
	}
	path, log := serve(t, src)
	client := Dial(path)
	src.what = "2 unchanged"
	if done, err := client.Reload(t.Context(), status.ReloadRequest{}); err != nil || done.What != src.what {
		t.Fatalf("Reload: %v, %v", done, err)
	}
	who := fmt.Sprintf(`"uid":%d,"gid":%d,"pid":%d,"verb":"reload"`, os.Getuid(), os.Getgid(), os.Getpid())
	if want := `{"level":"info",` + who + `,"outcome":"done","message":"control"}`; strings.TrimSpace(log.String()) != want {
		t.Errorf("log is\n%swant\n%s", log, want)
	}
	src.reload = func(context.Context) error { return errors.New("carpd.yaml:3:5: vhid 0") }
	_, err := client.Reload(t.Context(), status.ReloadRequest{})
	var refused *Refused
	if !errors.As(err, &refused) || refused.Text != "carpd.yaml:3:5: vhid 0" || refused.Code != 422 {
		t.Errorf("Reload: %v", err)
	}
	if want := who + `,"outcome":"refused: carpd.yaml:3:5: vhid 0"`; !strings.Contains(log.String(), want) {
		t.Errorf("log is\n%swant %s", log, want)
	}
}

func TestReadingIsNotLogged(t *testing.T) {
	path, log := serve(t, newFake())
	request(t, path, "GET", "/api/v1/status", nil)
	request(t, path, "GET", "/api/v1/reload", nil)
	if log.String() != "" {
		t.Errorf("log is %s", log)
	}
}

func TestBodiesAreBounded(t *testing.T) {
	src := newFake()
	src.reload = func(context.Context) error { t.Error("reloaded all the same"); return nil }
	path, log := serve(t, src)
	resp := request(t, path, "POST", "/api/v1/reload", make([]byte, maxBody+1))
	if resp.code != http.StatusRequestEntityTooLarge {
		t.Errorf("status %d, want 413", resp.code)
	}
	if got := answer(t, resp)["error"]; got != "the body has more than 65536 bytes" {
		t.Errorf("error %q", got)
	}
	if !strings.Contains(log.String(), "refused: the body") {
		t.Errorf("log is %s", log)
	}
}

// TestReloadOutlivesItsCaller: a terminal that is closed must not leave a
// configuration half applied.
func TestReloadOutlivesItsCaller(t *testing.T) {
	src := newFake()
	started, gone := make(chan struct{}), make(chan struct{})
	outcome := make(chan error, 1)
	src.reload = func(ctx context.Context) error {
		close(started)
		<-gone
		outcome <- ctx.Err()
		return nil
	}
	path, _ := serve(t, src)
	ctx, leave := context.WithCancel(t.Context())
	go func() { <-started; leave() }()
	if _, err := Dial(path).Reload(ctx, status.ReloadRequest{}); !errors.Is(err, context.Canceled) {
		t.Errorf("Reload: %v", err)
	}
	close(gone)
	if err := <-outcome; err != nil {
		t.Errorf("the reload saw %v", err)
	}
}

func TestServeEndsAndCleansUp(t *testing.T) {
	path := filepath.Join(t.TempDir(), "r1.sock")
	ctx, stop := context.WithCancel(t.Context())
	stop()
	server, err := Listen(path, newFake(), nop())
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Run(ctx); err != nil {
		t.Errorf("Run: %v", err)
	}
	if _, err := os.Lstat(path); err == nil {
		t.Error("the socket is still there")
	}
}

// TestBrokenListenerIsAnError: a daemon without its door must not think that
// it has one.
func TestBrokenListenerIsAnError(t *testing.T) {
	s, err := Listen(filepath.Join(t.TempDir(), "r1.sock"), newFake(), nop())
	if err != nil {
		t.Fatal(err)
	}
	_ = s.Close()
	if err := s.Run(t.Context()); err == nil {
		t.Error("Run has no error")
	}
}
