package agent

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"github.com/carpd/carpd/internal/carp"
	"github.com/carpd/carpd/internal/config"
	"github.com/carpd/carpd/internal/dataplane"
	"github.com/carpd/carpd/internal/iface"
	"github.com/carpd/carpd/internal/transport"
)

// lan is a wire in memory: what one node sends the others' kernels receive.
type lan struct {
	t     *testing.T
	mu    sync.Mutex // guards nodes
	nodes []*node
	begin func(*node) // what a node is like from its first moment
}

// node is one carpd's loop with edges in memory. Its lists of what was done are
// in order; mu guards them against the worker.
type node struct {
	*Agent
	lan     *lan
	name    string
	own     netip.Addr
	mac     carp.MAC
	systems chan iface.System
	cancel  context.CancelFunc
	ended   chan struct{}
	late    atomic.Int64 // by how much the loop's clock is ahead
	err     error        // of Run, when it has ended

	mu         sync.Mutex
	did        []deed
	spoken     []string // adverts and announcements, with their source MACs
	said       []carp.Advert
	ring       []dataplane.Event
	ready      chan struct{}
	mute       bool // nobody is told that the ring is not empty
	answer     map[dataplane.Slot]time.Time
	accept     map[dataplane.Slot]time.Time
	slots      dataplane.Slot
	kernel     map[dataplane.Slot]dataplane.Group
	cut        bool
	sendErr    error
	joinErr    error
	attachErr  error
	driver     time.Duration        // how long a driver takes
	faulty     error                // what filter entries and addresses fail with
	kind       string               // of eth0
	attachment dataplane.Attachment // what the next look finds
	lost       uint64               // adverts for which the ring had no room
	slow       time.Duration        // how long an address takes
	present    map[netip.Addr]bool
	operators  map[netip.Addr]bool // there already, put there by somebody else
	routes     map[netip.Prefix]bool
	pinned
	judging
}

// deed is one thing that a node did, and when.
type deed struct {
	what string
	at   time.Time
}

const eth0 = 7

// start adds a node and lets it run.
func (l *lan) start(number byte, groups ...config.Group) *node {
	n := &node{
		lan: l, name: fmt.Sprint("node", number), own: netip.AddrFrom4([4]byte{192, 0, 2, 10 + number}),
		mac: carp.MAC{2, 0, 0, 0, 0, number}, systems: make(chan iface.System, 8), ended: make(chan struct{}),
		ready: make(chan struct{}, 1), answer: map[dataplane.Slot]time.Time{}, accept: map[dataplane.Slot]time.Time{},
		present: map[netip.Addr]bool{}, routes: map[netip.Prefix]bool{}, kernel: map[dataplane.Slot]dataplane.Group{},
	}
	l.mu.Lock()
	l.nodes = append(l.nodes, n)
	l.mu.Unlock()
	n.run(groups)
	return n
}

// run makes the loop and lets it run.
func (n *node) run(groups []config.Group) {
	n.Agent = New(Deps{
		Now: func() time.Time { return time.Now().Add(time.Duration(n.late.Load())) }, Wall: func(t time.Time) time.Time { return t },
		Transport: n, Dataplane: n, Addresses: n, Systems: n.systems,
		Router: func(string) bool { return false }, Log: zerolog.Nop(),
	}, &config.Config{Instance: "test", Groups: groups})
	if n.lan.begin != nil {
		n.lan.begin(n)
	}
	ctx, cancel := context.WithCancel(context.Background())
	n.cancel = cancel
	n.systems <- n.system(true)
	go func() { defer close(n.ended); n.err = n.Run(ctx) }()
}

// stop asks all nodes to leave and waits until they have.
func (l *lan) stop() {
	for _, n := range l.nodes {
		n.cancel()
	}
	for _, n := range l.nodes {
		<-n.ended
	}
}

// system is the node's picture of its interfaces.
func (n *node) system(up bool) iface.System {
	return iface.System{Links: []iface.Link{{
		Index: eth0, Name: "eth0", MAC: n.mac, Up: up, Kind: n.kind,
		Addrs: []netip.Prefix{netip.PrefixFrom(n.own, 24), netip.MustParsePrefix("fe80::" + fmt.Sprint(n.mac[5]) + "/64")},
	}}}
}

// do notes a deed.
func (n *node) do(format string, args ...any) {
	n.did = append(n.did, deed{fmt.Sprintf(format, args...), time.Now()})
}

// deeds are what was done since the given instant, and forgets nothing.
func (n *node) deeds(since time.Time) (out []string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, d := range n.did {
		if !d.at.Before(since) {
			out = append(out, d.what)
		}
	}
	return out
}

// state is the published state of the first group.
func (n *node) state() string { return n.Groups()[0].State }

// answering reports whether the node's kernel would answer now.
func (n *node) answering() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, until := range n.answer {
		if until.After(time.Now()) {
			return true
		}
	}
	return false
}

// Transport.

func (n *node) Join(int) error   { return n.joining("join") }
func (n *node) Rejoin(int) error { return n.joining("rejoin") }
func (n *node) Leave(int)        { n.locked("leave") }

func (n *node) joining(what string) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.do("%s", what)
	return n.joinErr
}

func (n *node) locked(format string, args ...any) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.do(format, args...)
}

func (n *node) SendAdvert(o transport.Outgoing) error {
	n.mu.Lock()
	if n.sendErr != nil {
		defer n.mu.Unlock()
		return n.sendErr
	}
	adv, err := carp.Parse(o.Payload)
	if err != nil {
		n.lan.t.Errorf("%s sent a bad advert: %v", n.name, err)
	}
	if !slices.Contains(n.counters, adv.Counter) {
		n.lan.t.Errorf("%s sent an advert before the kernel knew its counter", n.name)
	}
	what := "advert " + o.Family.String()
	if adv.IsBowOut() {
		what = "bow-out " + o.Family.String()
	}
	n.do("%s", what)
	n.spoken = append(n.spoken, fmt.Sprintf("%s from %s", what, o.SrcMAC))
	n.said = append(n.said, adv)
	cut := n.cut
	n.mu.Unlock()
	if cut {
		return nil
	}
	n.lan.mu.Lock()
	defer n.lan.mu.Unlock()
	for _, peer := range n.lan.nodes {
		if peer != n {
			peer.receive(o, adv)
		}
	}
	return nil
}

func (n *node) receive(o transport.Outgoing, adv carp.Advert) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.cut {
		return
	}
	slot := n.slotOf(adv.VHID)
	n.ring = append(n.ring, dataplane.Event{
		Kind: n.judge(slot, adv), At: time.Now(), Ifindex: eth0, Slot: slot, VHID: adv.VHID,
		Family: o.Family, TTL: carp.TTL, Src: o.Src, Dst: o.Dst, MAC: o.SrcMAC, Payload: slices.Clone(o.Payload),
	})
	if n.mute {
		return
	}
	select {
	case n.ready <- struct{}{}:
	default:
	}
}

func (n *node) Announce(_ int, mac carp.MAC, addr netip.Addr, _ bool) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.do("announce %s", addr)
	n.spoken = append(n.spoken, fmt.Sprintf("announce %s from %s", addr, mac))
	return nil
}

// Dataplane.

func (n *node) Attach(int, string) (dataplane.Attachment, error) {
	time.Sleep(n.driverTime())
	n.mu.Lock()
	defer n.mu.Unlock()
	n.do("attach")
	return n.attachment, n.attachErr
}

func (n *node) Look(int) (dataplane.Attachment, error) {
	time.Sleep(n.driverTime())
	n.mu.Lock()
	defer n.mu.Unlock()
	att := n.attachment
	n.attachment.Changes = nil
	return att, nil
}

func (n *node) driverTime() time.Duration {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.driver
}
func (n *node) Detach(int) error                  { n.locked("detach"); return nil }
func (n *node) SetLink(int, dataplane.Link) error { return nil }
func (n *node) SetOwn(int, []netip.Addr) error    { return nil }

func (n *node) AddGroup(g dataplane.Group) (dataplane.Slot, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for s := range n.left {
		if have := n.kernel[s]; have.VHID == g.VHID && have.Ifindex == g.Ifindex {
			delete(n.left, s)
			n.adopted[s] = true
			return s, n.take(s, g)
		}
	}
	n.slots++
	return n.slots, n.take(n.slots, g)
}

func (n *node) ReplaceGroup(s dataplane.Slot, g dataplane.Group) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.do("replace")
	return n.take(s, g)
}

// take gives a slot its VHID and addresses, if no other slot has one of them.
func (n *node) take(s dataplane.Slot, g dataplane.Group) error {
	for other, have := range n.kernel {
		shared := have.VHID == g.VHID || slices.ContainsFunc(g.Addresses, func(a netip.Addr) bool { return slices.Contains(have.Addresses, a) })
		if other != s && !n.left[other] && have.Ifindex == g.Ifindex && shared {
			return dataplane.ErrTaken
		}
	}
	n.kernel[s] = g
	return nil
}

// slotOf is where the kernel has a VHID; 0 is nowhere.
func (n *node) slotOf(v carp.VHID) dataplane.Slot {
	for s, g := range n.kernel {
		if g.VHID == v {
			return s
		}
	}
	return 0
}

func (n *node) RemoveGroup(s dataplane.Slot) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	delete(n.answer, s)
	delete(n.accept, s)
	delete(n.kernel, s)
	return nil
}

func (n *node) SetState(dataplane.Slot, dataplane.State) error { return nil }

func (n *node) Answer(s dataplane.Slot, until time.Time) {
	n.promise("answer", n.answer, s, until)
}

func (n *node) Accept(s dataplane.Slot, until time.Time) {
	n.promise("accept", n.accept, s, until)
}

func (n *node) promise(what string, m map[dataplane.Slot]time.Time, s dataplane.Slot, until time.Time) {
	n.mu.Lock()
	defer n.mu.Unlock()
	m[s] = until
	if until.IsZero() {
		n.do("%s never", what)
		return
	}
	n.do("%s for %v", what, time.Until(until))
}

func (n *node) Ready() <-chan struct{} { return n.ready }

func (n *node) Counters() (dataplane.Counters, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	c := dataplane.Counters{Groups: map[dataplane.Slot]dataplane.Packets{1: {carp.RingFull: n.lost}}}
	return c, nil
}

func (n *node) Drain(f func(dataplane.Event)) error {
	n.mu.Lock()
	ring := n.ring
	n.ring = nil
	n.mu.Unlock()
	for _, e := range ring {
		f(e)
	}
	return nil
}

// inLAN runs a test in virtual time.
func inLAN(t *testing.T, f func(t *testing.T, l *lan)) {
	synctest.Test(t, func(t *testing.T) {
		l := &lan{t: t}
		defer l.stop()
		f(t, l)
	})
}

// pass lets virtual time go by.
func pass(d time.Duration) { time.Sleep(d); synctest.Wait() }

// settings of a group on eth0 with one address per given text.
func settings(skew uint8, addrs ...string) config.Group {
	if len(addrs) == 0 {
		addrs = []string{"192.0.2.1/24"}
	}
	g := config.Group{VHID: 1, Carpdev: "eth0", Advbase: 1, Advskew: skew, Preempt: true, Lease: carp.Lease(1)}
	g.Secret, _ = carp.NewSecret([]byte("mekmitasdigoat"))
	for _, a := range addrs {
		g.Addresses = append(g.Addresses, netip.MustParsePrefix(a))
	}
	return g
}
