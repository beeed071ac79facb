package election

import (
	"testing"
	"time"

	"github.com/carpd/carpd/internal/carp"
)

// Spec 9: a change of settings or addresses does not touch the state.
func TestReconfigureKeepsTheState(t *testing.T) {
	for _, m := range []*Machine{New(settings(0)), backup(settings(0)), master(settings(0))} {
		before, since := m.State(), m.Since()
		fx := m.Step(at(1), Reconfigured{Params: settings(200, preempt, dualStack)})
		expect(t, fx, before, CauseReconfigured)
		if !m.Since().Equal(since) || m.Params() != settings(200, preempt, dualStack) {
			t.Errorf("%s since %v", m.State(), m.Since().Sub(epoch))
		}
	}
}

// A shorter master-down time counts from the last advert.
func TestReconfigureMasterDown(t *testing.T) {
	m := backup(settings(0, advbase(3)))
	expectWake(t, hear(2, 1, 0).step(m), at(11))
	expectWake(t, m.Step(at(4), Reconfigured{Params: settings(0)}), at(5))
	expectWake(t, m.Step(at(4), Reconfigured{Params: settings(128)}), at(5.5))
	expect(t, m.Step(at(5.5), Tick{}), Master, CauseMasterDown)
}

// A MASTER tells its new settings at once; unchanged ones change nothing.
func TestReconfigureMaster(t *testing.T) {
	m := master(settings(0))
	fx := m.Step(at(0.5), Reconfigured{Params: settings(0)})
	if expectWake(t, fx, at(1)); fx.Send {
		t.Error("unchanged parameters are advertised")
	}
	fx = m.Step(at(0.5), Reconfigured{Params: settings(128)})
	if !fx.Send || fx.Announce || fx.Advert != (carp.Advert{VHID: 1, Advbase: 1, Advskew: 128}) {
		t.Errorf("%+v", fx)
	}
	expectWake(t, fx, at(2))
}

// A shorter lease holds at once, and from the round that leaves now; a longer
// one has to wait for that round to be sent.
func TestReconfigureLease(t *testing.T) {
	m := master(settings(0, advbase(3)))
	expectLease(t, m, 8.95)
	m.Step(at(2.99), Reconfigured{Params: settings(0)})
	expectLease(t, m, 2.99+2.95)
	m.Step(at(3), Reconfigured{Params: settings(0, advbase(10))})
	expectLease(t, m, 2.99+2.95)
	m.Step(at(3.01), Sent{At: at(3)})
	expectLease(t, m, 3+29.95)
	m.Step(at(3.5), Reconfigured{Params: settings(0)})
	m.Step(at(3.6), Sent{At: at(3.2)}) // begun before the edit: not backwards
	expectLease(t, m, 3.5+2.95)

	m = master(settings(0))
	m.Step(at(0.1), Reconfigured{Params: settings(0, func(p *Params) { p.Lease = 2 * time.Second })})
	expectLease(t, m, 0.1+2)
}

// A new family is watched from its first advert on, because the MASTER may get
// its new address later than we: an edit must not split the pair.
func TestReconfigureAddsFamily(t *testing.T) {
	m := backup(settings(0))
	hear(0.5, 1, 0).step(m)
	m.Step(at(1), Reconfigured{Params: settings(0, dualStack)})
	for s := 1.5; s < 9; s++ {
		expectWake(t, hear(s, 1, 0).step(m), at(s+3))
	}
	hear(9, 1, 0, by6(low6)).step(m)
	hear(11, 1, 0).step(m)
	expect(t, m.Step(at(12), Tick{}), Master, CauseFamilyDown)
}

// A family that is gone is watched no more; if it was the only one that was,
// the other begins with a full master-down time.
func TestReconfigureRemovesFamily(t *testing.T) {
	m := backup(settings(0, dualStack))
	hear(2, 1, 0).step(m)
	expectWake(t, m.Step(at(2.5), Reconfigured{Params: settings(0)}), at(5))
	expectWake(t, m.Step(at(3), Reconfigured{Params: settings(0, only6)}), at(6))

	// What was heard in it is forgotten: here nothing is heard any more.
	m = backup(settings(0, dualStack))
	hear(2.9, 1, 0, by6(low6)).step(m)
	m.Step(at(2.95), Reconfigured{Params: settings(0)})
	expect(t, m.Step(at(3), Tick{}), Master, CauseMasterDown)
}

// From one timer to two and back.
func TestReconfigureSharedTimer(t *testing.T) {
	m := backup(settings(0, shared))
	expectWake(t, hear(2, 1, 0).step(m), at(5))
	expectWake(t, m.Step(at(2.5), Reconfigured{Params: settings(0, dualStack)}), at(3))
	expectWake(t, m.Step(at(2.5), Reconfigured{Params: settings(0, shared)}), at(5))
}
