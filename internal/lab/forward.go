package lab

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"
)

// Forward makes a listener inside the node's namespace reachable from outside:
// local is an address on the loopback of the caller's own namespace, and each
// connection to it goes on to addr inside. It ends with the lab.
func (n *Node) Forward(addr string) (local string, err error) {
	outside, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("listen for a way into %s: %w", n.Name, err)
	}
	f := &forward{node: n, addr: addr, listener: outside, open: map[net.Conn]bool{}}
	f.served.Go(f.serve)
	n.lab.onClose(f.close)
	return outside.Addr().String(), nil
}

// forwardWait is how long an address inside may take to answer; Close waits for it.
const forwardWait = 3 * time.Second

// forward is one way into a namespace.
type forward struct {
	node     *Node
	addr     string
	listener net.Listener
	served   sync.WaitGroup

	mu   sync.Mutex // guards open; nil after close
	open map[net.Conn]bool
}

// serve takes connections until the listener is closed.
func (f *forward) serve() {
	for {
		outer, err := f.listener.Accept()
		if err != nil {
			return
		}
		f.served.Go(func() { f.join(outer) })
	}
}

// join carries both directions of one connection, and ends a direction when
// its source does, so that half-closed connections work.
func (f *forward) join(outer net.Conn) {
	defer f.drop(outer)
	inner, err := f.dial()
	if err != nil || !f.keep(outer, inner) {
		return
	}
	defer f.drop(inner)
	var both sync.WaitGroup
	both.Go(func() { pump(inner, outer) })
	both.Go(func() { pump(outer, inner) })
	both.Wait()
}

// dial connects inside of the namespace. A socket stays where it was made, and
// an address in numbers needs no other goroutine.
func (f *forward) dial() (c net.Conn, err error) {
	err = f.node.Run(func() error {
		d := net.Dialer{FallbackDelay: -1, Timeout: forwardWait} // One attempt, on this thread.
		c, err = d.DialContext(context.Background(), "tcp", f.addr)
		return err
	})
	return c, err
}

// keep remembers connections for close; false when that has been.
func (f *forward) keep(conns ...net.Conn) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, c := range conns {
		if f.open == nil {
			_ = c.Close()
			continue
		}
		f.open[c] = true
	}
	return f.open != nil
}

// drop closes a connection that is done with.
func (f *forward) drop(c net.Conn) {
	f.mu.Lock()
	delete(f.open, c)
	f.mu.Unlock()
	_ = c.Close()
}

// close ends the listener and what goes through it.
func (f *forward) close() {
	_ = f.listener.Close()
	f.mu.Lock()
	for c := range f.open {
		_ = c.Close()
	}
	f.open = nil
	f.mu.Unlock()
	f.served.Wait()
}

// pump copies until the source ends, and tells the other side.
func pump(to, from net.Conn) {
	_, err := io.Copy(to, from)
	if half, ok := to.(interface{ CloseWrite() error }); ok && (err == nil || errors.Is(err, io.EOF)) {
		_ = half.CloseWrite()
		return
	}
	_ = to.Close()
}
