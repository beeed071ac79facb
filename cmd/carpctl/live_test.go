package main

import (
	"bufio"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/carpd/carpd/internal/control"
)

// live is a daemon and a carpctl that runs beside the test.
type live struct {
	*daemon
	sock  string
	lines *bufio.Scanner
	quit  context.CancelFunc
	code  chan int
}

// start runs a daemon in a directory of its own.
func start(t *testing.T) *live {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS("testdata/daemon")); err != nil {
		t.Fatal(err)
	}
	return &live{daemon: newDaemon(dir), sock: filepath.Join(dir, "default.sock")}
}

// up makes the daemon listen until down is called.
func (l *live) up(t *testing.T) (down func()) {
	t.Helper()
	s, err := control.Listen(l.sock, l, zerolog.Nop())
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() { defer close(ended); _ = s.Run(ctx) }()
	down = func() { stop(); <-ended }
	t.Cleanup(down)
	return down
}

// carpctl runs a command whose output the test reads line by line.
func (l *live) carpctl(t *testing.T, terminal bool, args ...string) {
	t.Helper()
	r, w := io.Pipe()
	ctx, quit := context.WithCancel(context.Background())
	l.lines, l.quit, l.code = bufio.NewScanner(r), quit, make(chan int, 1)
	e := &env{
		stdout: w, stderr: w, getenv: func(string) string { return "" }, terminal: terminal,
		dial: control.Dial, refresh: time.Millisecond,
	}
	go func() {
		l.code <- run(ctx, e, append(args, "--socket", l.sock))
		_ = w.Close()
	}()
	t.Cleanup(func() { quit(); _ = r.Close() })
}

// until reads lines up to one that has the text.
func (l *live) until(t *testing.T, text string) string {
	t.Helper()
	for l.lines.Scan() {
		if strings.Contains(l.lines.Text(), text) {
			return l.lines.Text()
		}
	}
	t.Fatalf("the output ended before %q", text)
	return ""
}

// end is the exit code after the user typed Ctrl-C.
func (l *live) end() int {
	l.quit()
	for l.lines.Scan() { // Let it write what it has begun.
	}
	return <-l.code
}

func (l *live) write(t *testing.T, name, text string) {
	t.Helper()
	to := filepath.Join(l.dir, name)
	if err := os.WriteFile(to+".new", []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(to+".new", to); err != nil {
		t.Fatal(err)
	}
}

func TestFollowShowsWhatHappens(t *testing.T) {
	l := start(t)
	l.up(t)
	l.carpctl(t, false, "events", "--follow", "-n", "1")
	if got := l.until(t, ""); !strings.Contains(got, "ring full") {
		t.Errorf("first line %q, want the last event of the past", got)
	}
	l.write(t, "events.json", `[{"id":10,"kind":"ring full"},
		{"id":11,"at":"2026-11-22T10:00:00Z","kind":"transition","group":"1@eth0","from":"MASTER","to":"BACKUP","cause":"stalled 2.8 s"}]`)
	l.happen()
	const want = "2026-11-22 10:00:00.000  1@eth0      MASTER -> BACKUP  stalled 2.8 s"
	if got := l.until(t, ""); got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	if code := l.end(); code != exitOK {
		t.Errorf("exit code %d after Ctrl-C, want 0", code)
	}
}

func TestFollowFailsWhenTheDaemonEnds(t *testing.T) {
	l := start(t)
	down := l.up(t)
	l.carpctl(t, false, "events", "-f", "-n", "1")
	l.until(t, "ring full")
	down()
	l.until(t, "carpctl: carpd (instance default)")
	if code := l.end(); code != exitError {
		t.Errorf("exit code %d, want 1", code)
	}
}

// TestWatchGoesOn: the picture is drawn again, an error in its place, and the
// daemon may come back.
func TestWatchGoesOn(t *testing.T) {
	l := start(t)
	down := l.up(t)
	l.carpctl(t, true, "status", "--watch")
	if got := l.until(t, "carpd default on r1"); !strings.HasPrefix(got, "\x1b[H\x1b[2J") {
		t.Errorf("the screen is not cleared before %q", got)
	}
	l.until(t, "carpd default on r1")
	go down()
	l.until(t, "is not running")
	l.up(t)
	l.write(t, "status.json", `{"hostname": "r2"}`)
	l.until(t, "on r2")
	if code := l.end(); code != exitOK {
		t.Errorf("exit code %d after Ctrl-C, want 0", code)
	}
}

func TestWatchWithoutTerminalDoesNotClear(t *testing.T) {
	l := start(t)
	l.up(t)
	l.carpctl(t, false, "status", "-w")
	for range 2 {
		if got := l.until(t, "on r1"); strings.Contains(got, "\x1b") {
			t.Errorf("%q has an escape sequence", got)
		}
	}
	l.end()
}

// TestReloadIsOne: one command, one reload.
func TestReloadIsOne(t *testing.T) {
	l := start(t)
	l.up(t)
	l.carpctl(t, false, "reload")
	l.until(t, "reloaded")
	code := <-l.code
	l.mu.Lock()
	defer l.mu.Unlock()
	if code != exitOK || l.reloads != 1 {
		t.Errorf("exit code %d, %d reloads", code, l.reloads)
	}
}
