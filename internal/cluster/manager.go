package cluster

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"github.com/carpd/carpd/internal/config"
	"github.com/carpd/carpd/internal/status"
)

// Handler answers a member's call; from is its name. What it returns is sent as JSON.
type Handler func(ctx context.Context, from string, body []byte) (any, error)

// Options are what a manager needs of carpd.
type Options struct {
	Dir    string                  // where keys and members are kept, for root alone
	Status func() *status.Snapshot // what this node shows of itself; nil before it can
	// News is closed at the next event of this node, which the others are then told of.
	News func() <-chan struct{}
	// Note writes an event into the history.
	Note func(kind, text string)
	Log  zerolog.Logger
	// Every is the pause between two looks at a peer; 0 is 2 s.
	Every time.Duration
	Now   func() time.Time // nil is time.Now
	// Dial replaces the network of the calls, in tests.
	Dial func(ctx context.Context, address string) (net.Conn, error)
}

// carrier takes a call to another node. Its errors are *Refusal or *Unreachable.
type carrier interface {
	call(ctx context.Context, to Member, path string, body []byte) ([]byte, error)
	// forget drops what it keeps for members of an earlier list.
	forget()
}

// Manager is this node's part in a cluster. Its methods may be called at any time,
// by several goroutines at once.
type Manager struct {
	Options
	carrier carrier
	dir     files
	hubName string // in a hub, where nobody has keys
	refused refusals

	// changing is held by those who change the list or the tokens, from reading
	// them to the disk; mu only while fields are looked at.
	changing sync.Mutex
	mu       sync.Mutex
	cfg      config.Cluster
	id       *identity // nil when this node is not enrolled
	trouble  string    // why the listener does not listen, or the state cannot be read
	list     roster
	handlers map[string]Handler
	peers    map[string]*peer // by name
	changed  chan struct{}
	again    chan struct{} // closed when Run has to begin anew
}

// Open makes the manager of a node and reads what it is a member of. What cannot
// be read is a problem to show, not the end of carpd.
func Open(o Options) *Manager {
	m := newManager(o)
	m.carrier = newWire(m)
	if err := m.load(); err != nil {
		m.trouble = err.Error()
		m.Log.Error().Err(err).Msg("cluster: what this node is a member of cannot be read")
	}
	return m
}

// newManager is one that takes part in nothing.
func newManager(o Options) *Manager {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Every == 0 {
		o.Every = 2 * time.Second
	}
	if o.Note == nil {
		o.Note = func(string, string) {}
	}
	if o.Status == nil {
		o.Status = func() *status.Snapshot { return nil }
	}
	m := &Manager{Options: o, dir: files(o.Dir), list: newRoster(), handlers: map[string]Handler{}, peers: map[string]*peer{},
		changed: make(chan struct{}), again: make(chan struct{})}
	m.refused.init(m)
	m.handlers[pathLook] = m.onLook
	m.handlers[pathMembers] = m.onMembers
	m.handlers[pathNews] = m.onNews
	return m
}

// load reads the files of a member.
func (m *Manager) load() error {
	if !m.dir.isThere() {
		return nil
	}
	list, err := m.dir.members()
	if err != nil {
		return err
	}
	id, err := m.dir.identity()
	if err != nil {
		return err
	}
	m.list, m.id = list, id
	return nil
}

// Configure takes the section of a configuration. Run follows.
func (m *Manager) Configure(c config.Cluster) {
	m.mu.Lock()
	defer m.mu.Unlock()
	anew := c.Node != m.cfg.Node || c.Listen != m.cfg.Listen
	m.cfg = c
	if anew {
		m.restart()
	}
}

// restart makes Run begin anew. The caller holds mu.
func (m *Manager) restart() {
	close(m.again)
	m.again = make(chan struct{})
}

// enabled reports whether this node takes part, with the name that it has then.
// The caller holds mu.
func (m *Manager) enabled() (name string, ok bool) {
	if m.hubName != "" {
		return m.hubName, true
	}
	if m.id == nil || m.cfg.Node != m.id.name() {
		return "", false
	}
	e, member := m.list.live(m.cfg.Node)
	return m.cfg.Node, member && e.Key == fingerprint(m.id.node.cert)
}

// Members are all nodes of the cluster by rank, this one among them; none while
// this node takes part in no cluster.
func (m *Manager) Members() []Member {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, ok := m.enabled(); !ok {
		return nil
	}
	return m.list.list()
}

// Self is this node; false while it takes part in no cluster.
func (m *Manager) Self() (Member, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	name, ok := m.enabled()
	if !ok {
		return Member{}, false
	}
	return m.list.find(name)
}

// others are the members without this node.
func (m *Manager) others() (out []Member) {
	self, _ := m.Self()
	for _, member := range m.Members() {
		if member.Name != self.Name {
			out = append(out, member)
		}
	}
	return out
}

// Handle serves the calls of members on a path, such as "sync/offer". Handlers
// are set before Run and must be safe for several callers at once.
func (m *Manager) Handle(path string, h Handler) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.handlers[path] = h
}

// Changed is closed when the members change, or when one begins or ceases to
// answer. Take the channel first and look then, so that nothing falls in between.
func (m *Manager) Changed() <-chan struct{} {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.changed
}

// tell closes the channel of Changed.
func (m *Manager) tell() {
	m.mu.Lock()
	defer m.mu.Unlock()
	close(m.changed)
	m.changed = make(chan struct{})
}

// Call asks a member: in is sent as JSON, its answer is read into out. The error
// is a *Refusal when the member would not, an *Unreachable when nobody knows.
func (m *Manager) Call(ctx context.Context, node, path string, in, out any) error {
	m.mu.Lock()
	to, there := m.list.find(node)
	_, on := m.enabled()
	m.mu.Unlock()
	if !there || !on {
		return fmt.Errorf("%s is no node of the cluster", node)
	}
	body, err := json.Marshal(in)
	if err != nil {
		return fmt.Errorf("encode the call %s: %w", path, err)
	}
	answer, err := m.carrier.call(ctx, to, path, body)
	if err != nil || out == nil {
		return err
	}
	if err := json.Unmarshal(answer, out); err != nil {
		return &Unreachable{node, fmt.Errorf("its answer to %s: %w", path, err)}
	}
	return nil
}

// dispatch gives a member's call to its handler.
func (m *Manager) dispatch(ctx context.Context, from, path string, body []byte) ([]byte, error) {
	m.mu.Lock()
	h := m.handlers[path]
	m.mu.Unlock()
	if h == nil {
		return nil, Refuse(CodeNoSuch, "nothing is served on %s", path)
	}
	answer, err := h(ctx, from, body)
	if err == nil {
		return json.Marshal(answer)
	}
	if errors.As(err, new(*Refusal)) {
		return nil, err
	}
	return nil, Refuse(CodeFailed, "%v", err)
}
