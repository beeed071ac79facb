package cluster

import (
	"context"
	"encoding/json"
	"errors"
	"sync"
	"time"

	"github.com/carpd/carpd/internal/status"
)

// Paths of our own handlers.
const (
	pathLook    = "cluster/look"    // show yourself
	pathMembers = "cluster/members" // take this list
	pathNews    = "cluster/news"    // something happened here, look at me
)

// A node is unreachable when it has not answered for the time of so many looks.
const (
	missedLooks = 3
	lookTime    = 5 * time.Second
	newsGap     = 500 * time.Millisecond
)

// peer is what this node knows of another one.
type peer struct {
	picture *Picture  // nil before the first answer
	seen    time.Time // the last answer
	since   time.Time // the first look
	problem string    // of the last look
	refuses bool      // that was its own answer
	down    bool      // it is unreachable, and was said to be
	differs bool      // its list is not ours
	nudge   chan struct{}
}

// glance is the question how a node is.
type glance struct {
	Digest string  `json:"digest"` // of the asker's list of members
	List   *roster `json:"list,omitempty"`
}

// view is the answer.
type view struct {
	Digest string            `json:"digest"`
	List   *roster           `json:"list,omitempty"` // when it is another one than the asker's
	Status *status.Snapshot  `json:"status,omitempty"`
	Shared map[string]string `json:"shared,omitempty"` // carpdevs to the names that nodes share
}

// onLook shows this node to a member.
func (m *Manager) onLook(_ context.Context, from string, body []byte) (any, error) {
	var q glance
	if err := json.Unmarshal(body, &q); err != nil {
		return nil, Refuse(CodeBody, "a look was expected")
	}
	if q.List != nil {
		if err := m.mergeIn(from, q.List); err != nil {
			return nil, err
		}
	}
	list := m.snapshot()
	v := view{Digest: list.digest(), Status: m.Status(), Shared: m.shared()}
	if v.Digest != q.Digest {
		v.List = &list
	}
	return v, nil
}

// shared are the names by which other nodes know our carpdevs.
func (m *Manager) shared() map[string]string {
	m.mu.Lock()
	defer m.mu.Unlock()
	out := map[string]string{}
	for name, dev := range m.cfg.Carpdevs {
		out[dev] = name
	}
	return out
}

// onNews has the caller looked at now.
func (m *Manager) onNews(_ context.Context, from string, _ []byte) (any, error) {
	select {
	case m.peer(from).nudge <- struct{}{}:
	default: // It is going to be looked at.
	}
	return struct{}{}, nil
}

// peer is what we know of a node; the caller of it changes fields under mu only.
func (m *Manager) peer(name string) *peer {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.peers[name] == nil {
		m.peers[name] = &peer{since: m.Now(), nudge: make(chan struct{}, 1)}
	}
	return m.peers[name]
}

// lookAround looks at every other member, as long as it is one.
func (m *Manager) lookAround(ctx context.Context) {
	var wg sync.WaitGroup
	defer wg.Wait()
	looking := map[string]context.CancelFunc{}
	for {
		changed := m.Changed()
		gone := looking
		looking = map[string]context.CancelFunc{}
		for _, other := range m.others() {
			if looking[other.Name] = gone[other.Name]; looking[other.Name] == nil {
				one, cancel := context.WithCancel(ctx)
				looking[other.Name] = cancel
				wg.Go(func() { defer cancel(); m.watch(one, other.Name) })
			}
			delete(gone, other.Name)
		}
		for name, cancel := range gone {
			cancel()
			m.forgetPeer(name)
		}
		select {
		case <-ctx.Done():
			return
		case <-changed:
		}
	}
}

// forgetPeer drops what we know of a node that is no member any more.
func (m *Manager) forgetPeer(name string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.peers, name)
}

// watch looks at one node now and then, and when it has news.
func (m *Manager) watch(ctx context.Context, name string) {
	p := m.peer(name)
	for {
		m.look(ctx, name, p)
		select {
		case <-ctx.Done():
			return
		case <-p.nudge:
		case <-time.After(m.Every):
		}
	}
}

// look asks one node how it is.
func (m *Manager) look(ctx context.Context, name string, p *peer) {
	ctx, cancel := context.WithTimeout(ctx, lookTime)
	defer cancel()
	list := m.snapshot()
	q := glance{Digest: list.digest()}
	m.mu.Lock()
	if p.differs {
		q.List = &list
	}
	m.mu.Unlock()
	var v view
	sent := m.Now()
	err := m.Call(ctx, name, pathLook, q, &v)
	if errors.Is(ctx.Err(), context.Canceled) {
		return // It is no member any more, or we end.
	}
	if err == nil && v.List != nil {
		err = m.mergeIn(name, v.List)
	}
	m.noteLook(name, p, err, v, Picture{Sent: sent, Received: m.Now(), Snapshot: v.Status, Shared: v.Shared})
}

// noteLook keeps what a look has shown, and tells when a node comes or goes.
func (m *Manager) noteLook(name string, p *peer, err error, v view, pic Picture) {
	m.mu.Lock()
	was, first := p.down, p.picture == nil
	if err == nil {
		p.picture, p.seen, p.problem, p.refuses, p.down = &pic, pic.Received, "", false, false
		p.differs = v.Digest != m.list.digest()
	} else {
		p.problem, p.refuses = err.Error(), errors.As(err, new(*Refusal))
		p.down = pic.Received.Sub(latest(p.seen, p.since)) >= missedLooks*m.Every
	}
	down := p.down
	m.mu.Unlock()
	switch {
	case down && !was:
		m.note("node unreachable", err.Error())
	case was && !down:
		m.note("node answers", name+" answers again")
	case !first || err != nil:
		return
	}
	m.tell()
}

// latest is the later one of two instants.
func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// bringNews tells the others when something has happened here, so that they need
// not wait for their next look.
func (m *Manager) bringNews(ctx context.Context) {
	if m.News == nil {
		return
	}
	for {
		select {
		case <-ctx.Done():
			return
		case <-m.News():
		}
		var wg sync.WaitGroup
		for _, other := range m.others() {
			wg.Go(func() {
				short, cancel := context.WithTimeout(ctx, m.Every)
				defer cancel()
				_ = m.Call(short, other.Name, pathNews, struct{}{}, nil) // Who is not there looks later.
			})
		}
		select {
		case <-ctx.Done():
		case <-time.After(newsGap):
		}
		wg.Wait()
	}
}
