package confsync

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/carpd/carpd/internal/status"
	"github.com/carpd/carpd/internal/words"
)

// How long a node may take to say where it is, and to take or give a version.
const (
	askTimeout  = 3 * time.Second
	giveTimeout = 20 * time.Second
)

// peer is another node as this one sees it.
type peer struct {
	name   string
	mu     sync.Mutex   // held during a conversation: there is one at a time
	wanted atomic.Int64 // how often somebody wanted to reach it since it was last reached

	// Guarded by Engine.view.
	said    standing
	heard   time.Time // zero = never
	silent  error     // why it did not answer last time
	refused *refusal  // our version that it refused
}

// others are the other nodes of the cluster. Those that left are forgotten.
func (e *Engine) others() (out []*peer) {
	s, _, in := e.who()
	e.view.Lock()
	defer e.view.Unlock()
	were := e.peers
	e.peers = map[string]*peer{}
	if !in { // Who is being reached is given up.
		return nil
	}
	for _, m := range e.Peers.Members() {
		if m.Name == s.node {
			continue
		}
		p := were[m.Name]
		if p == nil {
			p = &peer{name: m.Name}
		}
		e.peers[m.Name] = p
		out = append(out, p)
	}
	return out
}

// A node that did not answer is asked again after a pause, which doubles each time.
const (
	firstRetry = 100 * time.Millisecond
	lastRetry  = time.Second
)

// reach converses with a node until it answers. Who comes while that is under way
// is not lost: there is one conversation more, for what it says may be new.
func (e *Engine) reach(ctx context.Context, p *peer) {
	if p.wanted.Add(1) > 1 {
		return
	}
	for pause := firstRetry; ctx.Err() == nil; pause = min(2*pause, lastRetry) {
		n := p.wanted.Load()
		e.converse(ctx, p)
		if e.isSilent(p) {
			select {
			case <-ctx.Done():
			case <-time.After(pause):
			}
		} else if p.wanted.CompareAndSwap(n, 0) {
			return
		}
	}
	p.wanted.Store(0)
}

// isSilent reports whether a node that is still a member did not answer.
func (e *Engine) isSilent(p *peer) bool {
	e.view.Lock()
	defer e.view.Unlock()
	return p.silent != nil && e.peers[p.name] == p
}

// converse asks a node where it is and brings the one who is behind forward.
func (e *Engine) converse(ctx context.Context, p *peer) {
	p.mu.Lock()
	defer p.mu.Unlock()
	e.agree(ctx, p)
}

// agree is one conversation.
func (e *Engine) agree(ctx context.Context, p *peer) {
	theirs, err := e.ask(ctx, p)
	if err != nil || len(theirs.Sections) == 0 {
		return
	}
	switch judge(e.version(), theirs.Version) {
	case newer:
		e.fetch(ctx, p)
	case older:
		e.offer(ctx, p)
	}
}

// ask exchanges standings. Who does not answer is not known to be equal.
func (e *Engine) ask(ctx context.Context, p *peer) (theirs standing, err error) {
	err = e.call(ctx, p, "sync/stand", askTimeout, e.stand(), &theirs)
	if err == nil {
		e.hear(p.name, theirs)
	} else if ctx.Err() == nil {
		e.view.Lock()
		p.silent = err
		e.view.Unlock()
	}
	return theirs, err
}

// call asks a node something.
func (e *Engine) call(ctx context.Context, p *peer, path string, within time.Duration, in, out any) error {
	limited, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	return e.Peers.Call(limited, p.name, path, in, out)
}

// hear keeps what a node says of itself.
func (e *Engine) hear(node string, st standing) {
	e.view.Lock()
	defer e.view.Unlock()
	p := e.peers[node]
	if p == nil {
		return
	}
	st = st.brief()
	p.said, p.heard, p.silent = st, e.Now(), nil
	if st.Refused != nil && same(st.Refused.Version, e.rec.Version) {
		p.refused = st.Refused
	} else if p.refused != nil && !same(p.refused.Version, e.rec.Version) {
		p.refused = nil
	}
}

// fetch takes the version of a node that is ahead, and lets all know.
func (e *Engine) fetch(ctx context.Context, p *peer) {
	var u Update
	if err := e.call(ctx, p, "sync/fetch", giveTimeout, struct{}{}, &u); err != nil {
		return
	}
	if e.take(ctx, p.name, u) == nil {
		e.nudge()
	}
}

// answer of an offer: where the node is afterwards, and why it refused.
type answer struct {
	Standing standing `json:"standing"`
	Refused  string   `json:"refused,omitempty"`
}

// offer gives our version to a node that is behind. It counts as taken when the
// node says that it runs it, by its hash.
func (e *Engine) offer(ctx context.Context, p *peer) {
	u, err := e.update()
	if err != nil {
		return
	}
	var a answer
	if err := e.call(ctx, p, "sync/offer", giveTimeout, u, &a); err != nil {
		return
	}
	e.hear(p.name, a.Standing)
	e.view.Lock()
	defer e.view.Unlock()
	p.refused = nil
	if a.Refused != "" {
		p.refused = &refusal{u.Version, words.Said(a.Refused)}
	}
}

// seen is a copy of what is known of a node.
type seen struct {
	said    standing
	heard   time.Time
	silent  error
	refused *refusal
}

// look is what is known of a node; false when it is no other node.
func (e *Engine) look(node string) (seen, status.Version, bool) {
	e.view.Lock()
	defer e.view.Unlock()
	p, there := e.peers[node]
	if !there {
		return seen{}, e.rec.Version, false
	}
	return seen{p.said, p.heard, p.silent, p.refused}, e.rec.Version, true
}
