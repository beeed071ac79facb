package control

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"go.uber.org/goleak"

	"github.com/carpd/carpd/internal/status"
)

func nop() zerolog.Logger { return zerolog.Nop() }

var errEnough = errors.New("enough")

// collect follows until it has n events.
func collect(ctx context.Context, c *Client, after uint64, n int) (ids []uint64, err error) {
	err = c.Follow(ctx, after, func(e status.EventLine) error {
		ids = append(ids, e.ID)
		if len(ids) == n {
			return errEnough
		}
		return nil
	})
	return ids, err
}

func TestFollowGivesPastThenPresent(t *testing.T) {
	src := newFake()
	src.add(status.Event{ID: 1}, status.Event{ID: 2}, status.Event{ID: 3})
	path, _ := serve(t, src)
	var lines []status.EventLine
	err := Dial(path).Follow(t.Context(), 1, func(e status.EventLine) error {
		lines = append(lines, e)
		switch e.ID {
		case 3:
			src.add(status.Event{ID: 4, Kind: "tie"})
		case 4:
			return errEnough
		}
		return nil
	})
	if !errors.Is(err, errEnough) {
		t.Fatalf("Follow: %v", err)
	}
	if len(lines) != 3 || lines[0].ID != 2 || lines[2].Kind != "tie" {
		t.Errorf("got %+v", lines)
	}
	if lines[2].SchemaVersion != 1 || lines[2].Instance != "r1" {
		t.Errorf("the line does not tell schema and instance: %+v", lines[2])
	}
}

func TestEventsAfter(t *testing.T) {
	src := newFake()
	src.add(status.Event{ID: 1}, status.Event{ID: 2})
	path, _ := serve(t, src)
	got, err := Dial(path).Events(t.Context(), 1)
	if err != nil || len(got.Events) != 1 || got.Events[0].ID != 2 || got.Instance != "r1" {
		t.Errorf("Events(1) = %+v, %v", got, err)
	}
}

// TestFollowersAreConcurrent: each sees every event, in order, once.
func TestFollowersAreConcurrent(t *testing.T) {
	const followers, events = 20, 200
	src := newFake()
	path, _ := serve(t, src)
	var wg sync.WaitGroup
	for range followers {
		wg.Go(func() {
			ids, err := collect(t.Context(), Dial(path), 0, events)
			if !errors.Is(err, errEnough) {
				t.Errorf("Follow: %v", err)
			}
			for i, id := range ids {
				if id != uint64(i+1) {
					t.Errorf("event %d has id %d", i, id)
					return
				}
			}
		})
	}
	for id := range uint64(events) {
		src.add(status.Event{ID: id + 1})
	}
	wg.Wait()
}

// sleeper is a client that asks for the stream and never reads it.
func sleeper(t *testing.T, path string) net.Conn {
	t.Helper()
	c, err := net.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	if _, err := io.WriteString(c, "GET /api/v1/events?follow=1 HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	return c
}

// TestSlowClientDelaysNobody fills the socket of a client that does not read.
// The source, the other verbs and other followers go on, and the server can end
// without leaving the blocked answer behind.
func TestSlowClientDelaysNobody(t *testing.T) {
	src := newFake()
	path, stop := serveUntil(t, src, readTimeout)
	sleeper(t, path)
	const events = 100
	long := strings.Repeat("x", 64<<10) // 6.4 MB in all: more than any socket buffer here
	got := make(chan error, 1)
	go func() {
		_, err := collect(t.Context(), Dial(path), 0, events)
		got <- err
	}()
	for id := range uint64(events) {
		src.add(status.Event{ID: id + 1, Text: long})
	}
	if err := <-got; !errors.Is(err, errEnough) {
		t.Errorf("the other follower: %v", err)
	}
	if _, err := Dial(path).Status(t.Context()); err != nil {
		t.Errorf("Status: %v", err)
	}
	stop()
	goleak.VerifyNone(t)
}

func TestFollowEndsWithItsContext(t *testing.T) {
	path, _ := serve(t, newFake())
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { _, err := collect(ctx, Dial(path), 0, 1); ended <- err }()
	stop()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("Follow: %v", err)
	}
}

func TestFollowSaysThatTheDaemonEnded(t *testing.T) {
	src := newFake()
	path, stop := serveUntil(t, src, readTimeout)
	src.add(status.Event{ID: 1})
	err := Dial(path).Follow(t.Context(), 0, func(status.EventLine) error { stop(); return nil })
	if err == nil || !strings.HasPrefix(err.Error(), "carpd (instance r1): the stream of events ended: ") {
		t.Errorf("Follow: %v", err)
	}
}

// serveUntil is serve with its end in the test's hand.
func serveUntil(t *testing.T, src Source, limit time.Duration) (path string, stop func()) {
	t.Helper()
	path = t.TempDir() + "/r1.sock"
	s, err := Listen(path, src, nop())
	if err != nil {
		t.Fatal(err)
	}
	s.read, s.answer = limit, limit
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() { defer close(ended); _ = s.Run(ctx) }()
	stop = func() { cancel(); <-ended }
	t.Cleanup(stop)
	return path, stop
}

// TestStreamsOutliveTheLimits: an event may come after hours of silence.
func TestStreamsOutliveTheLimits(t *testing.T) {
	const limit = 50 * time.Millisecond
	src := newFake()
	path, _ := serveUntil(t, src, limit)
	time.AfterFunc(4*limit, func() { src.add(status.Event{ID: 1}) })
	if ids, err := collect(t.Context(), Dial(path), 0, 1); !errors.Is(err, errEnough) {
		t.Errorf("Follow: %v, %v", ids, err)
	}
}

// TestIdleClientsAreCutOff: a connection without a request costs a file.
func TestIdleClientsAreCutOff(t *testing.T) {
	path, _ := serveUntil(t, newFake(), 50*time.Millisecond)
	c, err := net.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := io.ReadAll(c); err != nil {
		t.Errorf("the server does not close: %v", err)
	}
}

func TestFollowersAreCounted(t *testing.T) {
	path, _ := serve(t, newFake())
	var first net.Conn
	for i := range maxFollowers {
		c := sleeper(t, path)
		if i == 0 {
			first = c
		}
		// Its header says that the server counts it.
		if line, err := bufio.NewReader(c).ReadString('\n'); !strings.Contains(line, "200") {
			t.Fatalf("follower %d: %q %v", i, line, err)
		}
	}
	_, err := collect(t.Context(), Dial(path), 0, 1)
	if want := fmt.Sprintf("carpd (instance r1): %d clients follow the events already", maxFollowers); err == nil || err.Error() != want {
		t.Fatalf("Follow: %v, want %q", err, want)
	}
	_ = first.Close() // The server notices without an event, and there is room again.
	room := func() bool {
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		defer cancel()
		_, err := collect(ctx, Dial(path), 0, 1)
		return errors.Is(err, context.DeadlineExceeded)
	}
	for tries := 0; !room(); tries++ {
		if tries == 1000 {
			t.Fatal("a client that went away is still counted")
		}
	}
}
