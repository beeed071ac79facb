package election

import (
	"time"

	"github.com/carpd/carpd/internal/carp"
)

// readLate is how old an advert may be to make a MASTER on the spot.
const readLate = 100 * time.Millisecond

// yield makes a MASTER a BACKUP, silently: one more advert of ours would depose
// an equal peer that has just decided to stay, as UCarp's does.
func (m *Machine) yield(now time.Time, r Received, extra time.Duration, k CauseKind) Effects {
	c := m.about(k, r)
	c.Extra = extra
	fx := m.toBackup(now, r.At, extra, c)
	m.remember(r)
	return fx
}

// takeOver makes a BACKUP a MASTER because of an advert. If the advert was
// read late, what arrived after it has to be read first: the deadline is now.
// If a tie without order made this BACKUP, its own fraction of a second passes
// first: the equal peer heard the same advert, and the two would meet again.
func (m *Machine) takeOver(now time.Time, r Received, k CauseKind) Effects {
	c := m.about(k, r)
	c.Late, c.Extra = now.Sub(r.At), m.wait.extra
	switch {
	case c.Extra > 0:
		return m.postpone(now.Add(c.Extra), c, CauseTieWait)
	case c.Late > readLate:
		return m.postpone(now, c, CauseReadLate)
	default:
		return m.toMaster(now, c)
	}
}

// postpone leaves a take-over for c to the deadline. One that is due already
// stays as it is.
func (m *Machine) postpone(due time.Time, c Cause, why CauseKind) Effects {
	if m.wait.due.IsZero() {
		m.wait.due, m.wait.dueWhy = due, c
	}
	c.Kind = why
	return m.stay(c)
}

// tick acts upon the deadline if it is reached.
func (m *Machine) tick(now time.Time) Effects {
	due := m.Deadline()
	late := now.Sub(due)
	switch {
	case m.state == Init || late < 0:
		return m.stay(Cause{Kind: CauseEarlyTick})
	case m.state == Master:
		return m.advertDue(now, late)
	case !m.wait.due.IsZero():
		return m.toMaster(now, m.wait.dueWhy)
	default:
		return m.toMaster(now, m.silence(now, late))
	}
}

// advertDue sends the next round (OpenBSD ip_carp.c: carp_send_ad). The one
// after it counts from now: lost time is not made up for.
func (m *Machine) advertDue(now time.Time, late time.Duration) Effects {
	m.lead.round = now
	fx := m.stay(Cause{Kind: CauseAdvertDue, Late: late})
	m.send(&fx)
	return fx
}

// silence is the cause of a take-over by the master-down timer. If adverts of
// the other family still arrive on time, it says which family is lost.
func (m *Machine) silence(now time.Time, late time.Duration) Cause {
	_, f := m.masterDownAt()
	c := Cause{
		Kind:   CauseMasterDown,
		Family: f,
		From:   m.wait.heard[f].from,
		Silent: now.Sub(m.wait.armed[f]),
		Wait:   m.MasterDownTime(),
		Late:   late,
	}
	other := m.wait.heard[carp.IPv4+carp.IPv6-f]
	if !other.at.IsZero() && now.Sub(other.at) <= other.next+other.next/4 {
		c.Kind, c.From = CauseFamilyDown, other.from
	}
	return c
}

// about is a cause with the numbers of an advert and our own beside them.
func (m *Machine) about(k CauseKind, r Received) Cause {
	return Cause{
		Kind:          k,
		Family:        r.Family,
		From:          r.From,
		Own:           r.Own,
		Mine:          m.interval(),
		Theirs:        r.Advert.Interval(),
		Advskew:       m.SentSkew(),
		MyDemotion:    m.demotion,
		TheirDemotion: int(r.Advert.Demotion),
		Preempt:       m.params.Preempt,
		Wait:          m.patience(),
	}
}
