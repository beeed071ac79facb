package election

import (
	"net/netip"
	"testing"
	"time"

	"github.com/carpd/carpd/internal/carp"
)

// epoch is second 0 of every test; the machine never asks what day it is.
var epoch = time.Unix(1_000_000, 0)

// at is the instant s seconds after the epoch, to the microsecond.
func at(s float64) time.Time {
	return epoch.Add(time.Duration(s*1e6+0.5) * time.Microsecond)
}

// Addresses of the test network: ours, and peers below and above us.
var (
	own4   = netip.MustParseAddr("192.0.2.12")
	low4   = netip.MustParseAddr("192.0.2.11")
	high4  = netip.MustParseAddr("192.0.2.13")
	group4 = netip.MustParseAddr("192.0.2.1")
	own6   = netip.MustParseAddr("fe80::12")
	low6   = netip.MustParseAddr("fe80::11")
	high6  = netip.MustParseAddr("fe80::13")
)

// settings are ordinary parameters: advbase 1, IPv4 alone.
func settings(advskew uint8, change ...func(*Params)) Params {
	p := Params{VHID: 1, Advbase: 1, Advskew: advskew, IPv4: true, TieWait: 250 * time.Millisecond}
	for _, f := range change {
		f(&p)
	}
	if p.Lease == 0 {
		p.Lease = carp.Lease(p.Advbase)
	}
	return p
}

func preempt(p *Params)   { p.Preempt = true }
func dualStack(p *Params) { p.IPv6 = true }
func only6(p *Params)     { p.IPv4, p.IPv6 = false, true }
func shared(p *Params)    { p.IPv6, p.SharedTimer = true, true }

// advbase gives another advbase, with its lease.
func advbase(b uint8) func(*Params) {
	return func(p *Params) { p.Advbase = b }
}

// backup is a machine that became BACKUP at second 0.
func backup(p Params) *Machine {
	m := New(p)
	m.Step(epoch, LinkUp{})
	return m
}

// master is a machine that became MASTER at second 0, its first round sent.
func master(p Params) *Machine {
	m := New(p)
	start := epoch.Add(-m.MasterDownTime())
	m.Step(start, LinkUp{})
	m.Step(epoch, Tick{})
	m.Step(epoch, Sent{At: epoch})
	return m
}

// demotedTo gives the machine a demotion at second 0.
func demotedTo(m *Machine, total int) *Machine {
	m.Step(epoch, Demoted{Total: total})
	return m
}

// hear is an IPv4 advert from low4 that arrives at second s.
func hear(s float64, base, skew uint8, change ...func(*Received)) Received {
	r := Received{
		Advert: carp.Advert{VHID: 1, Advbase: base, Advskew: skew},
		Family: carp.IPv4, From: low4, Own: own4, At: at(s),
	}
	for _, f := range change {
		f(&r)
	}
	return r
}

func from(a netip.Addr) func(*Received) { return func(r *Received) { r.From = a } }

// by6 makes it an IPv6 advert from a.
func by6(a netip.Addr) func(*Received) {
	return func(r *Received) { r.Family, r.From, r.Own = carp.IPv6, a, own6 }
}

// demoteByte sets byte 4.
func demoteByte(n uint8) func(*Received) { return func(r *Received) { r.Advert.Demotion = n } }

// step takes the advert at its time of arrival.
func (r Received) step(m *Machine) Effects { return m.Step(r.At, r) }

// expect is what most rules say: the new state and the kind of the cause.
func expect(t *testing.T, fx Effects, to State, k CauseKind) {
	t.Helper()
	if fx.To != to || fx.Cause.Kind != k {
		t.Errorf("got %s, cause %q; want %s, cause %q", fx.To, fx.Cause.Kind, to, k)
	}
	if fx.Cause.State != to {
		t.Errorf("the cause speaks of %s", fx.Cause.State)
	}
}

// expectWake asserts when the next Tick is wanted.
func expectWake(t *testing.T, fx Effects, want time.Time) {
	t.Helper()
	if !fx.Wake.Equal(want) {
		t.Errorf("wake at t=%v, want t=%v", fx.Wake.Sub(epoch), want.Sub(epoch))
	}
}
