package cluster

import (
	"net"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// What one caller may do.
const (
	callsPerSecond = 50
	callsBurst     = 200
	joinsPerSecond = 0.5
	joinsBurst     = 5
	maxPerHost     = 32  // connections of one address
	maxConns       = 512 // of all
	maxCallers     = 1024
)

// rates are token buckets by a caller's name or address. When there are more
// callers than we want to remember, all begin anew.
type rates struct {
	mu    sync.Mutex
	limit rate.Limit
	burst int
	of    map[string]*rate.Limiter
}

// newRates makes them for so many calls.
func newRates(perSecond float64, burst int) *rates {
	return &rates{limit: rate.Limit(perSecond), burst: burst, of: map[string]*rate.Limiter{}}
}

// allow takes one token.
func (r *rates) allow(caller string, now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.of) >= maxCallers {
		clear(r.of)
	}
	l := r.of[caller]
	if l == nil {
		l = rate.NewLimiter(r.limit, r.burst)
		r.of[caller] = l
	}
	return l.AllowN(now, 1)
}

// gate is a listener that lets no address take all connections: a stranger cannot
// lock members out by opening many.
type gate struct {
	net.Listener
	refuse func(address string)
	mu     sync.Mutex
	open   map[string]int
	all    int
}

// newGate stands before a listener.
func newGate(l net.Listener, refuse func(string)) *gate {
	return &gate{Listener: l, refuse: refuse, open: map[string]int{}}
}

// Accept closes what is too much.
func (g *gate) Accept() (net.Conn, error) {
	for {
		c, err := g.Listener.Accept()
		if err != nil {
			return nil, err
		}
		host := hostOf(c.RemoteAddr().String())
		if g.enter(host) {
			return &guest{Conn: c, leave: sync.OnceFunc(func() { g.leave(host) })}, nil
		}
		_ = c.Close()
		g.refuse(c.RemoteAddr().String())
	}
}

// enter counts one more.
func (g *gate) enter(host string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.all >= maxConns || g.open[host] >= maxPerHost {
		return false
	}
	g.all++
	g.open[host]++
	return true
}

// leave counts one less.
func (g *gate) leave(host string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.all--
	if g.open[host]--; g.open[host] == 0 {
		delete(g.open, host)
	}
}

// guest is a connection that was counted.
type guest struct {
	net.Conn
	leave func()
}

// Close counts it off.
func (g *guest) Close() error {
	g.leave()
	return g.Conn.Close()
}
