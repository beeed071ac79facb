package confsync

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/carpd/carpd/internal/config"
	"github.com/carpd/carpd/internal/status"
)

// preview is what an update would change on a node.
type preview struct {
	Standing standing `json:"standing"`
	Diff     string   `json:"diff,omitempty"`
	Problem  string   `json:"problem,omitempty"`
}

// Sync compares with all nodes now and, unless dry, agrees with them.
func (e *Engine) Sync(ctx context.Context, r status.SyncRequest) (*status.SyncReport, error) {
	s, _, in := e.who()
	if !in {
		return nil, errApart
	}
	if err := e.settle(ctx); err != nil {
		return nil, err
	}
	if why := e.drift(s, e.version()); why != "" && r.Push {
		return nil, errors.New(why)
	}
	peers := e.others()
	e.each(peers, func(p *peer) { _, _ = e.ask(ctx, p) })
	if r.DryRun {
		return e.dryRun(ctx, s, peers, r.Push)
	}
	if r.Push {
		if err := e.push(ctx); err != nil {
			return nil, err
		}
	}
	// Who is ahead is heard first, and then what it has is for everybody.
	e.each(peers, func(p *peer) { e.agree(ctx, p) })
	e.each(peers, func(p *peer) { e.agree(ctx, p) })
	return e.report(s, peers), nil
}

// each does something with all nodes at once, each in a conversation of its own.
func (e *Engine) each(peers []*peer, do func(*peer)) {
	var all sync.WaitGroup
	for _, p := range peers {
		all.Go(func() {
			p.mu.Lock()
			defer p.mu.Unlock()
			do(p)
		})
	}
	all.Wait()
}

// greatest is the greatest version that any node is known to have, and who has
// it; empty for this one. One that could not be taken does not count.
func (e *Engine) greatest() (v status.Version, node string) {
	e.view.Lock()
	defer e.view.Unlock()
	v = e.rec.Version
	for name, p := range e.peers {
		if p.silent == nil && follows(e.rec.Version, p.said.Version) && compare(p.said.Version, v) > 0 {
			v, node = p.said.Version, name
		}
	}
	return v, node
}

// push makes what runs here the greatest version, whatever the others have.
func (e *Engine) push(ctx context.Context) error {
	top, _ := e.greatest()
	e.mu.Lock()
	defer e.mu.Unlock()
	d, err := e.settled(ctx)
	if err != nil || d == nil {
		return errOr(err, errNothing)
	}
	r, is := e.current(), hash(d.encode())
	if r.Version.Number > 0 && judge(r.Version, top) != newer {
		return nil // It is the greatest already.
	}
	s, _, _ := e.who()
	text, _, _ := e.Store.Current()
	_, bases, err := s.export(text)
	if err != nil {
		return err
	}
	return e.edited(r, s, text, is, bases, top.Number)
}

// report is where all nodes are now.
func (e *Engine) report(s self, peers []*peer) *status.SyncReport {
	mine := e.stand()
	out := &status.SyncReport{SchemaVersion: status.SchemaVersion, Version: mine.Version}
	v, sync, problem := e.node(s.node, true, mine)
	out.Nodes = append(out.Nodes, status.SyncResult{Node: s.node, Sync: sync, Problem: problem, Version: v})
	for _, p := range peers {
		v, sync, problem := e.node(p.name, false, mine)
		out.Nodes = append(out.Nodes, status.SyncResult{Node: p.name, Sync: sync, Problem: problem, Version: v})
	}
	return out
}

// dryRun asks every node what the version that would win changes there.
func (e *Engine) dryRun(ctx context.Context, s self, peers []*peer, push bool) (*status.SyncReport, error) {
	u, err := e.winner(ctx, s, peers, push)
	if err != nil {
		return nil, err
	}
	out := e.report(s, peers)
	out.Version = u.Version
	mine := e.preview(u)
	out.Nodes[0].Diff = mine.Diff
	out.Nodes[0].Problem = orElse(out.Nodes[0].Problem, mine.Problem)
	var list sync.Mutex
	e.each(peers, func(p *peer) {
		var theirs preview
		err := e.call(ctx, p, "sync/preview", giveTimeout, u, &theirs)
		list.Lock()
		defer list.Unlock()
		for i := range out.Nodes {
			if n := &out.Nodes[i]; n.Node == p.name && err == nil {
				n.Diff, n.Problem = theirs.Diff, orElse(n.Problem, theirs.Problem)
			}
		}
	})
	return out, nil
}

// winner is the version that all nodes would come to.
func (e *Engine) winner(ctx context.Context, s self, peers []*peer, push bool) (u Update, err error) {
	top, node := e.greatest()
	if push {
		return e.pushed(s, top)
	}
	if node == "" {
		return e.update()
	}
	for _, p := range peers {
		if p.name == node {
			err = e.call(ctx, p, "sync/fetch", giveTimeout, struct{}{}, &u)
		}
	}
	return u, err
}

// pushed is what push would make.
func (e *Engine) pushed(s self, top status.Version) (u Update, err error) {
	text, _, _ := e.Store.Current()
	d, bases, err := s.export(text)
	if err != nil {
		return u, err
	}
	raw := d.encode()
	v := next(top, s.node, hash(raw))
	if r := e.current(); same(r.Version, top) && r.Version.Hash == v.Hash {
		v = r.Version // Nothing would be made.
	}
	return Update{Version: v, Document: raw, Bases: bases}, nil
}

// preview is what an update would change here.
func (e *Engine) preview(u Update) (p preview) {
	p.Standing = e.stand()
	s, _, in := e.who()
	text, _, _ := e.Store.Current()
	after, err := s.rewrite(text, u)
	if err == nil && in {
		_, err = e.Store.Load(after)
	}
	switch {
	case !in:
		p.Problem = errApart.Error()
	case err != nil:
		p.Problem = fmt.Sprintf("it would be refused: %v", err)
	default:
		p.Diff = config.RedactedDiff(text, after)
	}
	return p
}

// onPreview tells another node what its update would change here.
func (e *Engine) onPreview(_ context.Context, _ string, u Update) (preview, error) {
	return e.preview(u), nil
}

// orElse is the first text, or the second when there is none.
func orElse(a, b string) string {
	if a != "" {
		return a
	}
	return b
}
