package election

import "time"

// Machine is the state of one group. Its zero value is not usable; see New.
type Machine struct {
	params   Params
	rules    *rulebook
	demotion int

	state State
	since time.Time // when the state was entered
	cause Cause     // why it was entered
	why   Cause     // why it still holds

	// What belongs to one state alone is made new at every transition.
	wait waiting // BACKUP
	lead leading // MASTER
}

// New makes a machine in INIT, which waits for LinkUp. It panics on parameters
// that the configuration must have refused (see Params).
func New(p Params) *Machine {
	p.check()
	start := Cause{Kind: CauseNotStarted, State: Init}
	return &Machine{params: p, rules: &profile, cause: start, why: start}
}

// Step takes one event at the time now and returns what is to be done. The
// lease is looked at before the event.
func (m *Machine) Step(now time.Time, e Event) Effects {
	from := m.state
	stalled := m.fence(now)
	fx := m.handle(now, e)
	if stalled.Kind != CauseNone {
		m.mention(stalled, &fx)
	}
	fx.From, fx.To, fx.Wake = from, m.state, m.Deadline()
	return fx
}

// handle gives the event to the rule or rules for it.
func (m *Machine) handle(now time.Time, e Event) Effects {
	switch e := e.(type) {
	case Received:
		return m.received(now, e)
	case Tick:
		return m.tick(now)
	case Sent:
		return m.sent(now, e.At)
	case Demoted:
		return m.demoted(now, e.Total)
	case LinkUp:
		return m.linkUp(now)
	case Resumed:
		return m.resumed(now, e.Memory)
	case LinkDown:
		return m.linkDown(now, e.Why)
	case Reconfigured:
		return m.reconfigured(now, e.Params)
	case Shutdown:
		return m.shutdown(now, e.Disabled)
	case HandOver:
		return m.handOver(now)
	default:
		return m.stay(Cause{Kind: CauseUnknownEvent})
	}
}

// received tries the rules of the present state in their order. The last rule
// of each list applies to every advert.
func (m *Machine) received(now time.Time, r Received) Effects {
	if r.At.After(now) {
		r.At = now
	}
	rules := m.rules.backup
	switch {
	case m.state == Init:
		return m.stay(m.about(CauseAdvertInInit, r))
	case !m.params.uses(r.Family):
		return m.stay(m.about(CauseUnusedFamily, r))
	case m.state == Master:
		rules = m.rules.master
	}
	for i := range rules {
		if fx, ok := rules[i].try(m, now, r); ok {
			return fx
		}
	}
	panic("election: no rule for an advert in " + m.state.String())
}

// State is the present state.
func (m *Machine) State() State { return m.state }

// Since is when the present state was entered; zero before the first event.
func (m *Machine) Since() time.Time { return m.since }

// Params are the parameters in force.
func (m *Machine) Params() Params { return m.params }

// Cause is why the present state was entered: that of the last transition.
func (m *Machine) Cause() Cause { return m.cause }

// Why is why the present state still holds. In BACKUP it is what the last
// advert of the MASTER said; otherwise it is Cause.
func (m *Machine) Why() Cause { return m.why }

// Demotion is the sum last given by Demoted.
func (m *Machine) Demotion() int { return m.demotion }

// LeaseUntil is until when the kernel may answer; zero unless MASTER.
func (m *Machine) LeaseUntil() time.Time { return m.lead.until }
