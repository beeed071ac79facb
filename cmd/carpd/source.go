package main

import (
	"context"
	"os"

	"github.com/carpd/carpd/internal/build"
	"github.com/carpd/carpd/internal/carp"
	"github.com/carpd/carpd/internal/dataplane"
	"github.com/carpd/carpd/internal/status"
)

// source joins what the loop and the kernel side know for the control socket.
type source struct {
	*parts
}

// Status is the picture that the loop published last.
func (s *source) Status() *status.Snapshot {
	host, _ := os.Hostname()
	posture := s.agent.Posture()
	awake, ago := s.agent.Awake()
	listening, warnings := s.server.Reached()
	return &status.Snapshot{
		SchemaVersion: status.SchemaVersion,
		Instance:      s.cfg.Instance,
		Version:       build.String(),
		PID:           os.Getpid(),
		Hostname:      host,
		StartedAt:     s.started,
		TakenAt:       awake,
		Age:           ago.Seconds(),
		Demotion:      posture.Demotion,
		Demotions:     posture.Demotions,
		Maintenance:   posture.Maintenance,
		Disabled:      posture.Disabled,
		Listening:     listening,
		Warnings:      warnings,
		Groups:        s.agent.Groups(),
		Carpdevs:      s.agent.Carpdevs(),
	}
}

// Counters adds the kernel's counters to the loop's.
func (s *source) Counters() (*status.Counters, error) {
	kernel, err := s.dataplane.Counters()
	if err != nil {
		return nil, err
	}
	out := &status.Counters{SchemaVersion: status.SchemaVersion, Instance: s.cfg.Instance, Other: named(kernel.Other)}
	for _, t := range s.agent.Tallies() {
		sum := t.Packets
		if t.Bound {
			addKernel(&sum, kernel.Groups[t.Slot])
		}
		out.Groups = append(out.Groups, status.GroupCounters{Name: t.Name, Packets: named(sum), Sent: t.Sent})
	}
	return out, nil
}

// addKernel adds what the kernel counted. What it calls ok is only delivered to
// the loop, which has checked the digest and counted for itself; a claim is
// the loop's to judge too.
func addKernel(sum *[carp.NumReasons]uint64, kernel dataplane.Packets) {
	for r, n := range kernel {
		if carp.Reason(r) != carp.OK && carp.Reason(r) != carp.Claimed {
			sum[r] += n
		}
	}
}

// named are counters under the texts of their reasons.
func named(counts [carp.NumReasons]uint64) map[string]uint64 {
	out := map[string]uint64{}
	for r, n := range counts {
		out[carp.Reason(r).String()] = n
	}
	return out
}

// Events is the history behind an id.
func (s *source) Events(after uint64) []status.Event { return s.agent.Events(after) }

// Changed is closed with the next event.
func (s *source) Changed() <-chan struct{} { return s.agent.Changed() }

// Retire ends carpd and leaves all to the next one.
func (s *source) Retire(ctx context.Context) error { return s.retire(ctx) }
