package election

import (
	"time"

	"github.com/carpd/carpd/internal/carp"
)

// reconfigured takes new parameters and keeps the state: unlike on a BSD, an
// edited address does not cost mastership. Timers count from where they began,
// so that a shorter master-down time takes effect from the last advert heard.
func (m *Machine) reconfigured(now time.Time, p Params) Effects {
	p.check()
	if p.VHID != m.params.VHID {
		panic("election: the VHID of a machine cannot change")
	}
	changed := p != m.params
	m.params = p
	fx := m.stay(Cause{Kind: CauseReconfigured})
	switch {
	case m.state == Backup:
		m.fitTimers(now)
	case m.state == Master && changed:
		m.lead.round = now
		m.fitLease(now)
		m.send(&fx)
	}
	return fx
}

// fitTimers drops the timer of a family that is no longer used. The timer of
// a new family starts with its first advert, because the MASTER may be edited
// later than we: until then the other family watches over the MASTER.
func (m *Machine) fitTimers(now time.Time) {
	watched := false
	for _, f := range carp.Families {
		if !m.params.uses(f) {
			m.wait.armed[f], m.wait.heard[f] = time.Time{}, heard{}
		}
		watched = watched || !m.wait.armed[f].IsZero()
	}
	if !watched {
		m.armAll(now)
	}
}

// fitLease makes a shorter lease hold at once. It counts from now, because a
// round of adverts leaves now; a longer one has to wait for that round.
func (m *Machine) fitLease(now time.Time) {
	if until := now.Add(m.params.Lease); until.Before(m.lead.until) {
		m.lead.until = until
	}
}

// uses reports whether the group has addresses of the family.
func (p Params) uses(f carp.Family) bool {
	if f == carp.IPv6 {
		return p.IPv6
	}
	return p.IPv4
}

// check panics on what the configuration must have refused.
func (p Params) check() {
	switch {
	case p.Advbase == 0:
		panic("election: advbase 0 has no lease")
	case !p.IPv4 && !p.IPv6:
		panic("election: a group without addresses")
	case p.Lease <= 0:
		panic("election: a group without a lease")
	}
}
