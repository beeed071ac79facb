package confsync

import (
	"fmt"
	"slices"
	"testing"

	"github.com/carpd/carpd/internal/status"
)

// TestFill: a node that does not answer is not said to be anything else, whatever
// it said last.
func TestFill(t *testing.T) {
	a, _, _ := three(t)
	c := &status.Cluster{Enabled: true, Nodes: []status.Node{{Name: "r1", Self: true}, {Name: "r2"},
		{Name: "r3", Sync: status.SyncUnreachable, Problem: "no answer in time"}}}
	a.engine.Fill(c)
	var got []string
	for _, n := range c.Nodes {
		got = append(got, fmt.Sprint(n.Name, " ", n.Sync, " ", n.Version.Number, n.Problem))
	}
	if want := []string{"r1 equal 1", "r2 equal 1", "r3 unreachable 1no answer in time"}; !slices.Equal(got, want) || c.Version.Node != "r1" {
		t.Errorf("%q of %+v", got, c.Version)
	}
}

// TestWoken: who hears that another node is ahead looks at once.
func TestWoken(t *testing.T) {
	a, b, _ := three(t)
	for len(b.engine.wake) > 0 {
		<-b.engine.wake
	}
	_, _ = b.engine.onStand(t.Context(), "r1", a.engine.stand())
	if len(b.engine.wake) != 0 {
		t.Error("woken for nothing")
	}
	a.add(yaml(2))
	must(t, a.engine.settle(t.Context()))
	_, _ = b.engine.onStand(t.Context(), "r1", a.engine.stand())
	if len(b.engine.wake) != 1 {
		t.Error("it sleeps on")
	}
}
