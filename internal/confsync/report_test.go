package confsync

import (
	"strings"
	"testing"

	"github.com/carpd/carpd/internal/status"
)

// TestSyncDry says what would change on each node and changes nothing.
func TestSyncDry(t *testing.T) {
	a, b, c := three(t)
	cut(a, b, true)
	cut(a, c, true)
	a.edit("mekmitasdigoat", "a new password")
	a.add(yaml(2))
	a.round()
	cut(a, b, false)
	cut(a, c, false)
	got, err := b.engine.Sync(t.Context(), status.SyncRequest{DryRun: true})
	must(t, err)
	if got.Version.Number != 2 || len(got.Nodes) != 3 {
		t.Fatalf("%+v", got)
	}
	for _, n := range got.Nodes {
		if changes := n.Node != "r1"; changes != strings.Contains(n.Diff, "+  - vhid: 2") || changes != strings.Contains(n.Diff, "password: *** (the new one)") || strings.Contains(n.Diff, "a new") {
			t.Errorf("%s: %s", n.Node, n.Diff)
		}
	}
	has(t, 1, "r1", "mekmitasdigoat", b, c)
	got, err = b.engine.Sync(t.Context(), status.SyncRequest{})
	must(t, err)
	has(t, 2, "r1", "a new password", a, b, c)
	for _, n := range got.Nodes {
		if n.Sync != status.SyncEqual || n.Version.Number != 2 {
			t.Errorf("%+v", n)
		}
	}
}

// TestPush makes what runs here the newest, and says so to who loses by it.
func TestPush(t *testing.T) {
	a, b, c := three(t)
	cut(a, b, true)
	cut(a, c, true)
	a.add(yaml(2))
	a.round()
	b.add(yaml(3))
	must(t, b.engine.settle(t.Context()))
	cut(a, b, false)
	cut(a, c, false)
	got, err := b.engine.Sync(t.Context(), status.SyncRequest{DryRun: true, Push: true})
	must(t, err)
	if d := got.Nodes[1].Diff; got.Nodes[1].Node != "r1" || !strings.Contains(d, "+  - vhid: 3") || !strings.Contains(d, "-  - vhid: 2") {
		t.Errorf("%+v", got)
	}
	_, err = c.engine.Sync(t.Context(), status.SyncRequest{Push: true})
	must(t, err)
	has(t, 3, "r3", "vhid: 1", a, b, c)
	for _, n := range []*node{a, b} {
		if lost := n.engine.lost(n.engine.current()); len(lost) != 1 || lost[0].Winner.Node != "r3" {
			t.Errorf("%s lost %+v", n.name, lost)
		}
	}
	_, err = c.engine.Sync(t.Context(), status.SyncRequest{Push: true})
	must(t, err)
	has(t, 3, "r3", "vhid: 1", a, b, c)
}
