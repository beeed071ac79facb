package election

import "time"

// The state changes here and nowhere else.

// toInit stops every timer.
func (m *Machine) toInit(now time.Time, c Cause) Effects {
	return m.enter(Init, now, c)
}

// toBackup arms a full master-down time, and extra, in every family from now.
// Only adverts that arrived after horizon can make this BACKUP a MASTER.
func (m *Machine) toBackup(now, horizon time.Time, extra time.Duration, c Cause) Effects {
	fx := m.enter(Backup, now, c)
	m.wait.horizon, m.wait.extra = horizon, extra
	m.armAll(now.Add(extra))
	return fx
}

// toMaster advertises and announces at once. The lease is provisional until
// the first round of adverts is reported by Sent.
func (m *Machine) toMaster(now time.Time, c Cause) Effects {
	fx := m.enter(Master, now, c)
	m.lead = leading{round: now, from: now, until: now.Add(m.params.Lease)}
	fx.Announce = true
	m.send(&fx)
	return fx
}

// enter changes the state and forgets what belonged to the old one.
func (m *Machine) enter(s State, now time.Time, c Cause) Effects {
	c.State = s
	m.state, m.since, m.cause, m.why = s, now, c, c
	m.wait, m.lead = waiting{}, leading{}
	return Effects{Cause: c}
}

// stay keeps the state and says why the event made no difference to it.
func (m *Machine) stay(c Cause) Effects {
	c.State = m.state
	return Effects{Cause: c}
}

// mention keeps a stall from being forgotten when its step went on: the stall
// is the cause unless the event led further, and then stands beside the cause.
func (m *Machine) mention(stalled Cause, fx *Effects) {
	if m.state == Backup {
		fx.Cause = stalled
		return
	}
	m.cause.Stalled, m.why.Stalled, fx.Cause.Stalled = stalled.Stalled, stalled.Stalled, stalled.Stalled
}
