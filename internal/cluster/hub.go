package cluster

import (
	"context"
	"errors"
	"fmt"
	"sync"
)

// Hub is a cluster in memory, for tests of what is built upon Manager: calls go
// from one to the other without TLS, and links can be cut.
type Hub struct {
	mu    sync.Mutex
	nodes map[string]*Manager
	cut   map[[2]string]bool
	list  roster
}

// NewHub makes one with nodes of these names, ranked in that order.
func NewHub(names ...string) *Hub {
	h := &Hub{nodes: map[string]*Manager{}, cut: map[[2]string]bool{}, list: newRoster()}
	for i, name := range names {
		h.list.set(name, entry{Key: hash([]byte(name)), Address: fmt.Sprintf("192.0.2.%d:7430", i+1), Rank: i, By: names[0]})
	}
	for _, name := range names {
		h.nodes[name] = h.node(name)
	}
	return h
}

// node makes a manager that calls through the hub.
func (h *Hub) node(name string) *Manager {
	m := newManager(Options{})
	m.hubName, m.list = name, h.list.clone()
	m.carrier = &line{h, name}
	return m
}

// Node is one of them.
func (h *Hub) Node(name string) *Manager {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.nodes[name]
}

// Restart replaces a node by a new one that knows no handlers, as after a crash.
func (h *Hub) Restart(name string) *Manager {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.nodes[name] = h.node(name)
	return h.nodes[name]
}

// Cut makes two nodes unreachable for each other; Heal undoes it. Both make the
// nodes look again.
func (h *Hub) Cut(a, b string) { h.link(a, b, true) }

// Heal undoes Cut.
func (h *Hub) Heal(a, b string) { h.link(a, b, false) }

// link cuts or heals.
func (h *Hub) link(a, b string, cut bool) {
	h.mu.Lock()
	h.cut[[2]string{a, b}], h.cut[[2]string{b, a}] = cut, cut
	one, other := h.nodes[a], h.nodes[b]
	h.mu.Unlock()
	one.tell()
	other.tell()
}

// line is how one node of a hub calls.
type line struct {
	hub  *Hub
	from string
}

var errCut = errors.New("the link is cut")

// call hands the body to the other's handler. A link that is cut meanwhile takes
// the answer away, as a network does.
func (l *line) call(ctx context.Context, to Member, path string, body []byte) ([]byte, error) {
	target, cut := l.target(to.Name)
	if cut || target == nil {
		return nil, &Unreachable{to.Name, errCut}
	}
	answer, err := target.dispatch(ctx, l.from, path, body)
	if _, cut = l.target(to.Name); cut {
		return nil, &Unreachable{to.Name, errCut}
	}
	if refusal := new(Refusal); errors.As(err, &refusal) {
		return nil, &Refusal{to.Name, refusal.Code, refusal.Text}
	}
	return answer, err
}

// forget does nothing: a hub has no connections.
func (l *line) forget() {}

// target is the node at the other end.
func (l *line) target(to string) (m *Manager, cut bool) {
	l.hub.mu.Lock()
	defer l.hub.mu.Unlock()
	return l.hub.nodes[to], l.hub.cut[[2]string{l.from, to}]
}
