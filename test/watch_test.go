package test

import (
	"bufio"
	"io"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/carpd/carpd/internal/control"
)

// watched is a carpd whose writes are counted, and which is held before one of them.
type watched struct {
	held  chan string // gets the call before which it is held
	calls chan string // all calls, closed with the end of the watch
	stdin io.Closer
	cmd   *exec.Cmd
	c     *carpd
}

// watch holds a carpd before the n-th call that changes something in its state
// directory, its configuration or what it remembers in /run; 0 only counts.
func (c *carpd) watch(n int) *watched {
	c.s.t.Helper()
	w := &watched{held: make(chan string, 1), calls: make(chan string, 4096), c: c}
	w.cmd = exec.Command(program(c.s.t, "writes"), strconv.Itoa(c.PID()), strconv.Itoa(n), c.s.Dir(), filepath.Join(control.RunDir, c.instance))
	stdin, err := w.cmd.StdinPipe()
	c.s.must(err)
	w.stdin = stdin
	stdout, err := w.cmd.StdoutPipe()
	c.s.must(err)
	c.s.must(w.cmd.Start())
	ready := make(chan struct{})
	go w.listen(stdout, ready)
	select {
	case <-ready:
	case <-time.After(30 * time.Second):
		c.s.t.Fatal("the writes are not watched")
	}
	return w
}

// listen reads what the watcher says.
func (w *watched) listen(stdout io.Reader, ready chan<- struct{}) {
	defer close(w.calls)
	last := ""
	for lines := bufio.NewScanner(stdout); lines.Scan(); {
		switch text := lines.Text(); text {
		case "ready":
			close(ready)
		case "held":
			w.held <- last
		default:
			last = strings.ReplaceAll(text, w.c.s.Dir(), "")
			w.calls <- last
		}
	}
}

// release lets go of it, and returns the calls that there were.
func (w *watched) release() (calls []string) {
	_ = w.stdin.Close()
	_ = w.cmd.Process.Kill()
	for c := range w.calls {
		calls = append(calls, c)
	}
	_ = w.cmd.Wait()
	return calls
}
