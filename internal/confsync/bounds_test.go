package confsync

import (
	"encoding/json"
	"math"
	"strings"
	"testing"

	"github.com/carpd/carpd/internal/status"
)

// jumped is the update of a node with another number and one more group.
func jumped(t *testing.T, n *node, number uint64) Update {
	t.Helper()
	n.add(yaml(2))
	must(t, n.engine.settle(t.Context()))
	u, err := n.engine.update()
	must(t, err)
	u.Version.Number = number
	return u
}

// TestANumberThatLeavesNoRoom: a member could otherwise make the last version that
// there can be, and no node could make another one, also when it is removed.
func TestANumberThatLeavesNoRoom(t *testing.T) {
	a, b, c := three(t)
	u := jumped(t, c, 1<<53-1)
	err := b.engine.take(t.Context(), "r3", u)
	wants(t, err, "version 9007199254740991 of r3 ("+short(u.Version.Hash)+") is far above version 1 of r1 ("+
		short(a.engine.version().Hash)+"), which this node has: no node makes so many")
	c.down = true
	b.edit("192.0.2.1/24", "192.0.2.99/24")
	b.round()
	has(t, 2, "r2", "192.0.2.99/24", a, b)
}

// TestClaims: what a node only says that it has decides over nothing, and push
// goes above what others can take.
func TestClaims(t *testing.T) {
	a, b, _ := three(t)
	for _, number := range []uint64{1<<53 - 1, math.MaxUint64} {
		a.engine.hear("r3", standing{Version: status.Version{Number: number, Node: "r3", Hash: hash(nil)}, Sections: []string{Groups}})
		must(t, a.engine.push(t.Context()))
		if v := a.engine.version(); v.Number != 1 || v.Node != "r1" {
			t.Fatalf("after a claim of %d: %s", number, nameOf(v))
		}
	}
	a.add(yaml(2))
	a.round()
	has(t, 2, "r1", "vhid: 2", a, b)
}

// TestLongTexts of a member do not end in events, records and memory.
func TestLongTexts(t *testing.T) {
	a, b, c := three(t)
	events := len(*b.events)
	u := jumped(t, c, 2)
	u.Version.Node = strings.Repeat("x", 1<<20)
	wants(t, b.engine.take(t.Context(), "r3", u), "the version is one that no node makes")
	if len(*b.events) != events {
		t.Error("it is in an event")
	}
	for _, spoil := range []func(*Update){
		func(u *Update) { u.History = make(history, 100) },
		func(u *Update) { u.Released = make([]string, 20000) },
		func(u *Update) { u.Released = []string{strings.Repeat("x", 1<<20)} },
		func(u *Update) { u.Bases = map[string]int{strings.Repeat("x", 1<<20): 1} },
		func(u *Update) { u.History = history{{Number: 1, Node: strings.Repeat("x", 1<<20)}} },
	} {
		u := u
		u.Version.Node = "r3"
		spoil(&u)
		wants(t, b.engine.take(t.Context(), "r3", u), "the update holds more than a node writes")
	}
	a.engine.hear("r3", standing{Sections: []string{Groups}, Drift: strings.Repeat("ä", 1<<20) + "\x1b[2J"})
	if _, problem := a.sync("r3"); len(problem) > 2000 {
		t.Errorf("a problem of %d bytes", len(problem))
	}
	raw, _ := json.Marshal(a.engine.rec)
	if len(raw) > 1<<16 {
		t.Errorf("a record of %d bytes", len(raw))
	}
}

// TestApart: a node that takes no part any more gives up whom it could not reach.
func TestApart(t *testing.T) {
	a, b, _ := three(t)
	b.down = true
	a.round()
	p := a.engine.peers["r2"]
	if !a.engine.isSilent(p) {
		t.Fatal("r2 answers")
	}
	a.edit("cluster:\n  node: r1\n  listen: 192.0.2.1:7430\n", "")
	a.round()
	if a.engine.isSilent(p) {
		t.Error("r2 is tried for ever")
	}
}
