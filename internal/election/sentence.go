package election

import (
	"fmt"
	"time"
)

const tieAdvice = "give each node its own advskew"

// Sentence is the cause as one sentence with its numbers, for people who ask
// why a node is what it is.
func (c Cause) Sentence() string {
	s := c.State.String() + " because " + c.clause()
	if c.Kind != CauseStalled && c.Kind != CauseResumed && c.Stalled > 0 {
		s += fmt.Sprintf("; just before, it had stalled %.1f s as MASTER", c.Stalled.Seconds())
	}
	return s
}

// clause is what follows "because".
func (c Cause) clause() string {
	for _, say := range [...]func(Cause) string{Cause.ofLink, Cause.ofTakeOver, Cause.ofYielding, Cause.ofAdvert} {
		if s := say(c); s != "" {
			return s
		}
	}
	return c.ofTheRest()
}

// ofLink tells why a group started or stopped.
func (c Cause) ofLink() string {
	switch c.Kind {
	case CauseNotStarted:
		return "it has not been started yet"
	case CauseLinkUp:
		return fmt.Sprintf("its carpdev came up and it listens for a full master-down time, %s, first", secs(c.Wait))
	case CauseResumed:
		return c.resumption()
	case CauseLinkDown:
		return c.Link.clause()
	case CauseShutdown:
		return "it was shut down"
	case CauseDisabled:
		return "it was disabled, until it is enabled or carpd is started again"
	case CauseHandOver:
		return fmt.Sprintf("it handed the group over, and listens for a full master-down time, %s, first", secs(c.Wait))
	default:
		return ""
	}
}

// resumption tells what a new carpd found of the one before it.
func (c Cause) resumption() string {
	if c.Stalled > 0 {
		return fmt.Sprintf("carpd was started again %s after the lease of the one before it had run out, so it listens for a full "+
			"master-down time, %s, first", secs(c.Stalled), secs(c.Wait))
	}
	return "carpd was started again and goes on where the one before it stopped"
}

// clause is the reason as part of a sentence.
func (r LinkReason) clause() string {
	switch r {
	case LinkMissing:
		return "its carpdev does not exist"
	case LinkAmbiguous:
		return "no single interface has a subnet that holds its addresses (carpdev: auto)"
	case LinkBusy:
		return "the dataplane could not be attached to its carpdev"
	case LinkNotSupported:
		return "its interface cannot be a carpdev"
	default:
		return "its carpdev is down"
	}
}

// ofTakeOver tells why a BACKUP became MASTER.
func (c Cause) ofTakeOver() string {
	switch c.Kind {
	case CauseMasterDown:
		return fmt.Sprintf("nothing was heard of %s for %s (master-down time %s)%s",
			c.master(), secs(c.Silent), secs(c.Wait), c.late())
	case CauseFamilyDown:
		return fmt.Sprintf("no %s advert was heard for %s (master-down time %s) although %s is heard by the other family; "+
			"timers: shared would go on waiting%s", c.Family, secs(c.Silent), secs(c.Wait), c.master(), c.late())
	case CauseBowOut:
		return fmt.Sprintf("%s said that it leaves", c.master())
	case CausePreempt:
		return fmt.Sprintf("preempt is on and we advertise every %s (advskew %d) while %s advertised every %s",
			secs(c.Mine), c.Advskew, c.master(), secs(c.Theirs))
	case CauseMasterDemoted:
		return fmt.Sprintf("%s is demoted by %d and we by %d", c.peer(), c.TheirDemotion, c.MyDemotion)
	case CauseMasterTooSlow:
		return fmt.Sprintf("%s advertises only every %s, and after %s we would call it dead",
			c.peer(), secs(c.Theirs), secs(c.Wait))
	default:
		return ""
	}
}

// ofYielding tells why a MASTER became BACKUP, or why a BACKUP stays one.
func (c Cause) ofYielding() string {
	switch c.Kind {
	case CauseBetterMaster:
		return c.compare()
	case CauseLessDemoted:
		return fmt.Sprintf("%s is demoted by %d and we by %d", c.peer(), c.TheirDemotion, c.MyDemotion)
	case CauseTieLost:
		return fmt.Sprintf("%s advertises every %s as we do, and its address is above %s; %s",
			c.peer(), secs(c.Theirs), c.self(), tieAdvice)
	case CauseTieEven:
		return fmt.Sprintf("%s advertises every %s as we do, and the addresses give no order, so that we wait %s longer once; %s",
			c.peer(), secs(c.Theirs), secs(c.Extra), tieAdvice)
	case CauseStalled:
		return fmt.Sprintf("it stalled %.1f s as MASTER: the lease had run out, so it listens for a full master-down time, %s, first",
			c.Stalled.Seconds(), secs(c.Wait))
	case CauseMasterHeard:
		return c.following()
	default:
		return ""
	}
}

// following tells why the MASTER that is heard is left alone.
func (c Cause) following() string {
	switch {
	case c.TheirDemotion < c.MyDemotion:
		return fmt.Sprintf("%s is demoted by %d and we by %d", c.peer(), c.TheirDemotion, c.MyDemotion)
	case c.Mine < c.Theirs:
		return fmt.Sprintf("preempt is off: %s advertises every %s and we would every %s (advskew %d)",
			c.peer(), secs(c.Theirs), secs(c.Mine), c.Advskew)
	default:
		return c.compare()
	}
}

// ofAdvert tells why an advert changed nothing.
func (c Cause) ofAdvert() string {
	switch c.Kind {
	case CauseWorseAdvert:
		return fmt.Sprintf("%s advertises every %s, demoted by %d, and we every %s, demoted by %d",
			c.peer(), secs(c.Theirs), c.TheirDemotion, secs(c.Mine), c.MyDemotion)
	case CauseTieWon:
		return fmt.Sprintf("%s advertises every %s as we do, but our address %s is higher; %s",
			c.peer(), secs(c.Theirs), c.self(), tieAdvice)
	case CauseTieOtherFamily:
		return fmt.Sprintf("the advert of %s is equal to ours, and ties are not decided by %s; %s",
			c.peer(), c.Family, tieAdvice)
	case CauseOtherBowOut:
		return fmt.Sprintf("the bow-out of %s, which leaves, is not that of a MASTER it follows", c.peer())
	case CauseOldAdvert:
		return fmt.Sprintf("the advert of %s arrived before it began to listen", c.peer())
	case CauseReadLate:
		return fmt.Sprintf("the advert of %s was read %s late and what arrived after it comes first", c.peer(), secs(c.Late))
	case CauseTieWait:
		return fmt.Sprintf("after a tie without order it lets %s pass before it takes over from %s", secs(c.Extra), c.peer())
	case CauseUnusedFamily:
		return fmt.Sprintf("the group has no %s address, so that the advert of %s does not count", c.Family, c.peer())
	case CauseAdvertInInit:
		return fmt.Sprintf("adverts, such as that of %s, do not start a group", c.peer())
	default:
		return ""
	}
}

// ofTheRest tells why another event changed nothing.
func (c Cause) ofTheRest() string {
	switch c.Kind {
	case CauseEarlyTick:
		return "no deadline is reached"
	case CauseAdvertDue:
		return "it was time for its adverts and nobody better was heard" + c.late()
	case CauseSent:
		return "a round of adverts was sent, which extends its lease"
	case CauseLateReport:
		return "a round of adverts from before this state does not count"
	case CauseDemotion:
		return fmt.Sprintf("a change of demotion, to %d, does not decide alone", c.MyDemotion)
	case CauseReconfigured:
		return "new parameters do not change the state"
	case CauseAlreadyUp:
		return "its carpdev was up before"
	case CauseNotMaster:
		return "only a MASTER can hand over"
	default:
		return "the event is unknown"
	}
}

// compare tells both intervals.
func (c Cause) compare() string {
	demoted := ""
	if c.MyDemotion > 0 {
		demoted = fmt.Sprintf(" while demoted by %d", c.MyDemotion)
	}
	return fmt.Sprintf("%s advertises every %s and we would every %s (advskew %d%s)",
		c.peer(), secs(c.Theirs), secs(c.Mine), c.Advskew, demoted)
}

// peer names the sender of the advert.
func (c Cause) peer() string {
	if !c.From.IsValid() || c.From.IsUnspecified() {
		return "a node without an address"
	}
	return c.From.String()
}

// master names the MASTER that was followed, if any was heard.
func (c Cause) master() string {
	if !c.From.IsValid() {
		return "a MASTER"
	}
	return c.peer()
}

// self names us.
func (c Cause) self() string {
	if !c.Own.IsValid() {
		return "ours, as we have none"
	}
	return c.Own.String()
}

// late mentions a delay that is worth knowing.
func (c Cause) late() string {
	if c.Late <= readLate {
		return ""
	}
	return fmt.Sprintf(", %s late", secs(c.Late))
}

func secs(d time.Duration) string { return fmt.Sprintf("%.2f s", d.Seconds()) }
