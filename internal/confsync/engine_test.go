package confsync

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/carpd/carpd/internal/status"
)

// three is a cluster of three that agrees: r1 made it, the others joined.
func three(t *testing.T) (a, b, c *node) {
	nodes := site(t, "r1", "r2", "r3")
	a, b, c = nodes["r1"].start(), nodes["r2"].start(), nodes["r3"].start()
	must(t, a.engine.first())
	for range 2 {
		a.round()
		b.round()
		c.round()
	}
	for _, n := range []*node{a, b, c} {
		if v := n.engine.version(); v.Number != 1 || v.Node != "r1" {
			t.Fatalf("%s has %s", n.name, nameOf(v))
		}
		if sync, problem := n.sync(n.name); sync != status.SyncEqual {
			t.Fatalf("%s is %s: %s", n.name, sync, problem)
		}
	}
	return a, b, c
}

// has checks that nodes run a version with some text.
func has(t *testing.T, number uint64, by, text string, nodes ...*node) {
	t.Helper()
	for _, n := range nodes {
		if v := n.engine.version(); v.Number != number || v.Node != by {
			t.Errorf("%s has %s, want version %d of %s", n.name, nameOf(v), number, by)
		}
		if !strings.Contains(n.text(), text) {
			t.Errorf("%s does not run %q:\n%s", n.name, text, n.text())
		}
	}
}

// TestAnEditReachesAll with the advskew of each rank, and is called equal only
// when the others said so.
func TestAnEditReachesAll(t *testing.T) {
	a, b, c := three(t)
	a.add(yaml(2))
	must(t, a.engine.settle(t.Context()))
	if sync, _ := a.sync("r2"); sync != status.SyncBehind {
		t.Errorf("before it was offered r2 is %s", sync)
	}
	a.round()
	has(t, 2, "r1", "vhid: 2\n", a, b, c)
	for n, skew := range map[*node]string{b: "100", c: "200"} {
		if got := n.text(); !strings.Contains(got, "vhid: 2\n") || !strings.HasSuffix(strings.TrimSpace(got), "advskew: "+skew) || !strings.Contains(got, "advskew: 50") {
			t.Errorf("advskew of the new group on %s:\n%s", n.name, got)
		}
		if sync, problem := a.sync(n.name); sync != status.SyncEqual {
			t.Errorf("%s is %s: %s", n.name, sync, problem)
		}
	}
}

// TestOwnSettingsAreNoVersion: what never leaves a node is nobody else's business.
func TestOwnSettingsAreNoVersion(t *testing.T) {
	a, b, _ := three(t)
	a.edit("advskew: 50", "advskew: 7")
	a.edit("instance: r1", "log_level: debug\ninstance: r1")
	a.add(yaml(9, "    sync: false\n"))
	a.round()
	has(t, 1, "r1", "advskew: 50", b)
	has(t, 1, "r1", "advskew: 7", a)
}

// TestANodeThatWasAwayCatchesUp from any other node, not only from the one that
// made the version.
func TestANodeThatWasAwayCatchesUp(t *testing.T) {
	a, b, c := three(t)
	c.down = true
	a.add(yaml(2))
	a.round()
	if sync, problem := a.sync("r3"); sync != status.SyncUnreachable || problem == "" {
		t.Errorf("r3 is %s: %s", sync, problem)
	}
	a.down = true
	c.start()
	c.round()
	has(t, 2, "r1", "vhid: 2\n", b, c)
}

// TestAnEditWhileDown is the next version when the node comes back.
func TestAnEditWhileDown(t *testing.T) {
	a, b, c := three(t)
	c.down = true
	c.scribble("192.0.2.1/24", "192.0.2.99/24")
	c.start()
	c.round()
	has(t, 2, "r3", "192.0.2.99/24", a, b, c)
}

// TestOlderAndReplayed: a version that is not above ours is refused, with both
// names, and the one that we have is nothing new.
func TestOlderAndReplayed(t *testing.T) {
	a, b, _ := three(t)
	old, err := a.engine.update()
	must(t, err)
	a.add(yaml(2))
	a.round()
	has(t, 2, "r1", "vhid: 2", b)
	writes := b.disk.writes
	err = b.engine.take(t.Context(), "r1", old)
	is, was := b.engine.version(), old.Version
	wants(t, err, "version 1 of r1 ("+short(was.Hash)+") is older than version 2 of r1 ("+short(is.Hash)+"), which this node has")
	now, err := a.engine.update()
	must(t, err)
	must(t, b.engine.take(t.Context(), "r1", now))
	if b.disk.writes != writes {
		t.Error("a replayed update wrote something")
	}
	has(t, 2, "r1", "vhid: 2", b)
}

// TestDrift: a file that somebody edits is shown on every node and is not
// overwritten; when it is loaded it is an edit like any other.
func TestDrift(t *testing.T) {
	a, b, c := three(t)
	b.scribble("mekmitasdigoat", "by hand on r2")
	b.round()
	for _, n := range []*node{a, b, c} {
		if sync, problem := n.sync("r2"); sync != status.SyncDrift || problem != "the file was edited here and not loaded: carpctl reload makes it count, or put it back" {
			t.Errorf("%s says that r2 is %s: %s", n.name, sync, problem)
		}
	}
	a.add(yaml(2))
	a.round()
	has(t, 1, "r1", "mekmitasdigoat", b)
	has(t, 2, "r1", "vhid: 2", a, c)
	u, err := a.engine.update()
	must(t, err)
	wants(t, b.engine.take(t.Context(), "r1", u), "the file was edited here and not loaded: carpctl reload makes it count, or put it back")
	must(t, b.store.load(b.disk.files[file]))
	b.round()
	// r2's edit was made beside version 2 and loses to nothing but order.
	for _, n := range []*node{a, b, c} {
		n.round()
	}
	has(t, 2, "r2", "by hand on r2", a, b, c)
	if lost := a.engine.lost(a.engine.current()); len(lost) != 1 {
		t.Errorf("r1 lost %+v", lost)
	}
}

// TestOnTrial: a change that may be taken back is offered to nobody, and nothing
// is put on top of it.
func TestOnTrial(t *testing.T) {
	a, b, c := three(t)
	a.store.trial = &status.Confirm{Until: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
	a.add(yaml(2))
	a.round()
	has(t, 1, "r1", "vhid: 1", a, b, c)
	const why = "a change waits here to be confirmed until 03:04:05"
	if sync, problem := b.sync("r1"); sync != status.SyncDrift || problem != why {
		t.Errorf("r1 is %s: %s", sync, problem)
	}
	b.add(yaml(3))
	b.round()
	has(t, 1, "r1", "vhid: 2", a)
	if sync, problem := b.sync("r1"); sync != status.SyncDrift || problem != why {
		t.Errorf("r1 is %s: %s", sync, problem)
	}
	a.store.trial = nil
	a.edit(yaml(2), "")
	a.round()
	has(t, 2, "r2", "vhid: 3", a, b, c)
}

// TestRefused: what a node cannot take is shown with why on all nodes, and taken
// when it can.
func TestRefused(t *testing.T) {
	a, b, c := three(t)
	b.add(yaml(2, "    sync: false\n"))
	a.add(yaml(2))
	a.round()
	c.round()
	const why = "group 2@eth0 comes in and 2@eth0 has sync: false here: remove one of them"
	for _, n := range []*node{a, c} {
		if sync, problem := n.sync("r2"); sync != status.SyncRefused || problem != why {
			t.Errorf("%s says that r2 is %s: %s", n.name, sync, problem)
		}
	}
	if sync, problem := b.sync("r2"); sync != status.SyncRefused || !strings.HasSuffix(problem, why) {
		t.Errorf("r2 is %s: %s", sync, problem)
	}
	if sync, problem := b.sync("r1"); sync != status.SyncAhead || problem != "this node refuses it: "+why {
		t.Errorf("r1 is %s: %s", sync, problem)
	}
	if n := len(slices.DeleteFunc(slices.Clone(*b.events), func(e string) bool { return !strings.Contains(e, "refused") })); n != 1 {
		t.Errorf("%d events of one refusal: %q", n, *b.events)
	}
	b.edit(yaml(2, "    sync: false\n"), "")
	b.round()
	has(t, 2, "r1", "vhid: 2", b)
	if sync, problem := b.sync("r2"); sync != status.SyncEqual {
		t.Errorf("r2 is %s: %s", sync, problem)
	}
}

// TestNotApplied: what the store could not make run is not reported as equal,
// and nothing of it is remembered.
func TestNotApplied(t *testing.T) {
	a, b, _ := three(t)
	b.store.refuse = errors.New("the kernel would not")
	a.add(yaml(2))
	a.round()
	if sync, problem := a.sync("r2"); sync != status.SyncRefused || problem != "the kernel would not" {
		t.Errorf("r2 is %s: %s", sync, problem)
	}
	if r := b.engine.current(); r.Version.Number != 1 || r.Next != nil {
		t.Errorf("r2 remembers %+v", r)
	}
}

// TestNoConfiguration: what this node could not run is refused before anything is
// written, and so is what would change things that are its own.
func TestNoConfiguration(t *testing.T) {
	a, b, _ := three(t)
	good, err := a.engine.update()
	must(t, err)
	writes := b.disk.writes
	for _, c := range []struct{ key, want string }{
		{`"advbase":0`, "carpd.yaml:12:14: advbase is 0; allowed: a whole number of seconds from 1 to 255 (0 would be fast failover, which has no lease yet)"},
		{`"advskew":3`, "the file of this node would share " + good.Version.Hash + " instead of "},
	} {
		u := good
		u.Document = []byte(strings.Replace(string(good.Document), `,"password"`, `,`+c.key+`,"password"`, 1))
		u.Version = status.Version{Number: 2, Node: "r1", Hash: hash(u.Document)}
		if err := b.engine.take(t.Context(), "r1", u); err == nil || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%s: %v", c.key, err)
		}
	}
	if b.disk.writes != writes {
		t.Error("something was written")
	}
	has(t, 1, "r1", "advskew: 50", b)
}

// TestRefusedNoMore: a version that was refused is not spoken of when this node
// has a greater one.
func TestRefusedNoMore(t *testing.T) {
	a, b, _ := three(t)
	b.add(yaml(2, "    sync: false\n"))
	a.add(yaml(2))
	a.round()
	b.edit(yaml(2, "    sync: false\n"), yaml(3))
	must(t, b.engine.settle(t.Context()))
	if sync, problem := b.sync("r2"); sync != status.SyncEqual {
		t.Errorf("r2 is %s: %s", sync, problem)
	}
}

// TestRefusedAndNobodyHasIt: what came once and no node has is not spoken of.
func TestRefusedAndNobodyHasIt(t *testing.T) {
	a, b, _ := three(t)
	u, err := a.engine.update()
	must(t, err)
	u.Version.Number++
	u.Document = []byte(strings.Replace(string(u.Document), `"format":1`, `"format":2`, 1))
	u.Version.Hash = hash(u.Document)
	wants(t, b.engine.take(t.Context(), "r1", u), "the document has format 2 and this carpd reads up to 1: update this node")
	if sync, problem := b.sync("r2"); sync != status.SyncEqual {
		t.Errorf("r2 is %s: %s", sync, problem)
	}
}

// TestSyncFalse takes a group out of what is shared: the others keep theirs, as
// their own.
func TestSyncFalse(t *testing.T) {
	a, b, c := three(t)
	a.add(yaml(2))
	a.round()
	a.edit(yaml(2), yaml(2, "    sync: false\n"))
	a.round()
	has(t, 3, "r1", "sync: false", a, b, c)
	a.edit(yaml(2, "    sync: false\n"), "")
	b.edit("192.0.2.2/24", "192.0.2.3/24")
	a.round()
	has(t, 3, "r1", "192.0.2.3/24", b)
	has(t, 3, "r1", "192.0.2.2/24", c)
}

// TestRemoved: a group that was removed goes everywhere.
func TestRemoved(t *testing.T) {
	a, b, c := three(t)
	a.add(yaml(2))
	a.round()
	b.edit("  - vhid: 1\n", "  - vhid: 3\n")
	b.round()
	has(t, 3, "r2", "vhid: 3", a, b, c)
	for _, n := range []*node{a, b, c} {
		if strings.Contains(n.text(), "vhid: 1\n") {
			t.Errorf("%s still has the group:\n%s", n.name, n.text())
		}
	}
}

// TestJoining: the groups of a node that joins are kept in a file before they go.
func TestJoining(t *testing.T) {
	nodes := site(t, "r1", "r2")
	nodes["r2"].disk.files[file] = []byte(strings.Replace(string(nodes["r2"].disk.files[file]), "vhid: 1\n", "vhid: 77\n", 1))
	a, b := nodes["r1"].start(), nodes["r2"].start()
	b.round()
	a.round()
	if v := b.engine.version(); v.Number != 0 {
		t.Fatalf("a node that joins made %s", nameOf(v))
	}
	must(t, a.engine.first())
	b.round()
	has(t, 1, "r1", "vhid: 1\n", a, b)
	if kept := string(b.disk.files["lost-0-.yaml"]); !strings.Contains(kept, "vhid: 77") {
		t.Errorf("kept is %q", kept)
	}
	if len(b.engine.lost(b.engine.current())) != 1 {
		t.Error("nothing is said of it")
	}
}

// TestAlone: the first node makes the first version by itself.
func TestAlone(t *testing.T) {
	n := site(t, "r1")["r1"].start()
	n.round()
	has(t, 1, "r1", "vhid: 1", n)
}

// TestABrokenRecord shares nothing, rather than take an old configuration for a
// new one.
func TestABrokenRecord(t *testing.T) {
	a, b, _ := three(t)
	b.disk.files[recordFile] = []byte("{")
	b.start()
	a.add(yaml(2))
	a.round()
	if sync, problem := b.sync("r2"); sync != status.SyncDrift || !strings.HasPrefix(problem, "read /state/sync.json: ") {
		t.Errorf("r2 is %s: %s", sync, problem)
	}
	if sync, _ := a.sync("r2"); sync == status.SyncEqual {
		t.Error("r1 takes it for equal")
	}
	if got := string(b.disk.files[recordFile]); got != "{" {
		t.Errorf("the record is now %s", got)
	}
}

// TestRun: edits travel by themselves, at once.
func TestRun(t *testing.T) {
	a, b, c := three(t)
	for _, n := range []*node{a, b, c} {
		n.engine.Every = time.Hour
		ended := make(chan struct{})
		go func() { defer close(ended); n.engine.Run(t.Context()) }()
		t.Cleanup(func() { <-ended })
	}
	taken := c.store.Changed()
	a.store.mu.Lock()
	a.add(yaml(2))
	a.store.mu.Unlock()
	select {
	case <-taken:
	case <-time.After(30 * time.Second):
		t.Fatal("nothing came")
	}
}

// cut cuts or heals the way between two nodes.
func cut(a, b *node, off bool) {
	if off {
		a.hub.Cut(a.name, b.name)
		return
	}
	a.hub.Heal(a.name, b.name)
}
