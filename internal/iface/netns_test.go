package iface

import (
	"context"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"github.com/vishvananda/netns"
	"go.uber.org/goleak"
)

// patience is how long a test waits for what must come.
const patience = 20 * time.Second

// TestMain fails when Watch leaves a goroutine behind.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// host puts the test's thread into an empty network namespace.
func host(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs CAP_NET_ADMIN: network namespaces")
	}
	runtime.LockOSThread()
	home := must(netns.Get())(t)
	own := must(netns.New())(t)
	t.Cleanup(func() {
		noError(t, netns.Set(home))
		own.Close()
		home.Close()
		runtime.UnlockOSThread()
	})
}

// run runs a command in the test's namespace and returns what it said.
func run(t *testing.T, command string) string {
	t.Helper()
	words := strings.Fields(command)
	out, err := exec.Command(words[0], words[1:]...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v: %s", command, err, out)
	}
	return string(out)
}

// ipBatch runs many commands of ip at once.
func ipBatch(t *testing.T, commands string) {
	t.Helper()
	ip := exec.Command("ip", "-batch", "-")
	ip.Stdin = strings.NewReader(commands)
	if out, err := ip.CombinedOutput(); err != nil {
		t.Fatalf("ip -batch: %v: %s", err, out)
	}
}

// pair makes a veth pair, both ends up: name and its peer, name with a p.
func pair(t *testing.T, name string) int {
	t.Helper()
	run(t, "ip link add "+name+" type veth peer name "+name+"p")
	run(t, "ip link set "+name+" up")
	run(t, "ip link set "+name+"p up")
	return must(net.InterfaceByName(name))(t).Index
}

// must fails the test on an error.
func must[V any](v V, err error) func(*testing.T) V {
	return func(t *testing.T) V {
		t.Helper()
		noError(t, err)
		return v
	}
}

func noError(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// watched is a Watch under test.
type watched struct {
	t       *testing.T
	systems <-chan System
	stop    context.CancelFunc
	last    System
}

// watching starts a Watch that ends with the test.
func watching(t *testing.T) *watched {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	w := &watched{t: t, systems: must(Watch(ctx, zerolog.Nop()))(t), stop: stop}
	t.Cleanup(w.end)
	return w
}

// end stops the Watch and waits until its channel is closed.
func (w *watched) end() {
	w.stop()
	for range w.systems {
	}
}

// until receives until a System fits.
func (w *watched) until(what string, fits func(System) bool) System {
	w.t.Helper()
	late := time.After(patience)
	for {
		select {
		case s, open := <-w.systems:
			if !open {
				w.t.Fatalf("%s: the channel was closed", what)
			}
			w.last = s
			if fits(s) {
				return s
			}
		case <-late:
			w.t.Fatalf("%s: not seen; the last was %+v", what, w.last)
		}
	}
}

// link receives until an interface of that name fits.
func (w *watched) link(what, name string, fits func(Link) bool) Link {
	w.t.Helper()
	l, _ := w.until(what, func(s System) bool {
		l, ok := s.ByName(name)
		return ok && fits(l)
	}).ByName(name)
	return l
}
