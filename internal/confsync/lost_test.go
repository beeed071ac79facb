package confsync

import (
	"slices"
	"strings"
	"testing"
)

// TestTwoEditors: one wins everywhere, and the other one is told with what was
// lost, in a file that has it whole.
func TestTwoEditors(t *testing.T) {
	a, b, c := three(t)
	cut(a, b, true)
	cut(a, c, true)
	a.edit("mekmitasdigoat", "from r1 a secret")
	a.add(yaml(2))
	b.edit("mekmitasdigoat", "from r2 a secret")
	a.round()
	b.round()
	has(t, 2, "r1", "from r1", a)
	has(t, 2, "r2", "from r2", b, c)
	cut(a, b, false)
	a.round()
	has(t, 2, "r2", "from r2", a, b, c)
	if strings.Contains(a.text(), "vhid: 2") {
		t.Errorf("the two edits are mixed:\n%s", a.text())
	}
	lost := a.engine.lost(a.engine.current())
	if len(lost) != 1 || lost[0].Version.Node != "r1" || lost[0].Winner.Node != "r2" {
		t.Fatalf("lost: %+v", lost)
	}
	kept, err := a.disk.Read(strings.TrimPrefix(lost[0].Path, "/state/"))
	if err != nil || !strings.Contains(string(kept), "from r1 a secret") || !strings.Contains(string(kept), "vhid: 2") {
		t.Errorf("the edit is not kept: %s, %v", kept, err)
	}
	if d := lost[0].Diff; strings.Contains(d, "secret") || !strings.Contains(d, "+  - vhid: 2") {
		t.Errorf("the difference is %s", d)
	}
	if !slices.ContainsFunc(*a.events, func(e string) bool {
		return strings.HasPrefix(e, "edit lost: version 2 of r1 (") && strings.Contains(e, "lost to version 2 of r2 (")
	}) {
		t.Errorf("events: %q", *a.events)
	}
	for _, n := range []*node{b, c} {
		if lost := n.engine.lost(n.engine.current()); len(lost) != 0 {
			t.Errorf("%s lost %+v", n.name, lost)
		}
	}
	delete(a.disk.files, strings.TrimPrefix(lost[0].Path, "/state/"))
	if lost := a.engine.lost(a.engine.current()); len(lost) != 0 {
		t.Error("an edit is shown as lost after its file was removed")
	}
}

// TestTheSameEditTwice loses nothing.
func TestTheSameEditTwice(t *testing.T) {
	a, b, c := three(t)
	for _, n := range []*node{a, b} {
		n.edit("mekmitasdigoat", "both the same")
		must(t, n.engine.settle(t.Context()))
	}
	a.round()
	has(t, 2, "r2", "both the same", a, b)
	b.round()
	has(t, 2, "r2", "both the same", c)
	if lost := a.engine.lost(a.engine.current()); len(lost) != 0 {
		t.Errorf("lost: %+v", lost)
	}
}

// TestAnEditOnTopLosesNothing, however far it is on top.
func TestAnEditOnTopLosesNothing(t *testing.T) {
	a, b, c := three(t)
	a.edit("mekmitasdigoat", "the first one")
	a.round()
	a.down = true
	for _, edit := range []string{"the second one", "the third one"} {
		before := "the first one"
		if edit == "the third one" {
			before = "the second one"
		}
		b.edit(before, edit)
		b.round()
	}
	a.start()
	a.round()
	has(t, 4, "r2", "the third one", a, b, c)
	if lost := a.engine.lost(a.engine.current()); len(lost) != 0 {
		t.Errorf("lost: %+v", lost)
	}
}

// TestOnlyTheEditorLoses: a node that had only taken the edit reports nothing.
func TestOnlyTheEditorLoses(t *testing.T) {
	a, b, c := three(t)
	b.down = true
	a.add(yaml(2))
	a.round()
	b.start().add(yaml(3))
	b.round()
	has(t, 2, "r2", "vhid: 3", a, b, c)
	for n, want := range map[*node]int{a: 1, b: 0, c: 0} {
		if lost := n.engine.lost(n.engine.current()); len(lost) != want {
			t.Errorf("%s lost %+v", n.name, lost)
		}
	}
}
