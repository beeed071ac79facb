package control

import (
	"container/list"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// How much one address may ask for, and how often it may show a wrong token.
const (
	requestRate  = 50
	requestBurst = 200
	failureEvery = 10 * time.Second
	failureBurst = 5
	maxAddresses = 4096 // that are remembered
)

// rates limits each address by itself. It remembers a bounded number of
// addresses: the one that was idle longest is forgotten for a new one.
type rates struct {
	limit rate.Limit
	burst int

	mu      sync.Mutex // guards what follows
	entries map[netip.Prefix]*list.Element
	order   *list.List // of *rated, the idlest first
}

type rated struct {
	who     netip.Prefix
	limiter *rate.Limiter
}

func newRates(limit rate.Limit, burst int) *rates {
	return &rates{limit: limit, burst: burst, entries: map[netip.Prefix]*list.Element{}, order: list.New()}
}

// take uses up one; false when none is left.
func (r *rates) take(who netip.Prefix) bool { return r.of(who).Allow() }

// has tells whether one is left, and uses up none.
func (r *rates) has(who netip.Prefix) bool { return r.of(who).Tokens() >= 1 }

// of is the limiter of an address.
func (r *rates) of(who netip.Prefix) *rate.Limiter {
	r.mu.Lock()
	defer r.mu.Unlock()
	if e, known := r.entries[who]; known {
		r.order.MoveToBack(e)
		return e.Value.(*rated).limiter
	}
	if len(r.entries) >= maxAddresses {
		delete(r.entries, r.order.Remove(r.order.Front()).(*rated).who)
	}
	n := &rated{who, rate.NewLimiter(r.limit, r.burst)}
	r.entries[who] = r.order.PushBack(n)
	return n.limiter
}

// addressOf is where a request comes from. In IPv6 one host has a whole /64.
func addressOf(r *http.Request) netip.Prefix {
	at, _ := netip.ParseAddrPort(r.RemoteAddr)
	return hostOf(at.Addr())
}

func hostOf(a netip.Addr) netip.Prefix {
	a = a.Unmap().WithZone("")
	bits := 32
	if a.Is6() {
		bits = 64
	}
	p, _ := a.Prefix(bits)
	return p
}

// How many connections there may be at a time.
const (
	maxConns     = 512
	maxConnsEach = 64 // from one address
)

// crowd counts connections over TCP, so that they cannot use up all files, nor
// those of one address all that there may be.
type crowd struct {
	mu    sync.Mutex // guards what follows
	total int
	each  map[netip.Prefix]int
}

// enter counts one; false when there are too many.
func (c *crowd) enter(who netip.Prefix) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.total >= maxConns || c.each[who] >= maxConnsEach {
		return false
	}
	if c.each == nil {
		c.each = map[netip.Prefix]int{}
	}
	c.total++
	c.each[who]++
	return true
}

// leave counts one off.
func (c *crowd) leave(who netip.Prefix) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.total--
	if c.each[who]--; c.each[who] <= 0 {
		delete(c.each, who)
	}
}

// counting is a listener whose connections a crowd counts. One too many is
// closed at once.
type counting struct {
	net.Listener
	crowd *crowd
}

func (l counting) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		at, _ := netip.ParseAddrPort(c.RemoteAddr().String())
		who := hostOf(at.Addr())
		if l.crowd.enter(who) {
			return &counted{Conn: c, leave: sync.OnceFunc(func() { l.crowd.leave(who) })}, nil
		}
		_ = c.Close()
	}
}

// counted is one of these connections.
type counted struct {
	net.Conn
	leave func()
}

func (c *counted) Close() error {
	c.leave()
	return c.Conn.Close()
}
