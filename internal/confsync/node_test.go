package confsync

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/carpd/carpd/internal/cluster"
	"github.com/carpd/carpd/internal/config"
	"github.com/carpd/carpd/internal/status"
)

// disk is what survives a crash of a node: its files. It can be told to crash at
// one of the writes.
type disk struct {
	mu     sync.Mutex
	files  map[string][]byte
	writes int // so far
	fail   int // the write at which the node dies; 0 = never
	after  bool
}

// crash is what a write panics with when the node is to die there.
type crash struct{}

// write puts a file on the disk, unless the node dies before.
func (d *disk) write(name string, data []byte) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.writes++
	if d.writes == d.fail && !d.after {
		panic(crash{})
	}
	d.files[name] = bytes.Clone(data)
	if d.writes == d.fail {
		panic(crash{})
	}
}

// Read, Write and Path are State.
func (d *disk) Read(name string) ([]byte, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if data, there := d.files[name]; there {
		return data, nil
	}
	return nil, fs.ErrNotExist
}

func (d *disk) Write(name string, data []byte) error {
	d.write(name, data)
	return nil
}

func (d *disk) Path(name string) string { return "/state/" + name }

// file is the name of the configuration among the files.
const file = "carpd.yaml"

// memory is a Store over a disk.
type memory struct {
	*disk
	mu      sync.Mutex
	text    []byte
	cfg     *config.Config
	trial   *status.Confirm
	changed chan struct{}
	refuse  error // of Replace
}

// newMemory runs what is on the disk.
func newMemory(t testing.TB, d *disk) *memory {
	m := &memory{disk: d, changed: make(chan struct{})}
	must(t, m.load(d.files[file]))
	return m
}

// load makes a text the one that runs.
func (m *memory) load(text []byte) error {
	cfg, err := m.Load(text)
	if err == nil {
		m.text, m.cfg = text, cfg
		close(m.changed)
		m.changed = make(chan struct{})
	}
	return err
}

func (m *memory) Load(text []byte) (*config.Config, error) {
	cfg, _, err := config.Load(bytes.NewReader(text), file, config.Options{})
	if err != nil {
		return nil, err
	}
	return cfg, nil
}

func textHash(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

func (m *memory) Current() ([]byte, *config.Config, string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.text, m.cfg, textHash(m.text)
}

func (m *memory) OnDisk() ([]byte, error) { return m.Read(file) }

func (m *memory) Replace(_ context.Context, text []byte, base, _ string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if there, _ := m.OnDisk(); base != textHash(there) {
		return errors.New("the file is another one")
	}
	if _, err := m.Load(text); err != nil || m.refuse != nil {
		return errors.Join(err, m.refuse)
	}
	m.write(file, text)
	return m.load(text)
}

func (m *memory) Trial() *status.Confirm { return m.trial }

func (m *memory) Changed() <-chan struct{} {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.changed
}

// node is one node of a test.
type node struct {
	t      testing.TB
	name   string
	hub    *cluster.Hub
	disk   *disk
	store  *memory
	engine *Engine
	events *[]string
	down   bool
}

func (n *node) GoString() string { return n.name }

// wire is Peers over a hub. A node that dies in a call takes the answer with it.
type wire struct {
	*cluster.Manager
	n *node
}

func (w wire) Members() (out []Member) {
	for _, m := range w.Manager.Members() {
		out = append(out, Member{m.Name, m.Rank})
	}
	return out
}

func (w wire) Handle(path string, do func(context.Context, string, []byte) (any, error)) {
	w.Manager.Handle(path, func(ctx context.Context, from string, body []byte) (answer any, err error) {
		if w.n.down {
			return nil, errors.New("it is down")
		}
		if w.n.survives(func() { answer, err = do(ctx, from, body) }) {
			return answer, err
		}
		return nil, errors.New("the connection broke")
	})
}

// survives runs something; false when the node died in it.
func (n *node) survives(do func()) (alive bool) {
	defer func() {
		switch r := recover(); r.(type) {
		case nil:
		case crash:
			n.down = true
		default:
			panic(r)
		}
	}()
	do()
	return true
}

// base is a configuration of a node, with a place for its groups.
const base = "# %s\ninstance: %s\ncluster:\n  node: %s\n  listen: 192.0.2.1:7430\ngroups:\n%s"

// yaml is a group.
func yaml(vhid int, more ...string) string {
	return fmt.Sprintf("  - vhid: %d\n    carpdev: eth0\n    addresses: [192.0.2.%d/24]\n    password: mekmitasdigoat\n", vhid, vhid) + strings.Join(more, "")
}

// site is some nodes with the same groups, of which none runs yet.
func site(t testing.TB, names ...string) map[string]*node {
	hub, nodes := cluster.NewHub(names...), map[string]*node{}
	for _, name := range names {
		nodes[name] = &node{t: t, name: name, hub: hub, down: true, events: new([]string),
			disk: &disk{files: map[string][]byte{file: fmt.Appendf(nil, base, name, name, name, yaml(1, "    advskew: 50\n"))}}}
	}
	return nodes
}

// start starts a node, also again after it died.
func (n *node) start() *node {
	n.disk.fail = 0
	n.store = newMemory(n.t, n.disk)
	n.down = false
	n.engine = New(Deps{Store: n.store, State: n.disk, Peers: wire{n.hub.Restart(n.name), n}, Log: zerolog.Nop(),
		Now:   func() time.Time { return time.Unix(1e9, 0) },
		Event: func(kind, text string) { *n.events = append(*n.events, kind+": "+text) }})
	return n
}

// round is one turn of Run, with one node after the other.
func (n *node) round() {
	if n.down {
		return
	}
	n.survives(func() {
		must(n.t, n.engine.settle(n.t.Context()))
		for _, p := range n.engine.others() {
			n.engine.converse(n.t.Context(), p)
		}
	})
}

// edit changes the file of a node by hand and makes it read it.
func (n *node) edit(old, new string) {
	n.t.Helper()
	n.scribble(old, new)
	must(n.t, n.store.load(n.disk.files[file]))
}

// scribble changes the file of a node by hand.
func (n *node) scribble(old, new string) {
	n.t.Helper()
	there, _ := n.disk.Read(file)
	text := string(there)
	if !strings.Contains(text, old) {
		n.t.Fatalf("%s has no %q:\n%s", n.name, old, text)
	}
	n.disk.mu.Lock()
	defer n.disk.mu.Unlock()
	n.disk.files[file] = []byte(strings.Replace(text, old, new, 1))
}

// add adds groups to the file of a node and makes it read it.
func (n *node) add(groups ...string) { n.edit("groups:\n", "groups:\n"+strings.Join(groups, "")) }

// text is what runs.
func (n *node) text() string { return string(n.store.text) }

// sync is what a node says of another one.
func (n *node) sync(other string) (sync, problem string) {
	_, sync, problem = n.engine.node(other, other == n.name, n.engine.stand())
	return sync, problem
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// first makes the first version of a cluster of what runs here.
func (e *Engine) first() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	s, _, in := e.who()
	r := e.current()
	if !in || r.Version.Number > 0 {
		return nil
	}
	text, _, _ := e.Store.Current()
	d, bases, err := s.export(text)
	if err != nil {
		return err
	}
	return e.edited(r, s, text, hash(d.encode()), bases, 0)
}
