package election

import (
	"time"

	"github.com/carpd/carpd/internal/carp"
)

// Memory is what a machine needs to go on where the one before it stopped, such
// as that of a daemon that was killed and started again. Zero instants are none.
type Memory struct {
	State State
	Since time.Time
	Lease time.Time    // MASTER: its end
	Next  time.Time    // MASTER: when the next advert was due
	Down  [2]time.Time // BACKUP: when it would have taken over, by family
}

// Memory is what a successor needs to know of this machine. What a BACKUP has
// decided but not done yet, it would have to decide anew.
func (m *Machine) Memory() Memory {
	k := Memory{State: m.state, Since: m.since}
	switch m.state {
	case Master:
		k.Lease, k.Next = m.lead.until, m.Deadline()
	case Backup:
		for _, f := range carp.Families {
			if armed := m.wait.armed[f]; !armed.IsZero() {
				k.Down[f] = armed.Add(m.MasterDownTime())
			}
		}
	}
	return k
}

// resumed starts the group where its predecessor stopped. No deadline comes
// later by it: a lease ends when it would have ended, adverts go on in their
// rhythm, and a master-down time goes on from the last advert that the
// predecessor heard. A MASTER whose lease is over, and everything that is not
// known, begins like a group whose carpdev has come up.
func (m *Machine) resumed(now time.Time, k Memory) Effects {
	if m.state != Init {
		return m.stay(Cause{Kind: CauseAlreadyUp})
	}
	c := Cause{Kind: CauseResumed, Wait: m.MasterDownTime()}
	switch {
	case k.State == Master && !now.After(k.Lease):
		return m.resumeMaster(now, k, c)
	case k.State == Master:
		c.Stalled = now.Sub(k.Lease)
		return m.toBackup(now, now, 0, c)
	case k.State == Backup:
		return m.resumeBackup(now, k, c)
	default:
		return m.linkUp(now)
	}
}

// resumeMaster goes on as MASTER. Nothing is sent or announced at once: peers
// and neighbours have not noticed anything. An advert that is overdue, or of
// which nothing is known, is sent with the next Tick.
func (m *Machine) resumeMaster(now time.Time, k Memory, c Cause) Effects {
	fx := m.enter(Master, now, c)
	m.since = earlier(k.Since, now)
	next := earlier(k.Next, now.Add(m.interval()))
	if k.Next.IsZero() {
		next = now
	}
	until := earlier(k.Lease, now.Add(m.params.Lease))
	m.lead = leading{round: next.Add(-m.interval()), from: earlier(until.Add(-m.params.Lease), now), until: until}
	return fx
}

// resumeBackup goes on waiting. Adverts that arrived since the predecessor
// stopped count, so there is no horizon. A deadline that was over a whole
// master-down time ago says nothing any more: in so long a time adverts may have
// come of which there is no trace.
func (m *Machine) resumeBackup(now time.Time, k Memory, c Cause) Effects {
	fx := m.enter(Backup, now, c)
	m.since = earlier(k.Since, now)
	known := false
	for _, f := range carp.Families {
		if m.params.uses(f) && k.Down[f].After(now.Add(-m.MasterDownTime())) {
			m.wait.armed[f] = earlier(k.Down[f].Add(-m.MasterDownTime()), now)
			known = true
		}
	}
	if !known {
		m.armAll(now)
	}
	return fx
}

// earlier is the earlier of two instants.
func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}
