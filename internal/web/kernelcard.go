package web

import (
	"github.com/carpd/carpd/internal/carp"
	"github.com/carpd/carpd/internal/status"
)

// kernelCard is what the dataplane does, as far as it is known at once. To ask
// the kernel for more takes a second, and has a page of its own.
type kernelCard struct {
	Devices  []status.Carpdev
	Answered []count
	Refused  []count // what belongs to no group
	Leases   []lease
	Programs []status.Program // as they were a while ago; none before the kernel was asked
}

// lease is what is left of the kernel's permissions for a group.
type lease struct {
	Group          string
	Answer, Accept float64
	Long           float64
}

// kernelCardOf gathers it.
func kernelCardOf(s *status.Snapshot, counters *status.Counters, kernel *status.Dataplane) kernelCard {
	k := kernelCard{Devices: s.Carpdevs}
	if kernel != nil {
		k.Programs = kernel.Programs
	}
	for _, g := range s.Groups {
		k.Leases = append(k.Leases, lease{g.Name, g.AnswerFor, g.AcceptFor, g.Lease})
	}
	if counters == nil {
		return k
	}
	k.Refused = rejects(counters.Other)
	k.Answered = answered(counters)
	return k
}

// answers are the reasons of frames that the kernel served on its own.
var answers = []carp.Reason{carp.ArpAnswered, carp.NdAnswered, carp.Accepted, carp.Rewritten}

// answered adds up what the kernel did for all groups.
func answered(counters *status.Counters) []count {
	var out []count
	for _, r := range answers {
		sum := uint64(0)
		for _, g := range counters.Groups {
			sum += g.Packets[r.String()]
		}
		out = append(out, count{r.String(), sum})
	}
	return out
}
