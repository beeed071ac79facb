package election

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"time"

	"github.com/carpd/carpd/internal/carp"
)

// newWorld makes three routers; everything about them comes from the seed.
func newWorld(seed uint64, length time.Duration, broken mutation) *world {
	w := &world{
		rng: rand.New(rand.NewPCG(seed, 112)), now: epoch, end: epoch.Add(length),
		lastFault: epoch, lastLost: epoch, broken: broken, found: map[string]string{},
	}
	w.setting = w.anySetting()
	if broken.setting != nil {
		broken.setting(&w.setting)
	}
	common := w.anyParams()
	for id := range 3 {
		n := &node{w: w, id: id, linkUp: true, params: w.vary(common, id)}
		// Further apart than an advert travels; otherwise a tie is met again.
		n.params.TieWait = time.Duration(id)*300*time.Millisecond + w.between(100*time.Millisecond, 250*time.Millisecond)
		if broken.params != nil {
			broken.params(&n.params)
		}
		n.number()
		w.nodes = append(w.nodes, n)
	}
	for _, n := range w.nodes {
		n.dead = true
		w.after(w.between(0, 2*time.Second), func() {
			w.disturbed("node %d is started", n.id)
			n.start()
		})
	}
	w.heartbeat()
	w.nextFault()
	return w
}

// anySetting draws the kind of group.
func (w *world) anySetting() setting {
	families := w.rng.IntN(4)
	return setting{
		equal: w.rng.IntN(3) == 0, unnumbered: w.rng.IntN(3) == 0,
		ipv4: families != 1, ipv6: families != 0,
	}
}

// anyParams are those that all nodes share.
func (w *world) anyParams() Params {
	p := settings(uint8(w.rng.IntN(255)), advbase(uint8(1+w.rng.IntN(2))))
	p.IPv4, p.IPv6 = w.setting.ipv4, w.setting.ipv6
	return p
}

// vary gives a node its own; an advskew that no other has, unless all are equal.
func (w *world) vary(p Params, id int) Params {
	p.Preempt = w.rng.IntN(2) == 0
	p.SharedTimer = w.rng.IntN(4) == 0
	p.MasterDown = MasterDown(w.rng.IntN(2))
	if !w.setting.equal {
		p.Advskew = uint8(3*w.rng.IntN(85) + id)
	}
	return p
}

// number gives the node its addresses, in opposite order by family.
func (n *node) number() {
	n.address[carp.IPv4] = netip.AddrFrom4([4]byte{192, 0, 2, byte(11 + n.id)})
	n.address[carp.IPv6] = netip.MustParseAddr(fmt.Sprintf("fe80::%x", 0x20-n.id))
	if n.w.setting.unnumbered && n.id > 0 {
		n.address = nowhere[n.w.rng.IntN(2)]
	}
}

// nowhere are the sources of nodes without an address: a BSD's choice.
var nowhere = [2][2]netip.Addr{
	groupAddress, // OpenBSD, FreeBSD and we
	{netip.IPv4Unspecified(), netip.IPv6Unspecified()}, // NetBSD
}

var groupAddress = [2]netip.Addr{group4, netip.MustParseAddr("2001:db8::1")}

// heartbeat has the invariants looked at when nothing else happens.
func (w *world) heartbeat() { w.after(500*time.Millisecond, w.heartbeat) }

// nextFault plans the next thing that goes wrong: sometimes soon, so that
// faults overlap, sometimes after the world has settled.
func (w *world) nextFault() {
	wait := w.between(5*time.Second, 60*time.Second)
	if w.rng.IntN(4) == 0 {
		wait = w.between(0, 4*time.Second)
	}
	w.after(wait, func() {
		w.fault()
		w.nextFault()
	})
}

// fault lets something go wrong with a node, or with the LAN.
func (w *world) fault() {
	n := w.nodes[w.rng.IntN(3)]
	other := w.nodes[(n.id+1+w.rng.IntN(2))%3]
	faults := []func(*node){
		(*node).crash, (*node).freeze, (*node).freeze, (*node).flap, (*node).demote, (*node).stop, (*node).handOver,
		(*node).reconfigure, func(*node) { w.lose() }, func(n *node) { w.sever(n, other) },
		func(*node) { w.editAddresses() },
	}
	if n.running() {
		faults[w.rng.IntN(len(faults))](n)
	}
}

// disturbed notes that something began or ended.
func (w *world) disturbed(format string, args ...any) {
	w.lastFault = w.now
	w.say(format, args...)
}

// crash kills carpd; what the kernel was told stays until its time is over.
func (n *node) crash() {
	n.dead = true
	n.w.disturbed("node %d crashes", n.id)
	n.w.after(n.w.between(50*time.Millisecond, 20*time.Second), func() {
		n.w.disturbed("node %d is started again", n.id)
		n.start()
	})
}

// freeze stops a node for a while; its ring goes on filling.
func (n *node) freeze() {
	n.w.disturbed("node %d freezes", n.id)
	if n.freezeMidRound = n.w.rng.IntN(3) == 0 && n.m.State() == Master; !n.freezeMidRound {
		n.frozen = true
	}
	life := n.life
	n.w.after(n.w.between(50*time.Millisecond, 12*time.Second), func() {
		if n.life != life || n.dead {
			return
		}
		n.w.disturbed("node %d thaws", n.id)
		n.frozen, n.freezeMidRound = false, false
		n.awake()
	})
}

// flap takes the link down for a while.
func (n *node) flap() {
	n.w.disturbed("node %d: link down", n.id)
	n.linkUp, n.ring = false, nil
	n.step(LinkDown{Why: LinkDownNow})
	n.w.after(n.w.between(50*time.Millisecond, 10*time.Second), func() {
		n.linkUp = true
		n.later(LinkUp{}, "link up")
	})
}

// demote raises the demotion, and ends it after a while.
func (n *node) demote() {
	total := 1 + n.w.rng.IntN(300)
	n.later(Demoted{Total: total}, fmt.Sprintf("demoted by %d", total))
	n.w.after(n.w.between(time.Second, 40*time.Second), func() { n.later(Demoted{}, "demoted no more") })
}

// stop makes the node leave on purpose, and starts it again.
func (n *node) stop() {
	// A round still under way could overtake the bow-out.
	settled := n.w.settled() && n.m.State() == Master && n.w.now.Sub(n.m.lead.round) > 50*time.Millisecond
	n.w.disturbed("node %d is stopped", n.id)
	n.stopped = true
	n.step(Shutdown{})
	if settled {
		n.w.expectHandover()
	}
	n.w.after(n.w.between(200*time.Millisecond, 10*time.Second), func() {
		n.stopped = false
		n.later(LinkUp{}, "started again")
	})
}

// handOver has the node bow out and demotes it by one, as carpd does when it is
// made to give a group away, and ends the demotion after a while.
func (n *node) handOver() {
	settled := n.w.settled() && n.m.State() == Master && n.m.Demotion() == 0 && n.w.now.Sub(n.m.lead.round) > 50*time.Millisecond
	n.w.disturbed("node %d hands over", n.id)
	n.step(HandOver{})
	n.step(Demoted{Total: n.m.Demotion() + 1})
	if settled && n.w.othersHealthy(n) {
		n.w.expectSuccessor(n)
	}
	n.w.after(n.w.between(5*time.Second, 40*time.Second), func() { n.later(Demoted{}, "demoted no more") })
}

// reconfigure changes settings of one node; equal nodes stay equal.
func (n *node) reconfigure() { n.apply(n.w.vary(n.params, n.id)) }

// apply gives the node new parameters.
func (n *node) apply(p Params) {
	n.params = p
	n.later(Reconfigured{Params: p}, fmt.Sprintf("reconfigured to %+v", p))
}

// editAddresses adds or removes the addresses of one family, on one node after
// the other.
func (w *world) editAddresses() {
	if !w.setting.ipv4 || !w.setting.ipv6 {
		return
	}
	for i, k := range w.rng.Perm(3) {
		n := w.nodes[k]
		w.after(time.Duration(i)*w.between(0, time.Second), func() {
			p := n.params
			p.IPv6 = !p.IPv6
			n.apply(p)
		})
	}
}

// later gives the node an event as soon as it can take one.
func (n *node) later(e Event, what string) {
	switch {
	case n.dead: // it will start with its parameters
		return
	case n.frozen:
		n.w.after(time.Second, func() { n.later(e, what) })
	default:
		n.w.disturbed("node %d: %s", n.id, what)
		n.step(e)
	}
}

// lose makes the LAN lossy for a while.
func (w *world) lose() {
	w.loss = 0.05 + 0.6*w.rng.Float64()
	w.disturbed("%.0f %% of adverts are lost", 100*w.loss)
	w.after(w.between(2*time.Second, 30*time.Second), func() {
		w.loss = 0
		w.disturbed("no more loss")
	})
}

// sever cuts two nodes off from each other, in one direction or both.
func (w *world) sever(a, b *node) {
	both := w.rng.IntN(2) == 0
	w.cut[a.id][b.id], w.cut[b.id][a.id] = true, both
	w.disturbed("node %d is not heard by %d, nor the reverse: %t", a.id, b.id, both)
	w.after(w.between(500*time.Millisecond, 20*time.Second), func() {
		w.cut[a.id][b.id], w.cut[b.id][a.id] = false, false
		w.disturbed("nodes %d and %d hear each other again", a.id, b.id)
	})
}
