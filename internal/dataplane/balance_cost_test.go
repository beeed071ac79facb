package dataplane

import (
	"testing"

	"github.com/carpd/carpd/internal/carp"
)

// BenchmarkCostBalancing is what the two kinds of load sharing cost: a question
// that picks this node or another, and a frame that is this node's share or
// another's.
func BenchmarkCostBalancing(b *testing.B) {
	b.Run("arp", func(b *testing.B) {
		d := withShare(b, carp.BalanceARP, 2)
		lease(d, 2, 2)
		for _, h := range hooks(d) {
			h.cost(b, d, costRow{name: "ARP, our pick", frame: asked("192.0.2.100"), want: "reply", slot: 2, reason: carp.ArpAnswered})
			h.cost(b, d, costRow{name: "ARP, another's pick", frame: asked("192.0.2.99"), want: "drop", slot: 1, reason: carp.OtherShare})
		}
	})
	b.Run("ip", func(b *testing.B) {
		d := withShare(b, carp.BalanceIP, 2)
		lease(d, 2, 2)
		h := hooks(d)
		ours, others := toAll4(carp.BalanceIP, "10.0.0.2", "192.0.2.1"), toAll4(carp.BalanceIP, "10.0.0.1", "192.0.2.1")
		h[0].cost(b, d, costRow{name: "IPv4, our share", frame: ours, want: "pass"})
		h[1].cost(b, d, costRow{name: "IPv4, our share", frame: ours, want: "pass", slot: 2, reason: carp.Accepted})
		ours6 := toAll6(carp.BalanceIP, "2001:db8::2", "2001:db8::1")
		h[1].cost(b, d, costRow{name: "IPv6, our share", frame: ours6, want: "pass", slot: 2, reason: carp.Accepted})
		for _, h := range h {
			h.cost(b, d, costRow{name: "IPv4, another's share", frame: others, want: "drop", slot: 1, reason: carp.OtherShare})
		}
	})
}
