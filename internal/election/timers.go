package election

import (
	"net/netip"
	"time"

	"github.com/carpd/carpd/internal/carp"
)

// waiting is what a BACKUP knows.
type waiting struct {
	// horizon is when this waiting began: older adverts are stale knowledge.
	horizon time.Time
	// armed is from when the master-down time of a family counts: its last
	// advert or the start of the waiting. Zero: the family is not required.
	armed [2]time.Time
	// heard is the last advert that kept us BACKUP, by family.
	heard [2]heard
	// extra is what a tie without order adds, once, to the next take-over.
	extra time.Duration
	// due and dueWhy are a take-over that has been decided but has to wait.
	due    time.Time
	dueWhy Cause
	// tieTold says that an equal MASTER was already reported.
	tieTold bool
}

// heard is what is remembered of an advert.
type heard struct {
	from netip.Addr
	at   time.Time
	next time.Duration // the interval that it promised
}

// Deadline is when the next Tick is wanted: in BACKUP the end of a master-down
// time, in MASTER the next advert, in INIT never (zero).
func (m *Machine) Deadline() time.Time {
	switch m.state {
	case Backup:
		at, _ := m.masterDownAt()
		if !m.wait.due.IsZero() && m.wait.due.Before(at) {
			return m.wait.due
		}
		return at
	case Master:
		return m.lead.round.Add(m.interval())
	default:
		return time.Time{}
	}
}

// MasterDownTime is how long this node waits as BACKUP. A demotion does not
// enter it.
func (m *Machine) MasterDownTime() time.Duration {
	p := m.params
	return masterDownTime(p.MasterDown, p.Advbase, p.Advskew)
}

// Time is how long a BACKUP of these settings waits for an advert.
func (f MasterDown) Time(advbase, advskew uint8) time.Duration {
	return masterDownTime(f, advbase, advskew)
}

// masterDownTime is 3 x advbase + advskew (FreeBSD, NetBSD, UCarp) or, from
// about 2019 on OpenBSD, 3 x (advbase + advskew): carp_setrun in each.
func masterDownTime(formula MasterDown, advbase, advskew uint8) time.Duration {
	if formula == ThreeIntervals {
		return 3 * carp.Interval(advbase, advskew)
	}
	return 3*carp.Interval(advbase, 0) + carp.Skew(advskew)
}

// interval is the time between two adverts of this node, demotion included.
func (m *Machine) interval() time.Duration {
	return carp.Interval(m.params.Advbase, m.SentSkew())
}

// masterDownAt is when the MASTER is given up, and the family that decides.
// Either family's silence is enough, unless both share one timer: then the
// last advert of either counts.
func (m *Machine) masterDownAt() (time.Time, carp.Family) {
	var from time.Time
	var family carp.Family
	for _, f := range carp.Families {
		armed := m.wait.armed[f]
		if armed.IsZero() {
			continue
		}
		if from.IsZero() || armed.Before(from) != m.params.SharedTimer {
			from, family = armed, f
		}
	}
	return from.Add(m.MasterDownTime()), family
}

// armAll starts the timer of every family of the group.
func (m *Machine) armAll(from time.Time) {
	for _, f := range carp.Families {
		m.wait.armed[f] = time.Time{}
		if m.params.uses(f) {
			m.wait.armed[f] = from
		}
	}
}

// remember notes an advert and arms its own family's timer from the time it
// arrived; a deadline never comes nearer by it.
func (m *Machine) remember(r Received) {
	m.wait.heard[r.Family] = heard{from: r.From, at: r.At, next: r.Advert.Interval()}
	if r.At.After(m.wait.armed[r.Family]) {
		m.wait.armed[r.Family] = r.At
	}
}

// follows reports whether the sender may be the MASTER that is followed: it was
// the last one heard in this family, or none was heard in any.
func (w *waiting) follows(r Received) bool {
	if last := w.heard[r.Family]; !last.at.IsZero() {
		return plain(last.from) == plain(r.From)
	}
	return w.heard[carp.IPv4].at.IsZero() && w.heard[carp.IPv6].at.IsZero()
}
