package election

import (
	"testing"
	"time"
)

// The lease is provisional on becoming MASTER, then counts from the clock read
// before each round: 3 x advbase - 50 ms.
func TestLease(t *testing.T) {
	m := backup(settings(100))
	m.Step(at(3.4), Tick{})
	expectLease(t, m, 3.4+2.95)
	m.Step(at(3.41), Sent{At: at(3.405)})
	expectLease(t, m, 3.405+2.95)
	m.Step(at(3.42), Sent{At: at(3.401)}) // an older report arrives late
	expectLease(t, m, 3.405+2.95)
	m.Step(at(4.80), Sent{At: at(99)}) // nothing is sent in the future
	expectLease(t, m, 4.80+2.95)
	hear(4.9, 1, 0).step(m)
	if !m.LeaseUntil().IsZero() {
		t.Error("a BACKUP has a lease")
	}
	expect(t, m.Step(at(5), Sent{At: at(4.85)}), Backup, CauseLateReport)
}

func expectLease(t *testing.T, m *Machine, s float64) {
	t.Helper()
	if !m.LeaseUntil().Equal(at(s)) {
		t.Errorf("lease until t=%v, want t=%v s", m.LeaseUntil().Sub(epoch), s)
	}
}

// A report of a round from before this node became MASTER says nothing.
func TestSentBeforeThisMastership(t *testing.T) {
	m := master(settings(100))
	hear(0.5, 1, 0).step(m)
	hear(0.6, 255, 255).step(m)
	expect(t, m.Step(at(0.7), Sent{At: at(0.4)}), Master, CauseLateReport)
	expectLease(t, m, 0.6+2.95)
}

// A MASTER whose lease has run out is BACKUP before anything is sent, and
// listens for a full master-down time, whatever event comes first.
func TestStall(t *testing.T) {
	for name, e := range map[string]Event{
		"tick": Tick{}, "sent": Sent{At: at(2)}, "demoted": Demoted{Total: 1}, "link": LinkUp{},
		"edit": Reconfigured{Params: settings(50)}, "bow-out": hear(3.8, 255, 255), "advert": hear(3.7, 1, 200),
	} {
		m := master(settings(0, preempt))
		fx := m.Step(at(3.8), e)
		expect(t, fx, Backup, CauseStalled)
		if fx.Send || fx.Announce || fx.BowOut {
			t.Errorf("%s: a stalled MASTER sends: %+v", name, fx)
		}
		if got := fx.Cause.String(); got != "stalled 2.8 s" || m.Cause().String() != got {
			t.Errorf("%s: cause %q", name, got)
		}
		if want := at(3.8).Add(m.MasterDownTime()); fx.Wake.Before(want) {
			t.Errorf("%s: listens until %v", name, fx.Wake.Sub(epoch))
		}
	}
}

// The lease ends for the machine when it has ended for the kernel.
func TestStallBoundary(t *testing.T) {
	expect(t, master(settings(0)).Step(at(2.95), Tick{}), Master, CauseAdvertDue)
	expect(t, master(settings(0)).Step(at(2.950001), Tick{}), Backup, CauseStalled)
}

// A MASTER that cannot send is fenced like one that hangs.
func TestStallWithoutSending(t *testing.T) {
	m := backup(settings(0))
	expect(t, m.Step(at(3), Tick{}), Master, CauseMasterDown)
	expect(t, m.Step(at(4), Tick{}), Master, CauseAdvertDue)
	expect(t, m.Step(at(5), Tick{}), Master, CauseAdvertDue)
	expect(t, m.Step(at(6), Tick{}), Backup, CauseStalled)
}

// A stall is told even if its step led further: nothing is sent, no bow-out.
func TestStallThenInit(t *testing.T) {
	for _, e := range []Event{Shutdown{}, LinkDown{}} {
		m := master(settings(0))
		fx := m.Step(at(3.8), e)
		if fx.From != Master || fx.To != Init || fx.BowOut || fx.Send {
			t.Errorf("%+v", fx)
		}
		if fx.Cause.Stalled != 2800*time.Millisecond || m.Cause() != fx.Cause {
			t.Errorf("cause %q", fx.Cause)
		}
	}
}

// What waited to be read during a pause cannot make a MASTER of the thawed node.
func TestStaleAdvertsAfterPause(t *testing.T) {
	m := master(settings(0, preempt))
	for s := 3.0; s < 10; s += 1.39 {
		m.Step(at(10), hear(s, 1, 100))
	}
	if m.State() != Backup {
		t.Fatalf("%s because %s", m.State(), m.Cause())
	}
	expectWake(t, m.Step(at(10), Tick{}), at(13))
	expect(t, hear(10.2, 1, 100).step(m), Master, CausePreempt)
}

// A take-over that is read late waits until all that arrived has been read.
func TestTakeOverReadLate(t *testing.T) {
	m := backup(settings(0))
	hear(0.5, 1, 100).step(m)
	fx := m.Step(at(3), hear(0.6, 255, 255))
	expect(t, fx, Backup, CauseReadLate)
	expectWake(t, fx, at(3)) // at once, when nothing else waits
	expect(t, m.Step(at(3), Tick{}), Master, CauseBowOut)

	m = backup(settings(0))
	hear(0.5, 1, 100).step(m)
	m.Step(at(3), hear(0.6, 255, 255))
	fx = m.Step(at(3), hear(0.61, 1, 200, from(high4)))
	expect(t, fx, Backup, CauseMasterHeard)
	expectWake(t, fx, at(3.61))
}

// The caller may be late; the machine says by how much and does not hurry.
func TestLateTick(t *testing.T) {
	fx := backup(settings(0)).Step(at(3.5), Tick{})
	if expect(t, fx, Master, CauseMasterDown); fx.Cause.Late != 500*time.Millisecond {
		t.Errorf("late by %v", fx.Cause.Late)
	}
}
