package cluster

import (
	"context"
	"errors"
	"testing"
)

// Calls go from node to node of a hub, and not over a link that is cut.
func TestHub(t *testing.T) {
	h := NewHub("n1", "n2", "n3")
	h.Node("n2").Handle("greet", func(_ context.Context, from string, body []byte) (any, error) {
		if string(body) == `"rude"` {
			return nil, Refuse("rude", "not so")
		}
		return "hello " + from, nil
	})
	var got string
	if err := h.Node("n3").Call(t.Context(), "n2", "greet", "kind", &got); err != nil || got != "hello n3" {
		t.Fatalf("%q, %v", got, err)
	}
	var refusal *Refusal
	if err := h.Node("n1").Call(t.Context(), "n2", "greet", "rude", nil); !errors.As(err, &refusal) || *refusal != (Refusal{"n2", "rude", "not so"}) {
		t.Errorf("%v", err)
	}
	changed := h.Node("n1").Changed()
	h.Cut("n1", "n2")
	<-changed
	if err := h.Node("n1").Call(t.Context(), "n2", "greet", "kind", nil); !errors.As(err, new(*Unreachable)) {
		t.Errorf("%v", err)
	}
	h.Heal("n2", "n1")
	if err := h.Node("n1").Call(t.Context(), "n2", "greet", "kind", nil); err != nil {
		t.Error(err)
	}
	if self, _ := h.Node("n3").Self(); self.Rank != 2 || len(h.Node("n3").Members()) != 3 {
		t.Errorf("%+v", self)
	}
	if err := h.Node("n1").Call(t.Context(), "n9", "greet", nil, nil); err == nil {
		t.Error("a call to nobody")
	}
}
