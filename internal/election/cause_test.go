package election

import (
	"net/netip"
	"testing"
)

// causeRow is a step that ends in a cause, and what people read about it.
type causeRow struct {
	fx       Effects
	short    string
	sentence string
}

// after gives the machine an event at second s.
func after(m *Machine, s float64, e Event) Effects { return m.Step(at(s), e) }

// heardThen lets an advert of low4 (1, 0) arrive at 0.5 first.
func heardThen(m *Machine, s float64, e Event) Effects {
	hear(0.5, 1, 0).step(m)
	return m.Step(at(s), e)
}

// transitions are the causes that change the state.
func transitions() map[CauseKind][]causeRow {
	return map[CauseKind][]causeRow{
		CauseNotStarted: {{Effects{Cause: New(settings(0)).Cause()}, "not started",
			"INIT because it has not been started yet"}},
		CauseLinkUp: {{after(New(settings(100)), 0, LinkUp{}), "link up",
			"BACKUP because its carpdev came up and it listens for a full master-down time, 3.39 s, first"}},
		CauseLinkDown: linkRows(),
		CauseShutdown: {
			{after(master(settings(0)), 1, Shutdown{}), "shut down", "INIT because it was shut down"},
			{after(master(settings(0)), 3.8, Shutdown{}), "shut down (stalled 2.8 s)",
				"INIT because it was shut down; just before, it had stalled 2.8 s as MASTER"},
		},
		CauseDisabled: {{after(master(settings(0)), 1, Shutdown{Disabled: true}), "disabled",
			"INIT because it was disabled, until it is enabled or carpd is started again"}},
		CauseHandOver: {{after(master(settings(100)), 1, HandOver{}), "handed over",
			"BACKUP because it handed the group over, and listens for a full master-down time, 3.39 s, first"}},
		CauseMasterDown: {
			{heardThen(backup(settings(100)), 3.9, Tick{}), "master down",
				"MASTER because nothing was heard of 192.0.2.11 for 3.40 s (master-down time 3.39 s)"},
			{after(backup(settings(0)), 4, Tick{}), "master down",
				"MASTER because nothing was heard of a MASTER for 4.00 s (master-down time 3.00 s), 1.00 s late"},
		},
		CauseFamilyDown: {{familyLost(), "no IPv6 adverts",
			"MASTER because no IPv6 advert was heard for 3.00 s (master-down time 3.00 s) although 192.0.2.11 is heard " +
				"by the other family; timers: shared would go on waiting"}},
		CauseBowOut: {{hear(1, 255, 255).step(backup(settings(0))), "master bowed out",
			"MASTER because 192.0.2.11 said that it leaves"}},
		CausePreempt: {{hear(1, 1, 100).step(backup(settings(0, preempt))), "preempt",
			"MASTER because preempt is on and we advertise every 1.00 s (advskew 0) while 192.0.2.11 advertised every 1.39 s"}},
		CauseMasterDemoted: {{hear(1, 1, 0, demoteByte(2)).step(demotedTo(backup(settings(0)), 1)), "master demoted",
			"MASTER because 192.0.2.11 is demoted by 2 and we by 1"}},
		CauseMasterTooSlow: {{hear(1, 4, 0).step(backup(settings(100))), "master too slow",
			"MASTER because 192.0.2.11 advertises only every 4.00 s, and after 3.39 s we would call it dead"}},
		CauseBetterMaster: {
			{hear(1, 1, 0).step(master(settings(100))), "better master",
				"BACKUP because 192.0.2.11 advertises every 1.00 s and we would every 1.39 s (advskew 100)"},
			{hear(1, 1, 0, demoteByte(2), from(netip.IPv4Unspecified())).step(demotedTo(master(settings(0)), 2)), "better master",
				"BACKUP because a node without an address advertises every 1.00 s and we would every 1.94 s (advskew 240 while demoted by 2)"},
		},
		CauseLessDemoted: {{hear(1, 9, 0).step(demotedTo(master(settings(0)), 2)), "less demoted master",
			"BACKUP because 192.0.2.11 is demoted by 0 and we by 2"}},
		CauseTieLost: {
			{hear(1, 1, 0, from(high4)).step(master(settings(0))), "tie lost",
				"BACKUP because 192.0.2.13 advertises every 1.00 s as we do, and its address is above 192.0.2.12; " + tieAdvice},
			{hear(1, 1, 0, func(r *Received) { r.Own = netip.Addr{} }).step(master(settings(0))), "tie lost",
				"BACKUP because 192.0.2.11 advertises every 1.00 s as we do, and its address is above ours, as we have none; " + tieAdvice},
		},
		CauseTieEven: {{hear(1, 1, 0, from(own4)).step(master(settings(0))), "tie",
			"BACKUP because 192.0.2.12 advertises every 1.00 s as we do, and the addresses give no order, " +
				"so that we wait 0.25 s longer once; " + tieAdvice}},
		CauseResumed: {
			{New(settings(100)).Step(at(9), Resumed{Memory{State: Master, Lease: at(10)}}), "resumed",
				"MASTER because carpd was started again and goes on where the one before it stopped"},
			{New(settings(100)).Step(at(9), Resumed{Memory{State: Master, Lease: at(8.5)}}), "resumed (stalled 0.5 s)",
				"BACKUP because carpd was started again 0.50 s after the lease of the one before it had run out, " +
					"so it listens for a full master-down time, 3.39 s, first"},
		},
		CauseStalled: {{after(master(settings(100)), 4.19, Tick{}), "stalled 2.8 s",
			"BACKUP because it stalled 2.8 s as MASTER: the lease had run out, so it listens for a full master-down time, 3.39 s, first"}},
	}
}

func linkRows() (rows []causeRow) {
	texts := map[LinkReason][2]string{
		LinkDownNow: {"carpdev down", "INIT because its carpdev is down"},
		LinkMissing: {"carpdev does not exist", "INIT because its carpdev does not exist"},
		LinkAmbiguous: {"carpdev auto fits no single interface",
			"INIT because no single interface has a subnet that holds its addresses (carpdev: auto)"},
		LinkBusy:         {"carpdev not attached", "INIT because the dataplane could not be attached to its carpdev"},
		LinkNotSupported: {"carpdev not supported", "INIT because its interface cannot be a carpdev"},
	}
	for why, text := range texts {
		rows = append(rows, causeRow{after(master(settings(0)), 1, LinkDown{Why: why}), text[0], text[1]})
	}
	return rows
}

// familyLost is a dual-stack group whose IPv6 is lost.
func familyLost() Effects {
	m := backup(settings(0, dualStack))
	hear(1, 1, 0).step(m)
	hear(2, 1, 0).step(m)
	return m.Step(at(3), Tick{})
}

// afterTie is a worse MASTER heard just after a tie without order.
func afterTie() Effects {
	m := master(settings(0, preempt))
	hear(0.5, 1, 0, from(own4)).step(m)
	return hear(0.6, 1, 100).step(m)
}

// refusals are the causes of events that change nothing.
func refusals() map[CauseKind][]causeRow {
	return map[CauseKind][]causeRow{
		CauseMasterHeard: {
			{hear(1, 1, 0).step(backup(settings(100))), "master heard",
				"BACKUP because 192.0.2.11 advertises every 1.00 s and we would every 1.39 s (advskew 100)"},
			{hear(1, 1, 100).step(backup(settings(0))), "master heard",
				"BACKUP because preempt is off: 192.0.2.11 advertises every 1.39 s and we would every 1.00 s (advskew 0)"},
			{hear(1, 1, 250).step(demotedTo(backup(settings(0, preempt)), 2)), "master heard",
				"BACKUP because 192.0.2.11 is demoted by 0 and we by 2"},
		},
		CauseAdvertDue: {{after(master(settings(0)), 1.5, Tick{}), "advert due",
			"MASTER because it was time for its adverts and nobody better was heard, 0.50 s late"}},
		CauseSent: {{after(master(settings(0)), 0.5, Sent{At: at(0.4)}), "adverts sent",
			"MASTER because a round of adverts was sent, which extends its lease"}},
		CauseWorseAdvert: {{hear(1, 1, 100, demoteByte(1)).step(master(settings(0))), "worse advert",
			"MASTER because 192.0.2.11 advertises every 1.39 s, demoted by 1, and we every 1.00 s, demoted by 0"}},
		CauseTieWon: {{hear(1, 1, 0).step(master(settings(0))), "tie won",
			"MASTER because 192.0.2.11 advertises every 1.00 s as we do, but our address 192.0.2.12 is higher; " + tieAdvice}},
		CauseTieOtherFamily: {{hear(1, 1, 0, by6(high6)).step(master(settings(0, dualStack))), "tie in other family",
			"MASTER because the advert of fe80::13 is equal to ours, and ties are not decided by IPv6; " + tieAdvice}},
		CauseOtherBowOut: {{hear(1, 255, 255).step(master(settings(0))), "bow-out of another",
			"MASTER because the bow-out of 192.0.2.11, which leaves, is not that of a MASTER it follows"}},
		CauseOldAdvert: {{after(backup(settings(0)), 1, hear(-1, 1, 0)), "old advert",
			"BACKUP because the advert of 192.0.2.11 arrived before it began to listen"}},
		CauseReadLate: {{after(backup(settings(0)), 2, hear(1, 255, 255)), "advert read late",
			"BACKUP because the advert of 192.0.2.11 was read 1.00 s late and what arrived after it comes first"}},
		CauseTieWait: {{afterTie(), "waiting after a tie",
			"BACKUP because after a tie without order it lets 0.25 s pass before it takes over from 192.0.2.11"}},
		CauseUnusedFamily: {{hear(1, 1, 0, by6(low6)).step(backup(settings(0))), "advert in unused family",
			"BACKUP because the group has no IPv6 address, so that the advert of fe80::11 does not count"}},
		CauseAdvertInInit: {{hear(1, 1, 0).step(New(settings(0))), "advert in INIT",
			"INIT because adverts, such as that of 192.0.2.11, do not start a group"}},
		CauseEarlyTick: {{after(backup(settings(0)), 1, Tick{}), "early tick", "BACKUP because no deadline is reached"}},
		CauseLateReport: {{after(backup(settings(0)), 1, Sent{At: at(1)}), "late report",
			"BACKUP because a round of adverts from before this state does not count"}},
		CauseDemotion: {{after(backup(settings(0)), 1, Demoted{Total: 7}), "demotion",
			"BACKUP because a change of demotion, to 7, does not decide alone"}},
		CauseReconfigured: {{after(backup(settings(0)), 1, Reconfigured{Params: settings(1)}), "reconfigured",
			"BACKUP because new parameters do not change the state"}},
		CauseAlreadyUp:    {{after(backup(settings(0)), 1, LinkUp{}), "already up", "BACKUP because its carpdev was up before"}},
		CauseNotMaster:    {{after(backup(settings(0)), 1, HandOver{}), "not master", "BACKUP because only a MASTER can hand over"}},
		CauseUnknownEvent: {{after(backup(settings(0)), 1, nil), "unknown event", "BACKUP because the event is unknown"}},
	}
}

// Every cause is reached by a real step and told with that step's numbers.
func TestEveryCauseIsTold(t *testing.T) {
	rows := transitions()
	for k, r := range refusals() {
		rows[k] = r
	}
	for _, k := range AllCauses {
		if len(rows[k]) == 0 {
			t.Errorf("cause %q is never told", k)
		}
		for _, row := range rows[k] {
			c := row.fx.Cause
			if c.Kind != k {
				t.Errorf("the step meant for %q ends in %q", k, c.Kind)
			}
			if c.String() != row.short {
				t.Errorf("%q: short text %q, want %q", k, c, row.short)
			}
			if got := c.Sentence(); got != row.sentence {
				t.Errorf("%q:\n got %s\nwant %s", k, got, row.sentence)
			}
		}
	}
}

// Why is what holds now, Cause what made it so.
func TestWhy(t *testing.T) {
	m := backup(settings(100))
	hear(1, 1, 0).step(m)
	if m.Cause().Kind != CauseLinkUp || m.Why().Kind != CauseMasterHeard || m.Why().From != low4 {
		t.Errorf("cause %q, why %q", m.Cause(), m.Why())
	}
	hear(1.1, 255, 255).step(m)
	if m.Cause().Kind != CauseBowOut || m.Why() != m.Cause() {
		t.Errorf("cause %q, why %q", m.Cause(), m.Why())
	}
}

// Who yields has heard the next MASTER; who leaves for another reason has not.
func TestYields(t *testing.T) {
	for k, want := range map[CauseKind]bool{
		CauseBetterMaster: true, CauseLessDemoted: true, CauseTieLost: true, CauseTieEven: true,
		CauseStalled: false, CauseHandOver: false, CauseShutdown: false, CauseLinkDown: false, CauseDisabled: false,
	} {
		if k.Yields() != want {
			t.Errorf("%q yields: %t", k, !want)
		}
	}
}

// A take-over from a MASTER that may still live is told apart from one whose
// MASTER is gone, because it answers until it hears us.
func TestDeposes(t *testing.T) {
	for k, want := range map[CauseKind]bool{
		CausePreempt: true, CauseMasterDemoted: true, CauseMasterTooSlow: true, CauseFamilyDown: true,
		CauseMasterDown: false, CauseBowOut: false,
	} {
		if k.Deposes() != want {
			t.Errorf("%q deposes: %t", k, !want)
		}
	}
}
