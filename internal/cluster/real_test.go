package cluster

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/carpd/carpd/internal/config"
	"github.com/carpd/carpd/internal/status"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// node is a manager that really listens, on loopback.
type node struct {
	*Manager
	t      *testing.T
	name   string
	listen string
	opts   Options
	stop   func()

	mu     sync.Mutex
	events []string
	snap   *status.Snapshot
	clock  time.Duration // added to the time of day
}

// newNode makes one that is enrolled nowhere.
func newNode(t *testing.T, name string) *node {
	t.Helper()
	n := &node{t: t, name: name, listen: freeAddress(t)}
	n.opts = Options{Dir: filepath.Join(t.TempDir(), "cluster"), Every: 50 * time.Millisecond, Status: n.status, Note: n.note, Now: n.now}
	n.start()
	t.Cleanup(func() { n.stop() })
	return n
}

// freeAddress is one on which nobody listens. Each process of tests has an address
// of its own, so that none takes another one's port in the meantime.
func freeAddress(t *testing.T) string {
	t.Helper()
	pid := os.Getpid()
	l, err := net.Listen("tcp", fmt.Sprintf("127.%d.%d.%d:0", 1+pid>>16&127, pid>>8&255, pid&255))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// start runs it, also again after stop.
func (n *node) start() {
	n.Manager = Open(n.opts)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	m := n.Manager
	go func() { defer close(done); m.Run(ctx) }()
	n.stop = sync.OnceFunc(func() { cancel(); <-done })
}

func (n *node) status() *status.Snapshot {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.snap
}

func (n *node) note(kind, text string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.events = append(n.events, kind+": "+text)
}

func (n *node) now() time.Time {
	n.mu.Lock()
	defer n.mu.Unlock()
	return time.Now().Add(n.clock)
}

// later moves its clock.
func (n *node) later(d time.Duration) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.clock += d
}

// configure is what carpd does after init, join and reload.
func (n *node) configure() {
	n.Configure(config.Cluster{Node: n.name, Listen: n.listen, Sections: []string{"groups"}, Carpdevs: map[string]string{"lan": "eth-" + n.name}})
}

// must ends the test on an error.
func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// eventually waits for a condition.
func eventually(t *testing.T, what string, cond func() bool) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); !cond(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("never: %s", what)
		}
	}
}

// newCluster enrols nodes n1, n2 and so on and waits until each sees all.
func newCluster(t *testing.T, count int) []*node {
	t.Helper()
	nodes := []*node{newNode(t, "n1")}
	must(t, nodes[0].Init("n1", nodes[0].listen))
	nodes[0].configure()
	nodes[0].listens()
	for i := 2; i <= count; i++ {
		n := newNode(t, fmt.Sprintf("n%d", i))
		token, _, err := nodes[0].Token(0)
		must(t, err)
		must(t, n.Join(t.Context(), n.name, n.listen, token))
		n.configure()
		nodes = append(nodes, n)
	}
	for _, n := range nodes {
		eventually(t, n.name+" sees all", func() bool { return n.sees(count) })
	}
	return nodes
}

// listens waits until it can be reached.
func (n *node) listens() {
	n.t.Helper()
	eventually(n.t, n.name+" listens", func() bool {
		c, err := net.Dial("tcp", n.listen)
		if err == nil {
			_ = c.Close()
		}
		return err == nil
	})
}

// sees reports whether it has so many members, who all answer.
func (n *node) sees(count int) bool {
	c := n.Cluster(nil)
	for _, other := range c.Nodes {
		if other.LastSeen.IsZero() || other.Problem != "" {
			return false
		}
	}
	return len(c.Nodes) == count
}

// addr is an address that is one.
func addr(text string) netip.AddrPort { return netip.MustParseAddrPort(text) }
