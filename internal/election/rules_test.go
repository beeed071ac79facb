package election

import (
	"net/netip"
	"testing"
	"time"

	"github.com/carpd/carpd/internal/carp"
)

// One test per rule of rules.go, named after it.

// Ours; OpenBSD's MASTER would yield to the bow-out of a less demoted peer.
func TestMasterIgnoresBowOut(t *testing.T) {
	for _, demotion := range []int{0, 1, 300} {
		m := demotedTo(master(settings(0)), demotion)
		expect(t, hear(0.5, 255, 255).step(m), Master, CauseOtherBowOut)
	}
}

// OpenBSD ip_carp.c: carp_proto_input_c, case MASTER, second condition.
func TestYieldToLessDemoted(t *testing.T) {
	m := demotedTo(master(settings(0)), 2)
	fx := hear(0.5, 200, 0, demoteByte(1)).step(m)
	expect(t, fx, Backup, CauseLessDemoted)
	if fx.Cause.MyDemotion != 2 || fx.Cause.TheirDemotion != 1 {
		t.Errorf("numbers of %+v", fx.Cause)
	}

	m = demotedTo(master(settings(0)), 2)
	expect(t, hear(0.5, 200, 0, demoteByte(2)).step(m), Master, CauseWorseAdvert)
}

// OpenBSD ip_carp.c: carp_proto_input_c, case MASTER, first condition.
func TestYieldToBetter(t *testing.T) {
	m := master(settings(100))
	fx := hear(0.5, 1, 99).step(m)
	expect(t, fx, Backup, CauseBetterMaster)
	if fx.Send || fx.BowOut || fx.Announce {
		t.Errorf("a yielding MASTER must be silent: %+v", fx)
	}
	// A full master-down time, 3 s + 100/256 s, from now.
	expectWake(t, fx, at(0.5+3.390625))

	m = master(settings(100, preempt))
	expect(t, hear(0.5, 1, 99).step(m), Backup, CauseBetterMaster)

	m = master(settings(100))
	expect(t, hear(0.5, 1, 0, demoteByte(1)).step(m), Master, CauseWorseAdvert)
}

// Spec: ties are decided in IPv4 if the group has an IPv4 address, else IPv6.
func TestHoldTieOfOtherFamily(t *testing.T) {
	m := master(settings(0, dualStack))
	fx := hear(0.5, 1, 0, by6(high6)).step(m)
	expect(t, fx, Master, CauseTieOtherFamily)
	if !fx.Tie {
		t.Error("the tie is not reported")
	}
	expect(t, hear(0.6, 1, 0, from(high4)).step(m), Backup, CauseTieLost)

	m = master(settings(0, only6))
	expect(t, hear(0.5, 1, 0, by6(low6)).step(m), Master, CauseTieWon)
	expect(t, hear(0.5, 1, 0, by6(high6)).step(m), Backup, CauseTieLost)
}

// Spec: sources that give no order make a MASTER yield as a BSD does, and wait
// once longer by its own fraction of a second.
func TestYieldTieWithoutOrder(t *testing.T) {
	for name, r := range map[string]Received{
		"equal":       hear(0.5, 1, 0, from(own4)),
		"unspecified": hear(0.5, 1, 0, from(netip.IPv4Unspecified())),
		"none":        hear(0.5, 1, 0, from(netip.Addr{})),
		"group":       hear(0.5, 1, 0, from(group4), func(r *Received) { r.FromGroup = true }),
		"both none":   hear(0.5, 1, 0, from(netip.Addr{}), func(r *Received) { r.Own = netip.Addr{} }),
	} {
		m := master(settings(0))
		fx := r.step(m)
		if expect(t, fx, Backup, CauseTieEven); !fx.Tie {
			t.Errorf("%s: the tie is not reported", name)
		}
		expectWake(t, fx, at(0.5+3+0.25))
		// Once: the next advert re-arms the plain time.
		fx = hear(1.5, 1, 0).step(m)
		expectWake(t, fx, at(1.5+3))
	}
}

// The same wait holds for a take-over by an advert: otherwise two equal nodes
// that preempt a third one tie again and again, and it is the MASTER for long.
func TestTakeOverAfterTieWithoutOrder(t *testing.T) {
	m := master(settings(0, preempt))
	hear(0.5, 1, 0, from(own4)).step(m)
	fx := hear(0.6, 1, 100).step(m)
	expect(t, fx, Backup, CauseTieWait)
	expectWake(t, fx, at(0.85))
	expectWake(t, hear(0.7, 1, 100).step(m), at(0.85)) // not ever later
	expect(t, m.Step(at(0.85), Tick{}), Master, CausePreempt)

	// The master-down time does not wait for it.
	m = master(settings(0, preempt))
	hear(0.5, 1, 0, from(own4)).step(m)
	expectWake(t, hear(3.7, 1, 100).step(m), at(0.5+3+0.25))

	// The equal peer was quicker.
	m = master(settings(0, preempt))
	hear(0.5, 1, 0, from(own4)).step(m)
	hear(0.6, 1, 100).step(m)
	expectWake(t, hear(0.7, 1, 0, from(own4)).step(m), at(0.5+3+0.25))
	expectWake(t, hear(0.8, 1, 100).step(m), at(0.8+0.25)) // still of that tie
	hear(1.6, 1, 0, from(own4)).step(m)
	expect(t, hear(1.7, 1, 100).step(m), Master, CausePreempt) // once
}

// Spec: a MASTER yields only to a numerically higher source address.
func TestYieldTieToHigherAddress(t *testing.T) {
	fx := hear(0.5, 1, 0, from(high4)).step(master(settings(0)))
	expect(t, fx, Backup, CauseTieLost)
	if !fx.Tie || fx.Send {
		t.Errorf("a tie is reported, and yielding is silent: %+v", fx)
	}
	expectWake(t, fx, at(0.5+3))

	// A zone is no part of it, nor is the form of IPv4 inside IPv6.
	zoned := hear(0.5, 1, 0, by6(own6.WithZone("eth0")))
	expect(t, zoned.step(master(settings(0, only6))), Backup, CauseTieEven)
	mapped := hear(0.5, 1, 0, from(netip.AddrFrom16(low4.As16())))
	expect(t, mapped.step(master(settings(0))), Master, CauseTieWon)

	// Numerically: UCarp compares the last octet first.
	numeric := hear(0.5, 1, 0, from(netip.MustParseAddr("192.0.3.1")))
	expect(t, numeric.step(master(settings(0))), Backup, CauseTieLost)

	// Without an own address every other is higher.
	none := hear(0.5, 1, 0, func(r *Received) { r.Own = netip.Addr{} })
	expect(t, none.step(master(settings(0))), Backup, CauseTieLost)
}

// Spec: see above; the one with the higher address stays.
func TestHoldTie(t *testing.T) {
	fx := hear(0.5, 1, 0, from(low4)).step(master(settings(0)))
	expect(t, fx, Master, CauseTieWon)
	if !fx.Tie {
		t.Error("the tie is not reported")
	}
}

// OpenBSD and FreeBSD: neither condition holds, nothing happens. UCarp would
// announce itself anew.
func TestMasterStays(t *testing.T) {
	m := master(settings(0))
	before := m.Deadline()
	fx := hear(0.5, 1, 1).step(m)
	expect(t, fx, Master, CauseWorseAdvert)
	if fx.Send || fx.Announce || fx.Tie {
		t.Errorf("a worse advert does nothing: %+v", fx)
	}
	expectWake(t, fx, before)
}

// Ours: what arrived before the waiting began is stale knowledge.
func TestIgnoreOldAdvert(t *testing.T) {
	m := New(settings(0, preempt))
	m.Step(at(5), LinkUp{})
	for _, old := range []Received{
		hear(4.9, 255, 255), hear(4.9, 1, 200), hear(4.9, 9, 0), hear(5, 1, 0, demoteByte(1)),
	} {
		fx := m.Step(at(5), old)
		expect(t, fx, Backup, CauseOldAdvert)
		expectWake(t, fx, at(8))
	}
	// Of two adverts that wait to be read, the second counts after a yield.
	m = master(settings(100))
	expect(t, m.Step(at(0.02), hear(0.01, 1, 0)), Backup, CauseBetterMaster)
	expect(t, m.Step(at(0.02), hear(0.015, 255, 255)), Master, CauseBowOut)
}

// Ours: the repeated bow-out of a node must not make a second MASTER of one
// that has yielded to its successor in the meantime.
func TestIgnoreBowOutOfAnother(t *testing.T) {
	m := backup(settings(100))
	hear(0.5, 1, 0, from(low4)).step(m)
	expect(t, hear(1.000, 255, 255, from(low4)).step(m), Master, CauseBowOut)
	expect(t, hear(1.001, 1, 50, from(high4)).step(m), Backup, CauseBetterMaster)
	expect(t, hear(1.010, 255, 255, from(low4)).step(m), Backup, CauseOtherBowOut)
	expect(t, hear(1.020, 255, 255, from(high4)).step(m), Master, CauseBowOut)

	// The successor was heard in one family, the bow-out comes in the other.
	m = master(settings(100, dualStack))
	hear(1.001, 1, 50, from(high4)).step(m)
	expect(t, hear(1.010, 255, 255, by6(low6)).step(m), Backup, CauseOtherBowOut)
	expect(t, hear(1.020, 255, 255, from(high4)).step(m), Master, CauseBowOut)
}

// Spec 3.5: a bow-out works through the third rule, which fails for an advbase
// of 86 and more; here it always works, preempt or not.
func TestTakeOverOnBowOut(t *testing.T) {
	for _, base := range []uint8{1, 85, 86, 255} {
		m := backup(settings(254, advbase(base)))
		hear(0.5, base, 0).step(m)
		fx := hear(0.7, 255, 255).step(m)
		if expect(t, fx, Master, CauseBowOut); !fx.Send || !fx.Announce {
			t.Errorf("advbase %d: %+v", base, fx)
		}
	}
	// Whatever the counts of demotion are.
	m := demotedTo(backup(settings(0)), 5)
	expect(t, hear(0.5, 255, 255).step(m), Master, CauseBowOut)
}

// OpenBSD ip_carp.c: carp_proto_input_c, case BACKUP, "pre-empting masters who
// advertise slower than us".
func TestPreemptWorse(t *testing.T) {
	expect(t, hear(0.5, 1, 101).step(backup(settings(100, preempt))), Master, CausePreempt)
	expect(t, hear(0.5, 1, 101).step(backup(settings(100))), Backup, CauseMasterHeard)
	expect(t, hear(0.5, 1, 100).step(backup(settings(100, preempt))), Backup, CauseMasterHeard)
	// Not from one that is less demoted.
	m := demotedTo(backup(settings(100, preempt)), 2)
	expect(t, hear(0.5, 1, 250, demoteByte(1)).step(m), Backup, CauseMasterHeard)
	expect(t, hear(0.6, 1, 250, demoteByte(2)).step(m), Master, CausePreempt)
}

// OpenBSD ip_carp.c: carp_proto_input_c, case BACKUP, "regardless of preempt".
func TestTakeOverDemoted(t *testing.T) {
	expect(t, hear(0.5, 1, 0, demoteByte(1)).step(backup(settings(100))), Master, CauseMasterDemoted)
	m := demotedTo(backup(settings(100)), 1)
	expect(t, hear(0.5, 1, 0, demoteByte(1)).step(m), Backup, CauseMasterHeard)
}

// OpenBSD ip_carp.c: carp_proto_input_c, case BACKUP, "guaranteed to time out":
// more than 3 x advbase and the skew.
func TestTakeOverTooSlow(t *testing.T) {
	expect(t, hear(0.5, 3, 100).step(backup(settings(100))), Backup, CauseMasterHeard)
	fx := hear(0.5, 3, 101).step(backup(settings(100)))
	expect(t, fx, Master, CauseMasterTooSlow)
	if fx.Cause.Wait != 3390625*time.Microsecond || fx.Cause.Theirs != 3394531*time.Microsecond {
		t.Errorf("numbers of %+v", fx.Cause)
	}
	// The skew is that with which it compares: 245 when demoted.
	m := demotedTo(backup(settings(100)), 1)
	expect(t, hear(0.5, 3, 245, demoteByte(1)).step(m), Backup, CauseMasterHeard)
	expect(t, hear(0.6, 3, 246, demoteByte(1)).step(m), Master, CauseMasterTooSlow)
}

// OpenBSD ip_carp.c: carp_proto_input_c: otherwise carp_setrun(vhe, af).
func TestRearm(t *testing.T) {
	m := backup(settings(100))
	fx := m.Step(at(2.5), hear(2, 1, 0))
	expect(t, fx, Backup, CauseMasterHeard)
	expectWake(t, fx, at(2+3.390625)) // from its arrival, not from when it was read
	// An advert that is read out of order never brings the deadline nearer.
	expectWake(t, m.Step(at(2.5), hear(1, 1, 0)), at(2+3.390625))
	// Nothing arrives in the future.
	expectWake(t, m.Step(at(2.6), hear(2.9, 1, 0)), at(2.6+3.390625))
	if fx := hear(3, 1, 100).step(m); !fx.Tie {
		t.Error("the first equal advert of a BACKUP is not reported")
	}
	if fx := hear(4, 1, 100).step(m); fx.Tie {
		t.Error("every equal advert of a BACKUP is reported")
	}
}

// Every rule of the rulebook is tested above under its own name.
func TestRulebook(t *testing.T) {
	tested := map[string]func(*testing.T){
		"masterIgnoresBowOut": TestMasterIgnoresBowOut, "yieldToLessDemoted": TestYieldToLessDemoted,
		"yieldToBetter": TestYieldToBetter, "holdTieOfOtherFamily": TestHoldTieOfOtherFamily,
		"yieldTieWithoutOrder": TestYieldTieWithoutOrder, "yieldTieToHigherAddress": TestYieldTieToHigherAddress,
		"holdTie": TestHoldTie, "masterStays": TestMasterStays,
		"ignoreOldAdvert": TestIgnoreOldAdvert, "ignoreBowOutOfAnother": TestIgnoreBowOutOfAnother,
		"takeOverOnBowOut": TestTakeOverOnBowOut, "preemptWorse": TestPreemptWorse,
		"takeOverDemoted": TestTakeOverDemoted, "takeOverTooSlow": TestTakeOverTooSlow, "rearm": TestRearm,
	}
	for _, r := range append(append([]rule{}, profile.master...), profile.backup...) {
		if tested[r.name] == nil {
			t.Errorf("rule %s has no test", r.name)
		}
	}
}

// Adverts do nothing in INIT, and nothing in a family without addresses.
func TestAdvertsThatDoNotCount(t *testing.T) {
	fx := hear(0.5, 1, 0).step(New(settings(0)))
	expect(t, fx, Init, CauseAdvertInInit)
	if !fx.Wake.IsZero() {
		t.Error("INIT has a deadline")
	}
	m := backup(settings(0))
	fx = hear(0.5, 255, 255, by6(low6)).step(m)
	expect(t, fx, Backup, CauseUnusedFamily)
	expectWake(t, fx, at(3))
	if fx.Cause.Family != carp.IPv6 {
		t.Errorf("family %s", fx.Cause.Family)
	}
}
