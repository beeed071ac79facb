package confsync

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/carpd/carpd/internal/status"
)

// defaultEvery is the pause between two comparisons with all nodes.
const defaultEvery = 5 * time.Second

// Engine keeps the configuration of this node and that of the others equal.
type Engine struct {
	Deps
	wake chan struct{}

	mu sync.Mutex // held while what this node runs is changed

	// view guards what others are shown. It is never held over a call.
	view    sync.Mutex
	rec     record
	broken  error            // why there is no record: nothing is shared then
	refused *refusal         // the greater version that this node last refused
	trouble string           // why what runs here cannot be shared
	peers   map[string]*peer // the other nodes, by name
	known   known            // what was found out of a text
}

// New makes an engine. It answers the other nodes from now on.
func New(d Deps) *Engine {
	if d.Every == 0 {
		d.Every = defaultEvery
	}
	e := &Engine{Deps: d, wake: make(chan struct{}, 1), peers: map[string]*peer{}}
	e.rec, e.broken = readRecord(d.State)
	e.answer()
	return e
}

// Run works until ctx ends: it makes versions of what is edited here, and
// compares with the others, at once when something changed and now and then.
func (e *Engine) Run(ctx context.Context) {
	var calls sync.WaitGroup
	defer calls.Wait()
	tick := time.NewTicker(e.Every)
	defer tick.Stop()
	for {
		changed, members := e.Store.Changed(), e.Peers.Changed()
		if err := e.settle(ctx); err != nil {
			e.Log.Error().Err(err).Msg("shared configuration")
		}
		for _, p := range e.others() {
			calls.Go(func() { e.reach(ctx, p) })
		}
		select {
		case <-ctx.Done():
			return
		case <-changed:
		case <-members:
		case <-e.wake:
		case <-tick.C:
		}
	}
}

// nudge makes Run look at once.
func (e *Engine) nudge() {
	select {
	case e.wake <- struct{}{}:
	default: // It will.
	}
}

// who is what this node is in the cluster; false when it is in none.
func (e *Engine) who() (s self, alone, in bool) {
	_, cfg, _ := e.Store.Current()
	if cfg == nil || cfg.Cluster.Node == "" {
		return s, false, false
	}
	c := cfg.Cluster
	s = self{node: c.Node, sections: c.Sections, carpdevs: c.Carpdevs, skews: skews{step: c.SkewStep}}
	members := e.Peers.Members()
	at := slices.IndexFunc(members, func(m Member) bool { return m.Name == c.Node })
	if at < 0 {
		return s, false, false
	}
	s.skews.rank = members[at].Rank
	return s, len(members) == 1, len(c.Sections) > 0
}

// current is the record as it is now.
func (e *Engine) current() record {
	e.view.Lock()
	defer e.view.Unlock()
	return e.rec
}

// settle makes the record say what runs here. What was being put into the file
// when carpd ended is there or not, which the file tells; any other difference
// is an edit of this node, and becomes the next version.
func (e *Engine) settle(ctx context.Context) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	_, err := e.settled(ctx)
	return err
}

// settled is settle while the lock is held. It returns what this node shares.
func (e *Engine) settled(ctx context.Context) (*document, error) {
	s, alone, in := e.who()
	if e.broken != nil || !in || ctx.Err() != nil {
		return nil, e.broken
	}
	text, _, _ := e.Store.Current()
	d, bases, err := s.export(text)
	e.show(err)
	if err != nil || e.Store.Trial() != nil { // What may be taken back is nobody else's business.
		return nil, err
	}
	is, r := hash(d.encode()), e.current()
	switch {
	case r.Next != nil && r.Next.Version.Hash == is:
		return &d, e.arrived(r)
	case r.Version.Hash == is, r.Version.Number == 0 && !alone:
		return &d, nil
	}
	return &d, e.edited(r, s, text, is, bases, r.Version.Number)
}

// show keeps why what runs here cannot be shared, for those who ask.
func (e *Engine) show(err error) {
	e.view.Lock()
	defer e.view.Unlock()
	e.trouble = ""
	if err != nil {
		e.trouble = err.Error()
	}
}

// arrived makes the version that was being taken the one that runs here.
func (e *Engine) arrived(r record) error {
	beaten := r.Next.Beaten
	r = r.adopt(*r.Next)
	if err := e.keep(r); err != nil {
		return err
	}
	e.Event("sync", nameOf(r.Version)+" runs here")
	if beaten != nil {
		e.tellLost(*beaten)
	}
	return nil
}

// edited makes a version of an edit of this node, above a number.
func (e *Engine) edited(r record, s self, text []byte, is string, bases map[string]int, above uint64) error {
	m := made{Version: status.Version{Number: above + 1, Node: s.node, Hash: is, At: e.Now().UTC()},
		History: r.History.on(r.Version), Bases: bases}
	for group, base := range r.Bases { // The role map of a group does not change by a copy of it.
		if _, there := bases[group]; there {
			m.Bases[group] = base
		}
	}
	m.Released = s.released(text, r)
	r.made, r.Next = m, nil
	if err := e.keep(r); err != nil {
		return err
	}
	e.Event("sync", nameOf(m.Version)+" was made here")
	return nil
}

// update is what this node runs, for others.
func (e *Engine) update() (u Update, err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	d, err := e.settled(context.Background())
	if err != nil || d == nil {
		return u, errOr(err, errNothing)
	}
	r := e.current()
	return r.update(d.encode())
}

// update is the version of the record with its document.
func (r record) update(document []byte) (Update, error) {
	if r.Version.Number == 0 || hash(document) != r.Version.Hash {
		return Update{}, errNothing
	}
	return Update{Version: r.Version, Document: document, History: r.History, Bases: r.Bases, Released: r.Released}, nil
}

// version is the one that runs here.
func (e *Engine) version() status.Version { return e.current().Version }
