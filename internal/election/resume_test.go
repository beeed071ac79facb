package election

import (
	"testing"
	"time"
)

// resume is a new machine that goes on at second s.
func resume(p Params, s float64, k Memory) (*Machine, Effects) {
	m := New(p)
	return m, m.Step(at(s), Resumed{k})
}

// A MASTER goes on within its lease: nothing is sent or announced, the lease
// ends when it would have, and the next advert leaves when it was due.
func TestResumedMasterKeepsItsDeadlines(t *testing.T) {
	m, fx := resume(settings(0), 10.5, Memory{State: Master, Since: at(3), Lease: at(12.95), Next: at(11)})
	expect(t, fx, Master, CauseResumed)
	if fx.Send || fx.Announce || fx.Wake != at(11) || m.LeaseUntil() != at(12.95) || m.Since() != at(3) {
		t.Errorf("%+v, lease %v, since %v", fx, m.LeaseUntil(), m.Since())
	}
	if fx := m.Step(at(11), Tick{}); !fx.Send || fx.Wake != at(12) {
		t.Errorf("%+v", fx)
	}
}

// An advert that is overdue is sent at once, and no advert waits longer than an
// interval, whatever the memory says.
func TestResumedMasterAdvertises(t *testing.T) {
	m, fx := resume(settings(0), 11.7, Memory{State: Master, Lease: at(12.95), Next: at(11)})
	if fx.Wake.After(at(11.7)) {
		t.Errorf("wakes at %v", fx.Wake)
	}
	if fx := m.Step(at(11.7), Tick{}); !fx.Send || fx.Wake != at(12.7) {
		t.Errorf("%+v", fx)
	}
	if _, fx := resume(settings(0), 10, Memory{State: Master, Lease: at(12.95), Next: at(99)}); fx.Wake != at(11) {
		t.Errorf("wakes at %v", fx.Wake)
	}
	if _, fx := resume(settings(0), 10, Memory{State: Master, Lease: at(12.95)}); fx.Wake != at(10) {
		t.Errorf("a MASTER of which nothing else is known waits until %v", fx.Wake)
	}
}

// A memory cannot lengthen a lease beyond that of a round that left just now.
func TestResumedLeaseIsNeverLonger(t *testing.T) {
	m, _ := resume(settings(0), 10, Memory{State: Master, Lease: at(1000), Next: at(10.5)})
	if m.LeaseUntil() != at(12.95) {
		t.Errorf("lease until %v", m.LeaseUntil())
	}
	expect(t, m.Step(at(12.96), Tick{}), Backup, CauseStalled)
}

// A MASTER whose lease is over has been silent, and a peer may have taken over:
// it listens for a full master-down time.
func TestResumedAfterTheLease(t *testing.T) {
	m, fx := resume(settings(100), 13, Memory{State: Master, Since: at(3), Lease: at(12.95), Next: at(11)})
	expect(t, fx, Backup, CauseResumed)
	if want := at(13).Add(3*time.Second + 390625*time.Microsecond); fx.Wake != want || m.Since() != at(13) {
		t.Errorf("wakes at %v, want %v; since %v", fx.Wake, want, m.Since())
	}
	if _, fx := resume(settings(0), 12.95, Memory{State: Master, Lease: at(12.95)}); fx.To != Master {
		t.Errorf("%v at the very end of the lease", fx.To)
	}
}

// A BACKUP takes over when it would have, by each family.
func TestResumedBackupKeepsItsDeadlines(t *testing.T) {
	m, fx := resume(settings(0, dualStack), 10, Memory{State: Backup, Since: at(1), Down: [2]time.Time{at(12), at(11.5)}})
	expect(t, fx, Backup, CauseResumed)
	if fx.Wake != at(11.5) || m.Since() != at(1) {
		t.Errorf("wakes at %v, since %v", fx.Wake, m.Since())
	}
	expect(t, m.Step(at(11.5), Tick{}), Master, CauseMasterDown)
	m, _ = resume(settings(0, dualStack), 10, Memory{State: Backup, Down: [2]time.Time{at(12), at(11.5)}})
	hear(10.5, 1, 0, by6(low6)).step(m)
	if m.Deadline() != at(12) {
		t.Errorf("after an IPv6 advert: %v", m.Deadline())
	}
}

// A family that was not required is not required now; a deadline that says
// nothing any more, or was never known, begins anew. None comes later than a
// full master-down time from now.
func TestResumedBackupWithoutAllDeadlines(t *testing.T) {
	for name, c := range map[string]struct {
		k    Memory
		wake time.Time
	}{
		"one family":     {Memory{State: Backup, Down: [2]time.Time{at(12)}}, at(12)},
		"none":           {Memory{State: Backup}, at(13)},
		"too late":       {Memory{State: Backup, Down: [2]time.Time{at(99), at(99)}}, at(13)},
		"just over":      {Memory{State: Backup, Down: [2]time.Time{at(9.9), at(9.9)}}, at(9.9)},
		"over long ago":  {Memory{State: Backup, Down: [2]time.Time{at(6.9), at(6.9)}}, at(13)},
		"nothing at all": {Memory{}, at(13)},
	} {
		if _, fx := resume(settings(0, dualStack), 10, c.k); fx.To != Backup || fx.Wake != c.wake {
			t.Errorf("%s: %v, wakes at %v, want %v", name, fx.To, fx.Wake, c.wake)
		}
	}
}

// Only a machine that has not begun can resume.
func TestResumedTwice(t *testing.T) {
	m := master(settings(0))
	expect(t, m.Step(at(1), Resumed{Memory{State: Backup}}), Master, CauseAlreadyUp)
}

// What a machine says of itself is what its successor goes on with.
func TestMemoryOfAMachine(t *testing.T) {
	m := backup(settings(0, dualStack))
	hear(1, 1, 0).step(m)
	if got, want := m.Memory(), (Memory{State: Backup, Since: at(0), Down: [2]time.Time{at(4), at(3)}}); got != want {
		t.Errorf("BACKUP: %+v, want %+v", got, want)
	}
	m = master(settings(0))
	m.Step(at(0.5), Sent{At: at(0.4)})
	if got, want := m.Memory(), (Memory{State: Master, Since: at(0), Lease: at(3.35), Next: at(1)}); got != want {
		t.Errorf("MASTER: %+v, want %+v", got, want)
	}
	if got := New(settings(0)).Memory(); got != (Memory{}) {
		t.Errorf("INIT: %+v", got)
	}
}
