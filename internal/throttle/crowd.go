package throttle

import (
	"net"
	"sync"
)

// Crowd counts connections, so that they cannot use up all files, nor those of
// one caller all that there may be.
type Crowd[K comparable] struct {
	all, each int

	mu   sync.Mutex // guards what follows
	open map[K]int
	sum  int
}

// NewCrowd has room for all connections, and for each of one caller.
func NewCrowd[K comparable](all, each int) *Crowd[K] {
	return &Crowd[K]{all: all, each: each, open: map[K]int{}}
}

// Enter counts one; false when there are too many.
func (c *Crowd[K]) Enter(who K) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.sum >= c.all || c.open[who] >= c.each {
		return false
	}
	c.sum++
	c.open[who]++
	return true
}

// Leave counts one off.
func (c *Crowd[K]) Leave(who K) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sum--
	if c.open[who]--; c.open[who] <= 0 {
		delete(c.open, who)
	}
}

// Count is how many connections there are, and of how many callers.
func (c *Crowd[K]) Count() (connections, callers int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.sum, len(c.open)
}

// Of is how many connections one caller has.
func (c *Crowd[K]) Of(who K) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.open[who]
}

// Listener is a listener whose connections are counted. One too many is closed
// at once, and Refused, if there is one, is told.
type Listener[K comparable] struct {
	net.Listener
	Crowd   *Crowd[K]
	Who     func(net.Addr) K
	Refused func(net.Addr)
}

// Accept gives the next connection that there is room for.
func (l *Listener[K]) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		who := l.Who(c.RemoteAddr())
		if l.Crowd.Enter(who) {
			return &counted{Conn: c, leave: sync.OnceFunc(func() { l.Crowd.Leave(who) })}, nil
		}
		_ = c.Close()
		if l.Refused != nil {
			l.Refused(c.RemoteAddr())
		}
	}
}

// counted is a connection that was counted.
type counted struct {
	net.Conn
	leave func()
}

// Close counts it off.
func (c *counted) Close() error {
	c.leave()
	return c.Conn.Close()
}
