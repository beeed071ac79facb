package iface

import "testing"

func TestForwards(t *testing.T) {
	host(t)
	pair(t, "fo0")
	for _, c := range []struct {
		value string
		want  bool
	}{{"0", false}, {"1", true}, {"0", false}} {
		run(t, "sysctl -q -w net.ipv6.conf.fo0.forwarding="+c.value)
		if got := Forwards("fo0"); got != c.want {
			t.Errorf("forwarding=%s: %v", c.value, got)
		}
	}
	if Forwards("missing0") {
		t.Error("an interface that does not exist forwards")
	}
}
