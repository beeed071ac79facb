package election

import (
	"fmt"
	"strings"
	"time"
)

// The invariants, asserted at every step of the simulation.
const (
	// While the world is settled, at most one node is MASTER and at most one
	// kernel answers. Settled: no fault, reconfiguration or lost advert for the
	// largest master-down time and two of the largest advert intervals. Equal
	// nodes that addresses cannot tell apart yield to each other and wait; three
	// of them may need two rounds of a master-down time and a TieWait for it.
	oneMaster = "at most one MASTER while settled"
	// Whatever single thing failed, a MASTER exists one master-down time and one
	// interval later. For nodes that addresses cannot tell apart see above, and
	// for them a lost advert counts as a failure too.
	someMaster = "a MASTER exists"
	// The best node that may be MASTER is: no settled MASTER is more demoted
	// than a BACKUP, or worse than one with preempt.
	rightMaster = "the right MASTER while settled"
	// No transition without a cause.
	hasCause = "no transition without a cause"
	// A MASTER sends nothing once the kernel's lease has run out.
	fenced = "nothing is sent after the lease"
	// Who takes over because adverts stopped had listened for a master-down
	// time, and finds no kernel answering for a dead or frozen node, unless an
	// advert was lost shortly before (or not sent, in a family just removed).
	leaseOver = "no take-over before the lease is over"
	// When a settled MASTER leaves on purpose, 100 ms later there is exactly one
	// other, unless an older advert of it overtook the bow-out. At least one, if nodes are equal, because the families may bring
	// the bow-out and the successor's advert in different order, or if some node
	// has no address. Not so if both hold: they yield to each other once.
	handover = "a graceful stop hands over at once"
	// A settled MASTER that hands over, while there is another node that is no
	// more demoted, is BACKUP 100 ms later and another one is MASTER, once its
	// last round of adverts was read.
	givenAway = "a group that is handed over goes to another node at once"
)

// violated keeps the first sight of a violated invariant with its story.
func (w *world) violated(invariant, format string, args ...any) {
	if _, seen := w.found[invariant]; seen {
		return
	}
	w.say("VIOLATED: %s: %s", invariant, fmt.Sprintf(format, args...))
	w.found[invariant] = strings.Join(w.trace[max(0, len(w.trace)-40):], "\n")
}

// slowest are the longest master-down time and interval of the group.
func (w *world) slowest() (down, interval time.Duration) {
	for _, n := range w.nodes {
		if n.m != nil {
			down, interval = max(down, n.m.MasterDownTime()), max(interval, n.m.interval())
		}
	}
	return down, interval
}

// tieTime is what nodes need that nothing tells apart.
func (w *world) tieTime() time.Duration {
	if !w.setting.equal || !w.setting.unnumbered {
		return 0
	}
	down, _ := w.slowest()
	return 2 * (down + time.Second)
}

// settled reports whether nothing has happened for long enough.
func (w *world) settled() bool {
	down, interval := w.slowest()
	quiet := down + 2*interval + w.tieTime()
	return w.now.Sub(w.lastFault) > quiet && w.now.Sub(w.lastLost) > quiet
}

// masters are the running nodes in MASTER.
func (w *world) masters() (masters []*node, running int) {
	for _, n := range w.nodes {
		if n.running() {
			running++
			if n.m.State() == Master {
				masters = append(masters, n)
			}
		}
	}
	return masters, running
}

// checkWorld looks at all nodes.
func (w *world) checkWorld() {
	masters, running := w.masters()
	if w.settled() {
		w.checkSettled(masters)
	}
	down, interval := w.slowest()
	patience, since := down+interval+w.tieTime(), w.lastFault
	if w.tieTime() > 0 {
		since = later(since, w.lastLost)
	}
	if running > 0 && len(masters) == 0 && w.now.Sub(since) > patience {
		w.violated(someMaster, "%d nodes run and none is MASTER", running)
	}
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// checkSettled looks at a world in which nothing has happened for a while.
func (w *world) checkSettled(masters []*node) {
	answering := 0
	for _, n := range w.nodes {
		if n.answerUntil.After(w.now) {
			answering++
		}
	}
	if len(masters) > 1 || answering > 1 {
		w.violated(oneMaster, "%d are MASTER, %d kernels answer", len(masters), answering)
	}
	if len(masters) != 1 {
		return
	}
	for _, n := range w.nodes {
		if n.running() && n.m.State() == Backup && n.shouldReplace(masters[0]) {
			w.violated(rightMaster, "node %d should replace node %d", n.id, masters[0].id)
		}
	}
}

// shouldReplace is written from the specification, not from the rules.
func (n *node) shouldReplace(master *node) bool {
	mine, theirs := min(255, n.m.Demotion()), min(255, master.m.Demotion())
	better := n.m.interval() < master.m.interval()
	return theirs > mine || n.params.Preempt && better && theirs == mine
}

// checkStep looks at one step of one node.
func (w *world) checkStep(n *node, e Event, fx Effects) {
	if fx.Changed() && fx.Cause.Kind == CauseNone {
		w.violated(hasCause, "node %d %s→%s on %T", n.id, fx.From, fx.To, e)
	}
	if fx.Send && fx.From == Master && w.now.After(n.answerUntil) {
		w.violated(fenced, "node %d sends %v after its lease", n.id, w.now.Sub(n.answerUntil))
	}
	if fx.Changed() && fx.To == Master && (fx.Cause.Kind == CauseMasterDown || fx.Cause.Kind == CauseFamilyDown) {
		w.checkTakeOver(n, fx.Cause)
	}
}

// checkTakeOver looks at a node that takes over because adverts stopped.
func (w *world) checkTakeOver(n *node, c Cause) {
	if c.Silent < n.m.MasterDownTime() {
		w.violated(leaseOver, "node %d listened for %v only", n.id, c.Silent)
	}
	down, interval := w.slowest()
	if w.now.Sub(w.lastLost) <= down+2*interval {
		return
	}
	for _, other := range w.nodes {
		if (other.dead || other.frozen) && other.answerUntil.After(w.now) {
			w.violated(leaseOver, "node %d takes over, the kernel of node %d answers for another %v",
				n.id, other.id, other.answerUntil.Sub(w.now))
		}
	}
}

// expectHandover looks again 100 ms after a settled MASTER left, if nothing
// else happened in between.
func (w *world) expectHandover() {
	if w.tieTime() > 0 {
		return
	}
	since := w.now
	w.after(100*time.Millisecond, func() {
		masters, running := w.masters()
		if running == 0 || w.lastFault.After(since) || w.lastLost.After(since) {
			return
		}
		if len(masters) == 0 || len(masters) > 1 && !w.setting.unnumbered && !w.setting.equal {
			w.violated(handover, "of %d nodes that run, %d are MASTER", running, len(masters))
		}
	})
}

// othersHealthy reports whether every other node runs and is not demoted.
func (w *world) othersHealthy(but *node) bool {
	for _, n := range w.nodes {
		if n != but && (!n.running() || n.m.Demotion() > 0) {
			return false
		}
	}
	return true
}

// expectSuccessor looks again 100 ms after a settled MASTER has handed over.
func (w *world) expectSuccessor(from *node) {
	if w.tieTime() > 0 {
		return
	}
	since := w.now
	w.after(100*time.Millisecond, func() {
		if w.lastFault.After(since) || w.lastLost.After(since) {
			return
		}
		masters, _ := w.masters()
		if len(masters) == 0 || masters[0] == from {
			w.violated(givenAway, "node %d handed over and %d are MASTER", from.id, len(masters))
		}
	})
}
