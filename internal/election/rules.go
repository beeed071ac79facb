package election

import (
	"net/netip"
	"time"

	"github.com/carpd/carpd/internal/carp"
)

// This file answers "why did this node become MASTER, or stop being it?". The
// rules of a state are tried in their order and the first that applies decides.

// rule says what an advert does in one state, or that it does not apply.
type rule struct {
	name string
	try  func(m *Machine, now time.Time, r Received) (Effects, bool)
}

// rulebook is the order of the rules. The last of each list always applies.
type rulebook struct{ master, backup []rule }

// profile is the one rulebook of carpd: OpenBSD's rules with the demotion
// count, of which those of FreeBSD, NetBSD and UCarp are the special case that
// every count is 0, and ties decided by address.
var profile = rulebook{
	master: []rule{
		{"masterIgnoresBowOut", masterIgnoresBowOut},
		{"yieldToLessDemoted", yieldToLessDemoted},
		{"yieldToBetter", yieldToBetter},
		{"holdTieOfOtherFamily", holdTieOfOtherFamily},
		{"yieldTieWithoutOrder", yieldTieWithoutOrder},
		{"yieldTieToHigherAddress", yieldTieToHigherAddress},
		{"holdTie", holdTie},
		{"masterStays", masterStays},
	},
	backup: []rule{
		{"ignoreOldAdvert", ignoreOldAdvert},
		{"ignoreBowOutOfAnother", ignoreBowOutOfAnother},
		{"takeOverOnBowOut", takeOverOnBowOut},
		{"preemptWorse", preemptWorse},
		{"takeOverDemoted", takeOverDemoted},
		{"takeOverTooSlow", takeOverTooSlow},
		{"rearm", rearm},
	},
}

// A MASTER that hears another one bow out stays, whatever the demotion counts:
// the sender leaves. OpenBSD has no such rule and would yield to the bow-out of
// a less demoted peer (ip_carp.c: carp_proto_input_c, case MASTER).
func masterIgnoresBowOut(m *Machine, _ time.Time, r Received) (Effects, bool) {
	if !r.Advert.IsBowOut() {
		return Effects{}, false
	}
	return m.stay(m.about(CauseOtherBowOut, r)), true
}

// A MASTER yields to a peer that is less demoted, whatever the times are
// (OpenBSD ip_carp.c: carp_proto_input_c, case MASTER, second condition).
func yieldToLessDemoted(m *Machine, now time.Time, r Received) (Effects, bool) {
	if r.Advert.Demotion >= m.demoteByte() {
		return Effects{}, false
	}
	return m.yield(now, r, 0, CauseLessDemoted), true
}

// A MASTER yields to a peer that advertises more often and is not more demoted
// (OpenBSD ip_carp.c: carp_proto_input_c, case MASTER, first condition; FreeBSD
// carp_input_c; preempt does not matter here).
func yieldToBetter(m *Machine, now time.Time, r Received) (Effects, bool) {
	if r.Advert.Interval() >= m.interval() || r.Advert.Demotion > m.demoteByte() {
		return Effects{}, false
	}
	return m.yield(now, r, 0, CauseBetterMaster), true
}

// Two equal MASTERs are told apart in one family only: IPv4 if the group has an
// IPv4 address, else IPv6. An equal advert of the other family changes nothing;
// decided in both, a pair whose addresses are ordered differently in the two
// families would yield to each other for ever (ours; no BSD compares addresses).
func holdTieOfOtherFamily(m *Machine, _ time.Time, r Received) (Effects, bool) {
	if !m.tie(r) || r.Family == m.tieFamily() {
		return Effects{}, false
	}
	return m.tied(m.stay(m.about(CauseTieOtherFamily, r))), true
}

// A MASTER that addresses cannot tell from its equal yields as a BSD does and
// waits longer, once, by a time of its own, so that the two do not meet again:
// the sources are equal, or theirs is no address of its own (a NetBSD without
// an address sends from 0.0.0.0, an OpenBSD or FreeBSD from a group address).
func yieldTieWithoutOrder(m *Machine, now time.Time, r Received) (Effects, bool) {
	if !m.tie(r) || !sameSource(r) {
		return Effects{}, false
	}
	return m.tied(m.yield(now, r, m.params.TieWait, CauseTieEven)), true
}

// A MASTER yields to its equal with the numerically higher source address. A
// node without an own address is below every other (ours; see above).
func yieldTieToHigherAddress(m *Machine, now time.Time, r Received) (Effects, bool) {
	if !m.tie(r) || plain(r.From).Less(plain(r.Own)) {
		return Effects{}, false
	}
	return m.tied(m.yield(now, r, 0, CauseTieLost)), true
}

// A MASTER holds against its equal with the lower source address. One that
// holds is stable against every BSD, which yields on a tie.
func holdTie(m *Machine, _ time.Time, r Received) (Effects, bool) {
	if !m.tie(r) {
		return Effects{}, false
	}
	return m.tied(m.stay(m.about(CauseTieWon, r))), true
}

// A MASTER does nothing about a worse one, which will yield to our next advert
// (UCarp announces itself anew here; the BSDs do not).
func masterStays(m *Machine, _ time.Time, r Received) (Effects, bool) {
	return m.stay(m.about(CauseWorseAdvert, r)), true
}

// A BACKUP takes no notice of adverts from before it began to wait: after a
// pause they are stale knowledge, and the full master-down time goes on (ours).
func ignoreOldAdvert(m *Machine, _ time.Time, r Received) (Effects, bool) {
	if r.At.After(m.wait.horizon) {
		return Effects{}, false
	}
	return m.stay(m.about(CauseOldAdvert, r)), true
}

// A bow-out speaks for its sender alone: a BACKUP that has heard another MASTER
// stays. Otherwise the repeated bow-out of a leaving node would make a second
// MASTER of a third node that has just yielded (ours).
func ignoreBowOutOfAnother(m *Machine, _ time.Time, r Received) (Effects, bool) {
	if !r.Advert.IsBowOut() || m.wait.follows(r) {
		return Effects{}, false
	}
	return m.stay(m.about(CauseOtherBowOut, r)), true
}

// A BACKUP takes over when the MASTER bows out, preempt or not. On the BSDs
// this falls out of takeOverTooSlow, but there only while 3 x advbase is below
// 255 s; with an advbase of 86 or more their bow-out does not work.
func takeOverOnBowOut(m *Machine, now time.Time, r Received) (Effects, bool) {
	if !r.Advert.IsBowOut() {
		return Effects{}, false
	}
	return m.takeOver(now, r, CauseBowOut), true
}

// A BACKUP with preempt takes over from a MASTER that advertises less often
// and is not less demoted (OpenBSD ip_carp.c: carp_proto_input_c, case BACKUP,
// "pre-empting masters who advertise slower than us").
func preemptWorse(m *Machine, now time.Time, r Received) (Effects, bool) {
	if !m.params.Preempt || m.interval() >= r.Advert.Interval() || r.Advert.Demotion < m.demoteByte() {
		return Effects{}, false
	}
	return m.takeOver(now, r, CausePreempt), true
}

// A BACKUP takes over from a MASTER that is more demoted, even without preempt
// (OpenBSD ip_carp.c: carp_proto_input_c, case BACKUP, "regardless of preempt").
func takeOverDemoted(m *Machine, now time.Time, r Received) (Effects, bool) {
	if r.Advert.Demotion <= m.demoteByte() {
		return Effects{}, false
	}
	return m.takeOver(now, r, CauseMasterDemoted), true
}

// A BACKUP takes over from a MASTER whose interval is so long that it would
// time out in any case (OpenBSD ip_carp.c: carp_proto_input_c, case BACKUP,
// "guaranteed to time out"; FreeBSD's log says "master will time out").
func takeOverTooSlow(m *Machine, now time.Time, r Received) (Effects, bool) {
	if r.Advert.Interval() <= m.patience() {
		return Effects{}, false
	}
	return m.takeOver(now, r, CauseMasterTooSlow), true
}

// Otherwise the MASTER lives, and its advert re-arms the master-down timer of
// its own family (OpenBSD ip_carp.c: carp_proto_input_c, carp_setrun with af).
func rearm(m *Machine, _ time.Time, r Received) (Effects, bool) {
	m.remember(r)
	m.wait.due, m.wait.dueWhy = time.Time{}, Cause{}
	if r.At.Sub(m.wait.horizon) > m.interval() {
		m.wait.extra = 0 // the tie is over: this is no leftover of its round
	}
	fx := m.stay(m.about(CauseMasterHeard, r))
	m.why = fx.Cause
	if m.tie(r) && !m.wait.tieTold {
		m.wait.tieTold, fx.Tie = true, true
	}
	return fx, true
}

// patience is the advert interval that a BACKUP bears: 3 x advbase and the
// skew with which it compares.
func (m *Machine) patience() time.Duration {
	return 3*carp.Interval(m.params.Advbase, 0) + carp.Skew(m.SentSkew())
}

// tie reports whether the peer is exactly as good as we are.
func (m *Machine) tie(r Received) bool {
	return r.Advert.Interval() == m.interval() && r.Advert.Demotion == m.demoteByte()
}

// tieFamily is the one family in which ties are decided.
func (m *Machine) tieFamily() carp.Family {
	if m.params.IPv4 {
		return carp.IPv4
	}
	return carp.IPv6
}

// tied marks the effects of a tie. After it, a BACKUP need not report it again.
func (m *Machine) tied(fx Effects) Effects {
	fx.Tie, m.wait.tieTold = true, m.state == Backup
	return fx
}

// sameSource reports whether the source addresses give no order.
func sameSource(r Received) bool {
	from := plain(r.From)
	return r.FromGroup || !from.IsValid() || from.IsUnspecified() || from == plain(r.Own)
}

// plain is the address as it is compared: no zone, no IPv4 inside IPv6.
func plain(a netip.Addr) netip.Addr { return a.Unmap().WithZone("") }
