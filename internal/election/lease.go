package election

import "time"

// leading is what a MASTER knows.
type leading struct {
	round time.Time // when the last round of adverts was ordered
	from  time.Time // clock before the last round that was sent
	until time.Time // end of the lease
}

// fence makes a BACKUP of a MASTER whose lease has run out, before it can send
// anything: the kernel has stopped answering, and a peer may have taken over
// in the meantime (the pause of a virtual machine, a hung process, adverts that
// could not be sent). Nothing heard so far counts; it listens for a full
// master-down time. The cause is returned; its kind is CauseNone otherwise.
func (m *Machine) fence(now time.Time) Cause {
	if m.state != Master || !now.After(m.lead.until) {
		return Cause{}
	}
	c := Cause{
		Kind:    CauseStalled,
		Stalled: max(0, now.Sub(m.lead.from)-m.interval()),
		Wait:    m.MasterDownTime(),
	}
	return m.toBackup(now, now, 0, c).Cause
}

// sent extends the lease: it counts from the clock read before the first
// advert of the round, and never goes backwards. A report from before this
// node became MASTER says nothing about its present lease.
func (m *Machine) sent(now, at time.Time) Effects {
	if at.After(now) {
		at = now
	}
	if m.state != Master || at.Before(m.lead.from) {
		return m.stay(Cause{Kind: CauseLateReport})
	}
	m.lead.from = at
	if until := at.Add(m.params.Lease); until.After(m.lead.until) {
		m.lead.until = until
	}
	return m.stay(Cause{Kind: CauseSent})
}
