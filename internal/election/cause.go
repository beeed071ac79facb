package election

import (
	"fmt"
	"net/netip"
	"time"

	"github.com/carpd/carpd/internal/carp"
)

// Cause says why a state was entered, or why an event made no difference, with
// the numbers of the step that decided. It is comparable; which numbers are set
// depends on the kind.
type Cause struct {
	Kind  CauseKind
	State State // the state after the step

	Family carp.Family // in which the advert came, or was missed
	From   netip.Addr  // source of the advert; invalid or unspecified if none
	Own    netip.Addr  // ours, in the same family

	Mine, Theirs time.Duration // advert intervals, as compared
	Advskew      uint8         // ours, as compared
	Preempt      bool          // ours

	MyDemotion, TheirDemotion int

	Silent  time.Duration // for how long no advert came
	Wait    time.Duration // our master-down time, or the longest interval we bear
	Extra   time.Duration // waited once longer after a tie
	Late    time.Duration // how long after its time the event was handled
	Stalled time.Duration // how long adverts were overdue

	Link LinkReason
}

// CauseKind enumerates the causes.
type CauseKind uint8

// The causes of transitions, then those of events that changed nothing.
const (
	CauseNone CauseKind = iota

	CauseNotStarted    // the machine was made
	CauseLinkUp        // INIT to BACKUP
	CauseLinkDown      // to INIT; Link says what is wrong
	CauseShutdown      // to INIT, on purpose
	CauseDisabled      // to INIT, on purpose, until it is enabled
	CauseHandOver      // MASTER to BACKUP, on purpose
	CauseMasterDown    // BACKUP to MASTER: no adverts
	CauseFamilyDown    // BACKUP to MASTER: no adverts in one of two families
	CauseBowOut        // BACKUP to MASTER: the MASTER leaves
	CausePreempt       // BACKUP to MASTER: we are better
	CauseMasterDemoted // BACKUP to MASTER: the MASTER is more demoted
	CauseMasterTooSlow // BACKUP to MASTER: its interval exceeds our patience
	CauseBetterMaster  // MASTER to BACKUP
	CauseLessDemoted   // MASTER to BACKUP
	CauseTieLost       // MASTER to BACKUP: equal, its address is higher
	CauseTieEven       // MASTER to BACKUP: equal, addresses give no order
	CauseStalled       // MASTER to BACKUP: the lease has run out
	CauseResumed       // INIT to the state of the predecessor

	CauseMasterHeard    // BACKUP, re-armed by an advert
	CauseAdvertDue      // MASTER, time for a round of adverts
	CauseSent           // MASTER, the lease was extended
	CauseWorseAdvert    // MASTER, a worse peer advertises too
	CauseTieWon         // MASTER, an equal peer with a lower address
	CauseTieOtherFamily // MASTER, equal advert in the family that does not decide
	CauseOtherBowOut    // bow-out of a node that is not our MASTER
	CauseOldAdvert      // BACKUP, it arrived before the waiting began
	CauseReadLate       // BACKUP, a take-over that waits for later adverts
	CauseTieWait        // BACKUP, a take-over that waits after a tie
	CauseUnusedFamily   // the group has no address of this family
	CauseAdvertInInit   // adverts do not matter in INIT
	CauseEarlyTick      // the deadline is not reached
	CauseLateReport     // Sent, but not of this time as MASTER
	CauseDemotion       // the demotion changed
	CauseReconfigured   // the parameters changed
	CauseAlreadyUp      // LinkUp, but not in INIT
	CauseNotMaster      // asked to hand over what it has not
	CauseUnknownEvent   // no such event

	numCauses
)

// AllCauses lists every kind but CauseNone.
var AllCauses = allCauses()

func allCauses() (all [numCauses - 1]CauseKind) {
	for i := range all {
		all[i] = CauseKind(i + 1)
	}
	return all
}

// names are the short texts in order of the kinds.
var names = [numCauses]string{
	"", "not started", "link up", "link down", "shut down", "disabled", "handed over", "master down", "family down",
	"master bowed out", "preempt", "master demoted", "master too slow", "better master",
	"less demoted master", "tie lost", "tie", "stalled", "resumed",
	"master heard", "advert due", "adverts sent", "worse advert", "tie won", "tie in other family",
	"bow-out of another", "old advert", "advert read late", "waiting after a tie", "advert in unused family",
	"advert in INIT", "early tick", "late report", "demotion", "reconfigured", "already up", "not master",
	"unknown event",
}

// String names the kind, without the numbers of a Cause.
func (k CauseKind) String() string {
	if k >= numCauses {
		return "unknown cause"
	}
	return names[k]
}

// Deposes reports whether a MASTER may still be alive when we take over for
// this cause: it answers until it has heard our first advert.
func (k CauseKind) Deposes() bool {
	switch k {
	case CausePreempt, CauseMasterDemoted, CauseMasterTooSlow, CauseFamilyDown:
		return true
	default:
		return false
	}
}

// Yields reports whether a MASTER leaves for this cause to another one that it has
// heard: traffic moves there, and the last of it may still be under way.
func (k CauseKind) Yields() bool {
	switch k {
	case CauseBetterMaster, CauseLessDemoted, CauseTieLost, CauseTieEven:
		return true
	default:
		return false
	}
}

// String is the cause in a few words: the field in logs, the text of events.
func (c Cause) String() string {
	switch {
	case c.Kind == CauseStalled:
		return fmt.Sprintf("stalled %.1f s", c.Stalled.Seconds())
	case c.Stalled > 0:
		return fmt.Sprintf("%s (stalled %.1f s)", c.short(), c.Stalled.Seconds())
	default:
		return c.short()
	}
}

func (c Cause) short() string {
	switch c.Kind {
	case CauseLinkDown:
		return c.Link.String()
	case CauseFamilyDown:
		return fmt.Sprintf("no %s adverts", c.Family)
	default:
		return c.Kind.String()
	}
}
