package control

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/carpd/carpd/internal/status"
)

func addrOf(last byte) netip.Addr { return netip.AddrFrom4([4]byte{192, 0, 2, last}) }

// message is one server-sent event.
type message struct{ id, event, data string }

// follower reads a stream.
type follower struct {
	lines *bufio.Scanner
	resp  *http.Response
	quit  context.CancelFunc
}

// follow opens the stream at a socket.
func follow(t *testing.T, path, query string, header http.Header) *follower {
	t.Helper()
	ctx, quit := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(quit)
	req, err := http.NewRequestWithContext(ctx, "GET", "http://carpd/api/v1/stream"+query, nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, values := range header {
		req.Header[name] = values
	}
	return following(t, &Dial(path).http, req, quit)
}

func following(t *testing.T, c *http.Client, req *http.Request, quit context.CancelFunc) *follower {
	t.Helper()
	resp, err := c.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = resp.Body.Close() })
	lines := bufio.NewScanner(resp.Body)
	lines.Buffer(nil, maxLine)
	return &follower{lines, resp, quit}
}

// next is the next message, as the specification has a browser read it.
func (f *follower) next(t *testing.T) (m message) {
	t.Helper()
	for f.lines.Scan() {
		name, value, _ := strings.Cut(f.lines.Text(), ": ")
		switch name {
		case "":
			return m
		case "id":
			m.id = value
		case "event":
			m.event = value
		case "data":
			m.data = value
		default:
			t.Fatalf("a line %q", f.lines.Text())
		}
	}
	t.Fatalf("the stream ended: %v", f.lines.Err())
	return m
}

// event skips to the next event.
func (f *follower) event(t *testing.T) message {
	t.Helper()
	for {
		if m := f.next(t); m.event == "event" {
			return m
		}
	}
}

func TestStreamHasStatusAndEvents(t *testing.T) {
	src := planted("x")
	path, _ := serve(t, src)
	f := follow(t, path, "", nil)
	if got := f.resp.Header.Get("Content-Type"); got != "text/event-stream" {
		t.Errorf("Content-Type %q", got)
	}
	first := f.next(t)
	var snap status.Snapshot
	if err := json.Unmarshal([]byte(first.data), &snap); err != nil || first.event != "status" || first.id != "" || snap.SchemaVersion != 1 || len(snap.Groups) != 1 {
		t.Errorf("the first message is %+v", first)
	}
	src.add(status.Event{ID: 2, Kind: "transition", To: "MASTER"})
	got := f.event(t)
	var line status.EventLine
	if err := json.Unmarshal([]byte(got.data), &line); err != nil || line.ID != 2 || line.To != "MASTER" || line.SchemaVersion != 1 || line.Instance != "r1" {
		t.Errorf("the event is %+v", got)
	}
	if got.id != "mjwaid1k-2" { // 2026-01-02 03:04:05 UTC in ms, base 36.
		t.Errorf("its id is %s", got.id)
	}
}

// TestStreamGoesOn: a browser that comes back sees all it has missed and nothing
// twice, after a restart of carpd too.
func TestStreamGoesOn(t *testing.T) {
	src := planted("x")
	src.add(status.Event{ID: 2}, status.Event{ID: 3})
	path, _ := serve(t, src)
	for name, c := range map[string]struct {
		query, last string
		want        []string
	}{
		"a new one":              {"", "", []string{"mjwaid1k-4"}},
		"one that asks":          {"?after=1", "", []string{"mjwaid1k-2", "mjwaid1k-3", "mjwaid1k-4"}},
		"one that comes back":    {"", "mjwaid1k-2", []string{"mjwaid1k-3", "mjwaid1k-4"}},
		"one of an earlier life": {"", "mjwk0000-9", []string{"mjwaid1k-1", "mjwaid1k-2", "mjwaid1k-3", "mjwaid1k-4"}},
		"one of nowhere":         {"", "x", []string{"mjwaid1k-1", "mjwaid1k-2", "mjwaid1k-3", "mjwaid1k-4"}},
	} {
		src.below(func() { src.events = src.events[:3] })
		header := http.Header{}
		if c.last != "" {
			header.Set("Last-Event-ID", c.last)
		}
		f := follow(t, path, c.query, header)
		src.add(status.Event{ID: 4})
		for _, want := range c.want {
			if got := f.event(t); got.id != want {
				t.Errorf("%s: %s, want %s", name, got.id, want)
			}
		}
		f.quit()
	}
	if f := follow(t, path, "?after=x", nil); f.resp.StatusCode != 400 {
		t.Errorf("after=x: %d", f.resp.StatusCode)
	}
}

// below changes the fake below a recorder.
func (r *recorder) below(f func()) {
	r.fake.mu.Lock()
	defer r.fake.mu.Unlock()
	f()
}

// change makes the status another one.
func (r *recorder) change(f func(*status.Snapshot)) {
	r.below(func() {
		snap := *r.snap
		f(&snap)
		r.snap = &snap
	})
}

// TestStreamTellsChangesAndBeats: a change is told soon and not more often than
// every 400 ms; without one the status comes every few seconds, with its age.
func TestStreamTellsChangesAndBeats(t *testing.T) {
	src := planted("x")
	path, _ := serve(t, src)
	f := follow(t, path, "", nil)
	f.next(t)
	begin := time.Now()
	src.change(func(s *status.Snapshot) { s.TakenAt = s.TakenAt.Add(time.Second); s.Age = 7 })
	if got := f.next(t); got.event != "status" || time.Since(begin) < 3*time.Second || !strings.Contains(got.data, `"age_seconds":7`) {
		t.Errorf("after %v: %+v", time.Since(begin), got)
	}
	begin = time.Now()
	for n := range 3 {
		src.change(func(s *status.Snapshot) { s.Demotion = n + 1 })
		src.add() // As an event would wake it.
		f.next(t)
	}
	if took := time.Since(begin); took < 2*pictureEvery {
		t.Errorf("three changes in %v", took)
	}
}

// TestStreamNeedsARole: and ends for one whose token is taken away.
func TestStreamNeedsARole(t *testing.T) {
	src := planted("x")
	o := online(t, src, nil)
	if got := o.ask(t, o.client(t, ""), "GET", "/api/v1/stream", "", nil); got.code != 401 {
		t.Errorf("as nobody: %d", got.code)
	}
	ctx, quit := context.WithTimeout(t.Context(), time.Minute)
	defer quit()
	for i, url := range []string{"/api/v1/stream", "/api/v1/events?follow=1&after=2"} {
		o.Reach(o.reachable(o.addr))
		f := following(t, o.client(t, ""), o.newRequest(ctx, t, "GET", url, "", with(readToken)), quit)
		if f.resp.StatusCode != 200 {
			t.Fatalf("as a reader: %d", f.resp.StatusCode)
		}
		r := o.reachable(o.addr)
		r.Tokens = nil
		o.Reach(r)
		src.add(status.Event{ID: uint64(i + 2), Text: "not for him"})
		for f.lines.Scan() {
			if strings.Contains(f.lines.Text(), "not for him") {
				t.Errorf("%s goes on without its token", url)
			}
		}
	}
	if ctx.Err() != nil {
		t.Error("a stream did not end with its token")
	}
}
