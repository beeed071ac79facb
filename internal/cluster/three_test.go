package cluster

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Three nodes are enrolled through the first, know each other by rank, and call
// each other.
func TestThree(t *testing.T) {
	nodes := newCluster(t, 3)
	for _, n := range nodes {
		want := []Member{
			{"n1", nodes[0].listen, 0, keyOf(nodes[0])}, {"n2", nodes[1].listen, 1, keyOf(nodes[1])}, {"n3", nodes[2].listen, 2, keyOf(nodes[2])},
		}
		if diff := cmp.Diff(want, n.Members()); diff != "" {
			t.Errorf("%s: -want +got:\n%s", n.name, diff)
		}
	}
	nodes[2].Handle("greet", func(_ context.Context, from string, body []byte) (any, error) {
		return from + " said " + string(body), nil
	})
	var got string
	if err := nodes[1].Call(t.Context(), "n3", "greet", 7, &got); err != nil || got != "n2 said 7" {
		t.Errorf("%q, %v", got, err)
	}
}

func keyOf(n *node) string { return fingerprint(n.id.node.cert) }
