package confsync

import (
	"fmt"
	"strings"
	"testing"

	"github.com/carpd/carpd/internal/status"
)

// truth checks that what a node says of itself is so: the version it has is what
// its file and what runs hold, or it says why not.
func (n *node) truth() error {
	n.t.Helper()
	s, _, _ := n.engine.who()
	v := n.engine.version()
	for what, text := range map[string][]byte{"runs": n.store.text, "is in the file": n.disk.files[file]} {
		if sync, _ := n.sync(n.name); sync == status.SyncEqual && s.holds(text, v.Hash) != nil {
			return fmt.Errorf("%s says it has %s, and what %s is not that:\n%s", n.name, nameOf(v), what, text)
		}
	}
	for _, other := range n.engine.others() {
		sync, _ := n.sync(other.name)
		if sync == status.SyncEqual && !same(other.said.Version, v) {
			return fmt.Errorf("%s calls %s equal, which said %s", n.name, other.name, nameOf(other.said.Version))
		}
	}
	return nil
}

// TestKilledAtEveryWrite kills each node before and after each of its writes
// while an edit goes from one to all, starts it again, and then again while it
// gets up. All must agree in the end, and nobody may have said a word too much.
func TestKilledAtEveryWrite(t *testing.T) {
	for _, victim := range []string{"r1", "r2", "r3"} {
		for _, after := range []bool{false, true} {
			for k := 1; killedAt(t, victim, k, after); k++ {
				if k > 20 {
					t.Fatal("there is no end of writes")
				}
			}
		}
	}
}

// killedAt is one of these; false when there are not so many writes.
func killedAt(t *testing.T, victim string, k int, after bool) bool {
	t.Helper()
	a, b, c := three(t)
	all := map[string]*node{"r1": a, "r2": b, "r3": c}
	n := all[victim]
	n.disk.fail, n.disk.after = n.disk.writes+k, after
	a.add(yaml(2))
	b.scribble("# r2", "# the second")
	must(t, b.store.load(b.disk.files[file]))
	for range 2 {
		for _, n := range []*node{a, b, c} {
			n.round()
		}
	}
	died := n.down
	if died {
		n.start()
	}
	for _, n := range []*node{a, b, c} {
		n.tell()
	}
	for range 3 {
		for _, n := range []*node{c, b, a} {
			n.round()
		}
	}
	has(t, 2, "r1", "vhid: 2\n", a, b, c)
	for _, n := range []*node{a, b, c} {
		if sync, problem := n.sync(n.name); sync != status.SyncEqual {
			t.Errorf("%s is %s: %s", n.name, sync, problem)
		}
		n.tell()
	}
	if t.Failed() {
		t.Fatalf("%s died at write %d, after it: %t", victim, k, after)
	}
	return died
}

// tell reports what is not the truth.
func (n *node) tell() {
	n.t.Helper()
	if n.down {
		return
	}
	if err := n.truth(); err != nil {
		n.t.Error(err)
	}
}

// TestKilledWhileALoserIsKept: the edit that loses is on the disk before it is
// overwritten, and is reported though the node died in between.
func TestKilledWhileALoserIsKept(t *testing.T) {
	for _, after := range []bool{false, true} {
		for k := 1; ; k++ {
			a, b, c := three(t)
			cut(a, b, true)
			cut(a, c, true)
			a.add(yaml(2))
			a.round()
			b.add(yaml(3))
			b.round()
			a.disk.fail, a.disk.after = a.disk.writes+k, after
			cut(a, b, false)
			a.round()
			if !a.down {
				break
			}
			a.start()
			a.round()
			has(t, 2, "r2", "vhid: 3\n", a, b, c)
			lost := a.engine.lost(a.engine.current())
			if len(lost) != 1 || !strings.Contains(string(a.disk.files["lost-2-"+short(lost[0].Version.Hash)+".yaml"]), "vhid: 2\n") {
				t.Fatalf("died at write %d, after it: %t: lost %+v", k, after, lost)
			}
		}
	}
}
