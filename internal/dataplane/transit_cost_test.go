package dataplane

import (
	"testing"
	"time"

	"github.com/carpd/carpd/internal/carp"
)

// Transit is traffic that concerns no group: it pays for every program on its
// way, and this is what it may pay at most to each.
const transitBudget = 15 * time.Nanosecond

// Frames of TCP between two other hosts.
var (
	transit4 = unhex(`020000000012 020000000099 0800 4500 0028 0000 4000 40 06 0000 c6336401 c6336402
		1000 0050 00000000 00000000 5010 ffff 0000 0000`)
	transit6 = unhex(`020000000012 020000000099 86dd 60000000 0014 06 40
		20010db8000100000000000000000001 20010db8000200000000000000000002
		1000 0050 00000000 00000000 5010 ffff 0000 0000`)
)

// BenchmarkCostTransit is what each program adds to traffic that concerns no
// group. Once is enough:
//
//	go test ./internal/dataplane -run '^$' -bench Cost -benchtime 1x
func BenchmarkCostTransit(b *testing.B) {
	d := withGroup(b)
	d.Answer(1, later())
	d.Accept(1, later())
	for _, h := range append(hooks(d), egress(d)) {
		for _, row := range []costRow{
			{name: "TCP/IPv4", frame: transit4},
			{name: "TCP/IPv6", frame: transit6},
			{name: "TCP/IPv4, tagged", frame: tagged(transit4, [2]uint16{0x8100, 5})},
			{name: "TCP/IPv6, two tags", frame: tagged(transit6, [2]uint16{0x88a8, 7}, [2]uint16{0x8100, 5})},
		} {
			row.want, row.limit = "pass", transitBudget
			h.cost(b, d, row)
		}
	}
}

// BenchmarkCostAccept is what a frame to a virtual MAC costs.
func BenchmarkCostAccept(b *testing.B) {
	d := withGroup(b)
	d.Accept(1, later())
	in := hooks(d)[1]
	in.cost(b, d, costRow{name: "frame to a virtual MAC", frame: toVirtual, want: "pass", slot: 1, reason: carp.Accepted})
	in.cost(b, d, costRow{name: "the same, IPv6", frame: toVirtual6, want: "pass", slot: 1, reason: carp.Accepted})
}

// BenchmarkCostEgress is what a frame from a group address costs: with the
// virtual MAC as its source, or held when nobody has promised anything.
func BenchmarkCostEgress(b *testing.B) {
	d := withGroup(b)
	d.Answer(1, later())
	out := egress(d)
	held := patch(fromGroup, 29, 2)
	for _, row := range []costRow{
		{name: "egress from the group", frame: fromGroup, want: "pass", slot: 1, reason: carp.Rewritten},
		{name: "egress from the group, IPv6", frame: fromGroup6, want: "pass", slot: 1, reason: carp.Rewritten},
		{name: "egress, ARP from the group", frame: arpFromGroup, want: "pass", slot: 1, reason: carp.Rewritten},
		{name: "egress, held", frame: held, want: "drop", slot: 2, reason: carp.Held},
	} {
		out.cost(b, d, row)
	}
}
