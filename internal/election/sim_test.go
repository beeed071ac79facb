package election

import (
	"container/heap"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"time"

	"github.com/carpd/carpd/internal/carp"
)

// world is a LAN with routers of one group in virtual time. A node stands for
// a whole carpd: its machine, the ring in which adverts wait to be read, and
// what the kernel was told about its lease.
type world struct {
	rng    *rand.Rand
	now    time.Time
	end    time.Time
	queue  agenda
	serial uint64
	nodes  []*node

	cut  [3][3]bool // adverts from one node to another are lost
	loss float64    // and so is this part of all others

	lastFault, lastLost time.Time
	setting             setting
	broken              mutation
	found               map[string]string // violated invariant to its first sight
	trace               []string
	steps               int
}

// setting is what kind of group a world has.
type setting struct {
	equal      bool // all nodes have the same advbase and advskew
	unnumbered bool // some node has no address of its own
	ipv4, ipv6 bool
}

// node is one router.
type node struct {
	w       *world
	id      int
	life    int // counts restarts; what was planned for an earlier life is void
	m       *Machine
	params  Params
	address [2]netip.Addr // source of its adverts by family

	linkUp, dead, frozen, stopped bool
	freezeMidRound                bool  // freeze between the adverts and their report
	unreported                    *Sent // what it will report when it thaws
	waits                         bool  // a reading of the ring is planned

	ring        []Received
	answerUntil time.Time // what the kernel was told last
}

// running reports whether the node takes part: its carpd lives, on a link.
func (n *node) running() bool { return !n.dead && !n.frozen && n.linkUp && !n.stopped }

// appointment is something that will happen.
type appointment struct {
	at     time.Time
	serial uint64
	do     func()
}

// agenda is a heap of appointments in order of time.
type agenda []appointment

func (a agenda) Len() int      { return len(a) }
func (a agenda) Swap(i, j int) { a[i], a[j] = a[j], a[i] }
func (a agenda) Less(i, j int) bool {
	return a[i].at.Before(a[j].at) || a[i].at.Equal(a[j].at) && a[i].serial < a[j].serial
}
func (a *agenda) Push(x any) { *a = append(*a, x.(appointment)) }
func (a *agenda) Pop() any {
	last := (*a)[len(*a)-1]
	*a = (*a)[:len(*a)-1]
	return last
}

// after plans something.
func (w *world) after(d time.Duration, do func()) {
	w.serial++
	heap.Push(&w.queue, appointment{w.now.Add(d), w.serial, do})
}

// between is a random duration.
func (w *world) between(low, high time.Duration) time.Duration {
	return low + time.Duration(w.rng.Int64N(int64(high-low)+1))
}

// run lets the world go on until its end.
func (w *world) run() {
	for len(w.queue) > 0 && w.now.Before(w.end) {
		next := heap.Pop(&w.queue).(appointment)
		w.now = next.at
		next.do()
		w.checkWorld()
	}
}

// say keeps the last lines of the story, for when an invariant is violated.
func (w *world) say(format string, args ...any) {
	if len(w.trace) >= 400 {
		w.trace = append(w.trace[:0], w.trace[200:]...)
	}
	w.trace = append(w.trace, fmt.Sprintf("%12.6f ", w.now.Sub(epoch).Seconds())+fmt.Sprintf(format, args...))
}

// start begins a new life of the node.
func (n *node) start() {
	n.life++
	n.m = New(n.params)
	if drop := n.w.broken.dropRule; drop != nil {
		n.m.rules = profile.without(drop...)
	}
	n.ring, n.unreported, n.answerUntil = nil, nil, time.Time{}
	n.dead, n.frozen, n.stopped, n.freezeMidRound = false, false, false, false
	n.step(LinkUp{})
}

// step gives the machine an event and does what it says, as the agent would.
func (n *node) step(e Event) {
	w := n.w
	if w.broken.before != nil && !w.broken.before(n, e) {
		return
	}
	w.steps++
	fx := n.m.Step(w.now, e)
	if w.broken.after != nil {
		w.broken.after(&fx)
	}
	w.checkStep(n, e, fx)
	if fx.Changed() {
		w.say("node %d %s→%s: %s", n.id, fx.From, fx.To, fx.Cause.Sentence())
	}
	switch e.(type) {
	case Sent, Reconfigured:
		n.answerUntil = n.m.LeaseUntil()
	default:
		if fx.Changed() {
			n.answerUntil = n.m.LeaseUntil()
		}
	}
	switch {
	case fx.Send:
		n.round(fx.Advert)
	case fx.BowOut:
		for i := range 3 {
			w.after(time.Duration(i)*10*time.Millisecond, func() { n.transmit(fx.Advert) })
		}
	}
	n.plan(fx.Wake)
}

// plan has the node wake at its deadline, or up to 2 ms later.
func (n *node) plan(wake time.Time) {
	if wake.IsZero() {
		return
	}
	life := n.life
	n.w.after(max(0, wake.Sub(n.w.now))+n.w.between(0, 2*time.Millisecond), func() {
		if n.life == life && !n.m.Deadline().After(n.w.now) {
			n.awake()
		}
	})
}

// awake reads all that has arrived, and then acts upon the deadline.
func (n *node) awake() {
	if n.dead || n.frozen {
		return
	}
	n.waits = false
	if n.unreported != nil {
		sent := *n.unreported
		n.unreported = nil
		n.step(sent)
	}
	for len(n.ring) > 0 && !n.frozen {
		r := n.ring[0]
		n.ring = n.ring[1:]
		n.step(r)
	}
	if d := n.m.Deadline(); !n.frozen && !d.IsZero() && !d.After(n.w.now) {
		n.step(Tick{})
	}
}

// round sends adverts and reports them, unless the node is frozen in between.
func (n *node) round(a carp.Advert) {
	n.transmit(a)
	sent := Sent{At: n.w.now}
	if n.freezeMidRound {
		n.freezeMidRound, n.frozen, n.unreported = false, true, &sent
		n.w.say("node %d freezes in the middle of a round", n.id)
		return
	}
	n.step(sent)
}

// transmit puts an advert on the wire in every family, to every node. Who
// listens in a family that the sender has no more addresses of misses it.
func (n *node) transmit(a carp.Advert) {
	if !n.linkUp {
		return
	}
	for _, f := range carp.Families {
		for _, to := range n.w.nodes {
			switch {
			case to == n || to.dead || !to.linkUp || !to.m.params.uses(f):
			case !n.m.params.uses(f):
				n.w.lastLost = n.w.now
			default:
				n.w.carry(a, f, n, to)
			}
		}
	}
}

// carry brings an advert from one node to another, or loses it. It takes up to
// 2 ms, and now and then up to 40 ms, so that adverts overtake each other.
func (w *world) carry(a carp.Advert, f carp.Family, from, to *node) {
	if w.cut[from.id][to.id] || w.loss > 0 && w.rng.Float64() < w.loss {
		w.lastLost = w.now
		return
	}
	delay := w.between(20*time.Microsecond, 2*time.Millisecond)
	if w.rng.IntN(20) == 0 {
		delay = w.between(0, 40*time.Millisecond)
	}
	r := Received{Advert: a, Family: f, From: from.address[f], FromGroup: from.address[f] == groupAddress[f]}
	life := to.life
	w.after(delay, func() { to.arrive(r, life) })
}

// arrive puts an advert into the ring, to be read within a millisecond.
func (n *node) arrive(r Received, life int) {
	if n.dead || !n.linkUp || n.life != life || !n.m.params.uses(r.Family) {
		return
	}
	r.Own, r.At = n.address[r.Family], n.w.now
	n.ring = append(n.ring, r)
	if !n.frozen && !n.waits {
		n.waits = true
		n.w.after(n.w.between(0, time.Millisecond), n.awake)
	}
}
