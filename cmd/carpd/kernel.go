package main

import (
	"context"
	"time"

	"github.com/carpd/carpd/internal/agent"
	"github.com/carpd/carpd/internal/boottime"
	"github.com/carpd/carpd/internal/carp"
	"github.com/carpd/carpd/internal/dataplane"
	"github.com/carpd/carpd/internal/status"
)

// rateWindow is the time between the two looks at the counters.
const rateWindow = time.Second

// Dataplane tells what the kernel holds. It takes as long as counters need to
// show how fast they run.
func (s *source) Dataplane(ctx context.Context) (*status.Dataplane, error) {
	before, err := s.dataplane.Counters()
	if err != nil {
		return nil, err
	}
	begin := time.Now()
	select {
	case <-time.After(rateWindow):
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	after, err := s.dataplane.Counters()
	if err != nil {
		return nil, err
	}
	i, err := s.dataplane.Inspect()
	if err != nil {
		return nil, err
	}
	window := time.Since(begin)
	out := kernelParts(i)
	out.Instance, out.TakenAt, out.Carpdevs = s.cfg.Instance, time.Now(), s.agent.Carpdevs()
	out.Other = rates(before.Other, after.Other, window)
	states := map[string]string{}
	for _, g := range s.agent.Groups() {
		states[g.Name] = g.State
	}
	for _, t := range s.agent.Tallies() {
		g := s.kernelGroup(t)
		g.State = states[t.Name]
		g.Counts = rates(before.Groups[t.Slot], after.Groups[t.Slot], window)
		out.Groups = append(out.Groups, g)
	}
	return out, nil
}

// kernelGroup reads the deadlines of one group.
func (s *source) kernelGroup(t agent.GroupTally) status.KernelGroup {
	if !t.Bound {
		return status.KernelGroup{Name: t.Name}
	}
	answer, accept := s.dataplane.Deadlines(t.Slot)
	return status.KernelGroup{Name: t.Name, Slot: uint32(t.Slot), Answer: left(answer), Accept: left(accept)}
}

// left is what is left of a deadline, in seconds; nil if there is none.
func left(deadline time.Time) *float64 {
	if deadline.IsZero() {
		return nil
	}
	s := deadline.Sub(boottime.Now()).Seconds()
	return &s
}

// rates are counters that were looked at twice.
func rates(before, after dataplane.Packets, window time.Duration) map[string]status.Rate {
	out := map[string]status.Rate{}
	for r, n := range after {
		out[carp.Reason(r).String()] = status.Rate{Packets: n, PerSecond: float64(n-min(n, before[r])) / window.Seconds()}
	}
	return out
}

// kernelParts are the programs and maps.
func kernelParts(i dataplane.Inspection) *status.Dataplane {
	out := &status.Dataplane{
		SchemaVersion: status.SchemaVersion, Pins: i.Pins, Layout: i.Layout, Timed: i.Timed,
		RingUsed: i.RingUsed, RingSize: i.RingSize,
	}
	for _, p := range i.Programs {
		out.Memory += p.Memory
		shown := status.Program{
			Name: p.Name, ID: p.ID, Tag: p.Tag, LoadedAt: boottime.Wall(p.LoadedAt), Runs: p.Runs, Memory: p.Memory,
		}
		if p.Runs > 0 {
			shown.RunNs = float64(p.RunTime) / float64(p.Runs)
		}
		out.Programs = append(out.Programs, shown)
	}
	for _, m := range i.Maps {
		out.Memory += m.Memory
		out.Maps = append(out.Maps, status.Map{
			Name: m.Name, ID: m.ID, Type: m.Type, Entries: m.Entries, Max: m.Max, Memory: m.Memory,
		})
	}
	return out
}
