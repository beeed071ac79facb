package lab

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
)

// Topology is the wish for a network.
type Topology struct {
	Routers int // named r1, r2, …
	Clients int // named client, client2, …; 0 means one
	// Snooping makes the switch forward multicast only to ports that asked for
	// it, with the switch itself as the querier.
	Snooping bool
	// Keep leaves namespaces and processes in place when the owner ends; Down
	// removes them later.
	Keep bool
	// Pcap names a file for the frames that Wire sees; empty means none.
	Pcap string
}

// Lab is a running network.
type Lab struct {
	Routers []*Node
	Clients []*Node
	Switch  *Node
	Wire    *Wire

	id    string
	dir   string
	mu    sync.Mutex // guards what follows
	state state
	procs []*Process
	undo  []func()
	once  sync.Once
}

// New builds the network. Before that it removes what labs of dead owners left.
func New(t Topology) (*Lab, error) {
	if os.Geteuid() != 0 {
		return nil, errors.New("a lab needs root: it makes network namespaces")
	}
	if err := Sweep(); err != nil {
		return nil, err
	}
	l, err := claim(t.Keep)
	if err != nil {
		return nil, err
	}
	if err := l.build(t); err != nil {
		return nil, errors.Join(err, l.remove())
	}
	return l, nil
}

// build makes the nodes, plugs them into the switch and starts the capture.
func (l *Lab) build(t Topology) (err error) {
	if l.Switch, err = l.addNode("switch", 0); err != nil {
		return err
	}
	if err := l.Switch.makeBridge(t.Snooping); err != nil {
		return err
	}
	for i := range t.Routers {
		n, err := l.addHost(fmt.Sprintf("r%d", i+1), 11+i, true)
		if err != nil {
			return err
		}
		l.Routers = append(l.Routers, n)
	}
	for i := range max(1, t.Clients) {
		name := "client"
		if i > 0 {
			name = fmt.Sprintf("client%d", i+1)
		}
		n, err := l.addHost(name, 100+i, false)
		if err != nil {
			return err
		}
		l.Clients = append(l.Clients, n)
	}
	l.Wire, err = l.listen(t.Pcap)
	return err
}

// ID names the lab; the namespaces are called ID-r1, ID-switch and so on.
func (l *Lab) ID() string { return l.id }

// Dir is a directory for configurations and logs; it goes away with the lab.
func (l *Lab) Dir() string { return l.dir }

// File is a path in Dir.
func (l *Lab) File(name string) string { return filepath.Join(l.dir, name) }

// Nodes are all routers and clients.
func (l *Lab) Nodes() []*Node {
	return append(append([]*Node(nil), l.Routers...), l.Clients...)
}

// Node finds a router or client by name; it panics when there is none, because
// that is a mistake of the caller.
func (l *Lab) Node(name string) *Node {
	for _, n := range l.Nodes() {
		if n.Name == name {
			return n
		}
	}
	panic("lab: no node " + name)
}

// Close ends all processes and removes the network, kept or not. It may be
// called more than once.
func (l *Lab) Close() (err error) {
	l.once.Do(func() { err = l.remove() })
	return err
}

// Release ends the instruments of a kept lab and leaves the network and its
// processes alone; Down removes them.
func (l *Lab) Release() {
	l.once.Do(func() {
		l.runUndo()
		for _, n := range l.everyNode() {
			n.release()
		}
	})
}

// remove is Close without the guard.
func (l *Lab) remove() error {
	l.stopAll()
	l.runUndo()
	for _, n := range l.everyNode() {
		n.release()
	}
	return l.state.remove(l.dir)
}

// runUndo closes instruments, last opened first.
func (l *Lab) runUndo() {
	l.mu.Lock()
	undo := l.undo
	l.undo = nil
	l.mu.Unlock()
	for i := len(undo) - 1; i >= 0; i-- {
		undo[i]()
	}
}

// onClose registers what Close has to end first.
func (l *Lab) onClose(f func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.undo = append(l.undo, f)
}

// everyNode includes the switch, and works on a half-built lab.
func (l *Lab) everyNode() []*Node {
	if l.Switch == nil {
		return l.Nodes()
	}
	return append(l.Nodes(), l.Switch)
}
