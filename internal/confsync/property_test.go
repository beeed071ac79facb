package confsync

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"github.com/carpd/carpd/internal/cluster"
)

// world is some nodes to which anything happens.
type world struct {
	nodes []*node
	next  int      // makes every edit another one
	sent  []Update // at any time, to come again
}

// newWorld is a cluster with a first version that nobody else knows yet.
func newWorld(t *testing.T, r *rapid.T) *world {
	names := []string{"r1", "r2", "r3", "r4", "r5"}[:rapid.IntRange(2, 5).Draw(r, "nodes")]
	w, hub := &world{}, cluster.NewHub(names...)
	for _, name := range names {
		n := &node{t: t, name: name, hub: hub, events: new([]string), disk: &disk{files: map[string][]byte{
			file: fmt.Appendf(nil, base, name, name, name, yaml(1)),
		}}}
		w.nodes = append(w.nodes, n.start())
	}
	must(t, w.nodes[0].engine.first())
	return w
}

// happens does one thing.
func (w *world) happens(r *rapid.T) {
	n := rapid.SampledFrom(w.nodes).Draw(r, "node")
	o := rapid.SampledFrom(w.nodes).Draw(r, "other")
	switch rapid.SampledFrom([]string{"edit", "round", "round", "talk", "cut", "heal", "die", "restart", "own", "replay"}).Draw(r, "what") {
	case "edit":
		if w.next++; !n.down {
			n.add(yaml(10+w.next, fmt.Sprintf("    description: edit %d of %s\n", w.next, n.name)))
		}
	case "own":
		if w.next++; !n.down {
			n.add(yaml(10+w.next, "    sync: false\n"))
		}
	case "replay":
		w.replay(r, n, o)
	case "round":
		n.round()
	case "talk":
		n.talk(o)
	case "cut", "heal":
		if n != o {
			cut(n, o, rapid.Bool().Draw(r, "off"))
		}
	case "die":
		n.disk.fail = n.disk.writes + rapid.IntRange(1, 4).Draw(r, "write")
		n.disk.after = rapid.Bool().Draw(r, "after")
	case "restart":
		n.start()
	}
}

// replay lets a node hear something that some node once offered.
func (w *world) replay(r *rapid.T, n, o *node) {
	if !o.down {
		o.survives(func() {
			if u, err := o.engine.update(); err == nil {
				w.sent = append(w.sent, u)
			}
		})
	}
	if len(w.sent) > 0 && !n.down {
		u := rapid.SampledFrom(w.sent).Draw(r, "update")
		before := n.engine.version()
		n.survives(func() { _ = n.engine.take(n.t.Context(), o.name, u) })
		if compare(n.engine.version(), before) < 0 {
			r.Fatalf("%s went back from %s to %s", n.name, nameOf(before), nameOf(n.engine.version()))
		}
	}
}

// talk is one conversation.
func (n *node) talk(o *node) {
	if n.down || n == o {
		return
	}
	n.survives(func() {
		must(n.t, n.engine.settle(n.t.Context()))
		for _, p := range n.engine.others() {
			if p.name == o.name {
				n.engine.converse(n.t.Context(), p)
			}
		}
	})
}

// heal ends all trouble and lets everybody talk.
func (w *world) heal() {
	for i, n := range w.nodes {
		for _, o := range w.nodes[:i] {
			cut(n, o, false)
		}
		n.disk.fail = 0
		if n.down {
			n.start()
		}
	}
	for range 3 {
		for _, n := range w.nodes {
			n.round()
		}
	}
}

// TestAllAgree: whatever happens in whatever order, to whom and how often, no
// node claims what is not so, and in the end all have one version: the greatest.
func TestAllAgree(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		w := newWorld(t, r)
		for range rapid.IntRange(0, 30).Draw(r, "things") {
			w.happens(r)
			for _, n := range w.nodes {
				if n.down {
					continue
				}
				if err := n.truth(); err != nil {
					r.Fatal(err)
				}
			}
		}
		w.heal()
		first := w.nodes[0].engine.version()
		for _, n := range w.nodes {
			if v := n.engine.version(); !same(v, first) {
				r.Fatalf("%s has %s, %s has %s", w.nodes[0].name, nameOf(first), n.name, nameOf(v))
			}
			if sync, problem := n.sync(n.name); sync != "equal" {
				r.Fatalf("%s is %s: %s", n.name, sync, problem)
			}
			writes := n.disk.writes
			n.round()
			if n.disk.writes != writes {
				r.Fatalf("%s writes when nothing is to be done", n.name)
			}
		}
	})
}
