package election

import (
	"testing"
	"time"

	"github.com/carpd/carpd/internal/carp"
)

// INIT always goes through BACKUP and a full master-down time, preempt or not
// (OpenBSD and FreeBSD: carp_setrun, case INIT).
func TestStart(t *testing.T) {
	for _, p := range []Params{settings(100), settings(100, preempt)} {
		m := New(p)
		if m.State() != Init || !m.Deadline().IsZero() || !m.LeaseUntil().IsZero() {
			t.Fatalf("a new machine: %s", m.State())
		}
		fx := m.Step(epoch, LinkUp{})
		expect(t, fx, Backup, CauseLinkUp)
		expectWake(t, fx, at(3.390625))
		expect(t, m.Step(at(3.390624), Tick{}), Backup, CauseEarlyTick)
		fx = m.Step(at(3.390625), Tick{})
		expect(t, fx, Master, CauseMasterDown)
		want := carp.Advert{VHID: 1, Advbase: 1, Advskew: 100}
		if !fx.Send || !fx.Announce || fx.Advert != want {
			t.Errorf("on becoming MASTER: %+v", fx)
		}
		expectWake(t, fx, at(3.390625+1.390625))
	}
	m := backup(settings(0))
	expect(t, m.Step(at(1), LinkUp{}), Backup, CauseAlreadyUp)
	expectWake(t, m.Step(at(1), LinkUp{}), at(3))
}

// OpenBSD's formula is an option: 3 x (advbase + advskew).
func TestMasterDownFormula(t *testing.T) {
	p := settings(100)
	p.MasterDown = ThreeIntervals
	expectWake(t, New(p).Step(epoch, LinkUp{}), at(4.171875))
}

// A MASTER advertises every advbase + advskew, counted from the last round.
func TestAdvertise(t *testing.T) {
	m := master(settings(128))
	expect(t, m.Step(at(1.4), Tick{}), Master, CauseEarlyTick)
	fx := m.Step(at(1.6), Tick{})
	expect(t, fx, Master, CauseAdvertDue)
	if !fx.Send || fx.Announce || fx.Cause.Late != 100*time.Millisecond {
		t.Errorf("a round of adverts: %+v", fx)
	}
	expectWake(t, fx, at(1.6+1.5))
}

// Each family has its own timer, and either one firing makes a MASTER
// (OpenBSD and FreeBSD: md_tmo and md6_tmo).
func TestEachFamilyHasItsTimer(t *testing.T) {
	m := backup(settings(0, dualStack))
	for s := 0.5; s < 3; s++ {
		expectWake(t, hear(s, 1, 0).step(m), at(3))
	}
	fx := m.Step(at(3), Tick{})
	expect(t, fx, Master, CauseFamilyDown)
	if fx.Cause.Family != carp.IPv6 || fx.Cause.From != low4 || fx.Cause.String() != "no IPv6 adverts" {
		t.Errorf("cause %+v", fx.Cause)
	}
	// When both are silent, it is the MASTER that is down.
	m = backup(settings(0, dualStack))
	hear(0.5, 1, 0).step(m)
	hear(0.501, 1, 0, by6(low6)).step(m)
	expect(t, m.Step(at(3.5), Tick{}), Master, CauseMasterDown)
}

// timers: shared lets the adverts of either family keep the MASTER.
func TestSharedTimer(t *testing.T) {
	m := backup(settings(0, shared))
	for s := 0.5; s < 9; s++ {
		expectWake(t, hear(s, 1, 0).step(m), at(s+3))
	}
	expectWake(t, hear(9, 1, 0, by6(low6)).step(m), at(12))
	expect(t, m.Step(at(12), Tick{}), Master, CauseMasterDown)
}

// OpenBSD ip_carp.c: carp_carpdev_state. Nothing can be sent.
func TestLinkDown(t *testing.T) {
	for _, m := range []*Machine{backup(settings(0)), master(settings(0))} {
		fx := m.Step(at(0.5), LinkDown{Why: LinkDownNow})
		expect(t, fx, Init, CauseLinkDown)
		if fx.Send || fx.BowOut || !fx.Wake.IsZero() || !m.LeaseUntil().IsZero() {
			t.Errorf("%+v", fx)
		}
		// A new reason in INIT is no transition, but what people see.
		fx = m.Step(at(1), LinkDown{Why: LinkMissing})
		if expect(t, fx, Init, CauseLinkDown); m.Cause().String() != "carpdev does not exist" || !m.Since().Equal(at(0.5)) {
			t.Errorf("cause %q since %v", m.Cause(), m.Since())
		}
		expectWake(t, m.Step(at(2), LinkUp{}), at(5))
	}
}

// OpenBSD ip_carp.c: carp_vhe_send_ad_all with bow_out; only a MASTER bows out.
func TestShutdown(t *testing.T) {
	m := demotedTo(master(settings(0)), 3)
	fx := m.Step(at(0.5), Shutdown{})
	expect(t, fx, Init, CauseShutdown)
	want := carp.Advert{VHID: 1, Advbase: 255, Advskew: 255, Demotion: 3}
	if !fx.BowOut || fx.Send || fx.Advert != want {
		t.Errorf("a MASTER that leaves: %+v", fx)
	}
	expect(t, m.Step(at(0.6), LinkUp{}), Backup, CauseLinkUp)
	fx = m.Step(at(0.7), Shutdown{})
	if expect(t, fx, Init, CauseShutdown); fx.BowOut {
		t.Error("a BACKUP bows out")
	}
	m.Step(at(1), LinkDown{})
	if m.Step(at(1), Shutdown{}); m.Cause().Kind != CauseShutdown {
		t.Errorf("cause %s", m.Cause())
	}
}

// A MASTER that hands over bows out as one that stops, and stays in the group:
// it listens for a full master-down time, to nothing that came before. Nobody
// else can hand over.
func TestHandOver(t *testing.T) {
	m := demotedTo(master(settings(100, preempt)), 1)
	fx := m.Step(at(0.5), HandOver{})
	expect(t, fx, Backup, CauseHandOver)
	want := carp.Advert{VHID: 1, Advbase: 255, Advskew: 255, Demotion: 1}
	if !fx.BowOut || fx.Send || fx.Announce || fx.Advert != want || !m.LeaseUntil().IsZero() {
		t.Errorf("a MASTER that hands over: %+v", fx)
	}
	expectWake(t, fx, at(0.5+3.390625))
	expect(t, m.Step(at(0.6), hear(0.4, 1, 200)), Backup, CauseOldAdvert)
	expect(t, hear(0.7, 1, 200).step(m), Backup, CauseMasterHeard) // Demoted, so it does not preempt.
	expectWake(t, m.Step(at(0.8), HandOver{}), at(0.7+3.390625))
	expect(t, m.Step(at(0.8), HandOver{}), Backup, CauseNotMaster)
	expect(t, New(settings(0)).Step(at(1), HandOver{}), Init, CauseNotMaster)
	// Without a demotion, it takes back at once what is worse.
	m = master(settings(100, preempt))
	m.Step(at(0.5), HandOver{})
	expect(t, hear(0.7, 1, 200).step(m), Master, CausePreempt)
}

// Spec 9: while the sum is above 0, byte 4 = min(255, sum), advskew = 240 +
// advskew x 14 / 254, and the master-down time keeps the undemoted skew.
func TestDemotion(t *testing.T) {
	m := master(settings(100))
	fx := m.Step(at(0.5), Demoted{Total: 300})
	want := carp.Advert{VHID: 1, Advbase: 1, Advskew: 245, Demotion: 255}
	if !fx.Send || fx.Announce || fx.Advert != want {
		t.Errorf("a MASTER tells its demotion at once: %+v", fx)
	}
	expectWake(t, fx, at(0.5+1.957031)) // 1 + 245/256
	if m.MasterDownTime() != 3390625*time.Microsecond || m.SentSkew() != 245 || m.Demotion() != 300 {
		t.Errorf("master-down time %v, advskew %d", m.MasterDownTime(), m.SentSkew())
	}
	fx = m.Step(at(0.6), Demoted{Total: -4})
	if fx.Send || m.Demotion() != 0 || m.SentSkew() != 100 {
		t.Errorf("a demotion that ends waits for the next advert: %+v", fx)
	}
	expectWake(t, fx, at(0.5+1.390625))
	if fx := backup(settings(0)).Step(at(1), Demoted{Total: 9}); fx.Send || fx.Changed() {
		t.Errorf("a BACKUP only notes it: %+v", fx)
	}
}

// Events that the machine does not know change nothing.
func TestUnknownEvent(t *testing.T) {
	expect(t, backup(settings(0)).Step(at(1), nil), Backup, CauseUnknownEvent)
}

// Parameters that the configuration must have refused are a programmer's error.
func TestBadParamsPanic(t *testing.T) {
	for name, p := range map[string]Params{
		"no advbase":  {VHID: 1, IPv4: true, Lease: time.Second},
		"no address":  {VHID: 1, Advbase: 1, Lease: time.Second},
		"no lease":    {VHID: 1, Advbase: 1, IPv4: true},
		"other group": settings(0, func(p *Params) { p.VHID = 2 }),
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", name)
				}
			}()
			backup(settings(0)).Step(at(1), Reconfigured{Params: p})
		}()
	}
}
