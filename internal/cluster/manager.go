package cluster

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"github.com/carpd/carpd/internal/status"
)

// Handler answers a member's call; from is its name. What it returns is sent as JSON.
type Handler func(ctx context.Context, from string, body []byte) (any, error)

// Options are what a manager needs of carpd.
type Options struct {
	Dir    string                  // where keys and members are kept, for root alone
	Status func() *status.Snapshot // what this node shows of itself; nil before it can
	// Note writes an event into the history.
	Note func(kind, text string)
	Log  zerolog.Logger
	// Every is the pause between two looks at a peer; 0 is 2 s.
	Every time.Duration
	Now   func() time.Time // nil is time.Now
}

// carrier takes a call to another node. Its errors are *Refusal or *Unreachable.
type carrier interface {
	call(ctx context.Context, to Member, path string, body []byte) ([]byte, error)
}

// Manager is this node's part in a cluster. Its methods may be called at any time,
// by several goroutines at once.
type Manager struct {
	Options
	carrier carrier

	mu       sync.Mutex
	enabled  bool
	self     string
	list     roster
	handlers map[string]Handler
	changed  chan struct{}
}

// newManager is one that takes part in nothing.
func newManager(o Options) *Manager {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Every == 0 {
		o.Every = 2 * time.Second
	}
	return &Manager{Options: o, list: newRoster(), handlers: map[string]Handler{}, changed: make(chan struct{})}
}

// Members are all nodes of the cluster by rank, this one among them; none while
// this node takes part in no cluster.
func (m *Manager) Members() []Member {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.enabled {
		return nil
	}
	return m.list.list()
}

// Self is this node; false while it takes part in no cluster.
func (m *Manager) Self() (Member, bool) {
	for _, member := range m.Members() {
		if member.Name == m.name() {
			return member, true
		}
	}
	return Member{}, false
}

// name is that of this node.
func (m *Manager) name() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.self
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
	to, there := m.member(node)
	if !there {
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

// member finds one by name.
func (m *Manager) member(name string) (Member, bool) {
	for _, member := range m.Members() {
		if member.Name == name {
			return member, true
		}
	}
	return Member{}, false
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
