package election

import "time"

// linkUp starts the group: INIT always goes through BACKUP and listens for a
// full master-down time, preempt or not (OpenBSD and FreeBSD since 10:
// carp_setrun, case INIT).
func (m *Machine) linkUp(now time.Time) Effects {
	if m.state != Init {
		return m.stay(Cause{Kind: CauseAlreadyUp})
	}
	return m.toBackup(now, now, 0, Cause{Kind: CauseLinkUp, Wait: m.MasterDownTime()})
}

// linkDown stops the group without a word, as there is nothing to send on
// (OpenBSD ip_carp.c: carp_carpdev_state). A new reason in INIT is kept.
func (m *Machine) linkDown(now time.Time, why LinkReason) Effects {
	c := Cause{Kind: CauseLinkDown, Link: why}
	if m.state == Init {
		return m.renew(c)
	}
	return m.toInit(now, c)
}

// shutdown stops the group; a MASTER bows out, so that a peer takes over at
// once (OpenBSD ip_carp.c: carp_vhe_send_ad_all).
func (m *Machine) shutdown(now time.Time, disabled bool) Effects {
	c := Cause{Kind: CauseShutdown}
	if disabled {
		c.Kind = CauseDisabled
	}
	switch m.state {
	case Init:
		return m.renew(c)
	case Master:
		last := m.bowOut()
		fx := m.toInit(now, c)
		fx.BowOut, fx.Advert = true, last
		return fx
	default:
		return m.toInit(now, c)
	}
}

// handOver makes a MASTER bow out and listen, for a full master-down time, to
// who takes over (ours; a BSD bows out only when it stops). A node with preempt
// that is not demoted as well takes the group back with the next advert.
func (m *Machine) handOver(now time.Time) Effects {
	if m.state != Master {
		return m.stay(Cause{Kind: CauseNotMaster})
	}
	last := m.bowOut()
	fx := m.toBackup(now, now, 0, Cause{Kind: CauseHandOver, Wait: m.MasterDownTime()})
	fx.BowOut, fx.Advert = true, last
	return fx
}

// renew says anew why the state is INIT, without a transition.
func (m *Machine) renew(c Cause) Effects {
	c.State = Init
	m.cause, m.why = c, c
	return Effects{Cause: c}
}
