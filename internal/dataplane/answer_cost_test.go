package dataplane

import (
	"testing"
	"time"

	"github.com/carpd/carpd/internal/carp"
)

// What an answer in XDP may cost at most.
const (
	arpBudget = 90 * time.Nanosecond
	ndBudget  = 130 * time.Nanosecond
)

// BenchmarkCostAnswer is what an answer to a neighbour costs.
func BenchmarkCostAnswer(b *testing.B) {
	d := withGroup(b)
	d.Answer(1, later())
	arp := padded(unhex("ffffffffffff 020000000099 0806" + fixed + ask + "020000000099 c0000263 000000000000 c0000201"))
	for _, h := range hooks(d) {
		for _, row := range []costRow{
			{name: "ARP reply", frame: arp, reason: carp.ArpAnswered, limit: arpBudget},
			{name: "NS reply", frame: solicitation, reason: carp.NdAnswered, limit: ndBudget},
			{name: "NS reply, no option asked with", frame: ndUnreachable, reason: carp.NdAnswered, limit: ndBudget},
		} {
			if h.name != "carp_rx" {
				row.limit = 0 // promised of the driver alone: behind it stands the stack's own price
			}
			row.want, row.slot = "reply", 1
			h.cost(b, d, row)
		}
	}
}
