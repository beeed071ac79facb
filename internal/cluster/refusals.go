package cluster

import (
	"fmt"
	"maps"
	"net"
	"sync"
	"time"
)

// refusalGap is the least time between two events about one reason.
const refusalGap = 10 * time.Second

// refusals counts who was not let in, by reason, and tells of them now and then.
type refusals struct {
	m     *Manager
	mu    sync.Mutex
	count map[string]uint64
	told  map[string]time.Time
}

// init makes it empty.
func (r *refusals) init(m *Manager) {
	r.m, r.count, r.told = m, map[string]uint64{}, map[string]time.Time{}
}

// add counts one.
func (r *refusals) add(address, reason, text string) {
	r.mu.Lock()
	r.count[reason]++
	now := r.m.Now()
	tell := now.Sub(r.told[reason]) >= refusalGap || r.told[reason].IsZero()
	if tell {
		r.told[reason] = now
	}
	r.mu.Unlock()
	if tell {
		r.m.Log.Warn().Str("peer", address).Str("reason", reason).Msg("cluster: refused: " + text)
		r.m.Note("cluster refused", fmt.Sprintf("%s is refused: %s", address, text))
	}
}

// all are the counts.
func (r *refusals) all() map[string]uint64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return maps.Clone(r.count)
}

// hostOf is an address without its port.
func hostOf(address string) string {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return address
	}
	return host
}
