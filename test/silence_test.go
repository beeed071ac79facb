package test

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/carpd/carpd/internal/carp"
	"github.com/carpd/carpd/internal/lab"
)

// eth1 is a second interface of a router in the same network.
const eth1 = "eth1"

// eth1MAC is its MAC.
func eth1MAC(n *lab.Node) carp.MAC { m := n.MAC; m[4] = 1; return m }

// hush watches what two nodes say about the group's addresses.
type hush struct {
	*site
	how    silence
	a, b   *carpd
	askers [2][]*lab.Asker      // by family
	from   map[string]time.Time // by node: when its programs were attached
	until  map[string]time.Time // by node: when it was asked to stop
}

// silence is one way in which the kernel may believe that an address is its own.
type silence struct {
	name    string
	prepare func(*site, *lab.Node) // before carpd starts
	// answers says in which families the kernel answers before carpd runs and after
	// it ended: in IPv6 only for the addresses of the interface that is asked.
	answers [2]bool
	groups  func(skew int) []group
}

// onMaster is the usual group.
func onMaster(skew int) []group { return []group{{skew: skew, preempt: true, addresses: both}} }

// alwaysThere is one whose addresses are there in every state.
func alwaysThere(skew int) []group {
	return []group{{skew: skew, preempt: true, addresses: both, more: "address: always\n"}}
}

// besides is the usual group, and another one on eth1, which is a carpdev thereby.
func besides(skew int) []group {
	return append(onMaster(skew), group{vhid: 2, carpdev: eth1, skew: skew, preempt: true, addresses: []string{"198.51.100.1/24", "2001:db8:2::1/64"}})
}

// on adds the addresses to an interface, as an operator would.
func on(dev string) func(*site, *lab.Node) {
	return func(s *site, n *lab.Node) {
		if dev == "dmz0" {
			s.ip(n, "link add dmz0 type veth peer name dmz1")
			s.ip(n, "link set dmz0 up")
			s.ip(n, "link set dmz1 up")
		}
		s.ip(n, "addr add 192.0.2.1/24 dev "+dev)
		s.ip(n, "addr add 2001:db8::1/64 nodad dev "+dev)
	}
}

// also plugs in a second interface.
func also(s *site, n *lab.Node) { s.must(n.PlugAlso(eth1, eth1MAC(n))) }

var (
	answersBoth = [2]bool{true, true}
	answersARP  = [2]bool{true, false}
)

var silences = []silence{
	{name: "on master", groups: onMaster},
	{name: "always", groups: alwaysThere},
	{name: "by the operator", prepare: on(lab.Interface), answers: answersBoth, groups: onMaster},
	{name: "by the operator and always", prepare: on(lab.Interface), answers: answersBoth, groups: alwaysThere},
	{name: "on lo", prepare: on("lo"), answers: answersARP, groups: onMaster},
	{name: "on another interface", prepare: on("dmz0"), answers: answersARP, groups: onMaster},
	{name: "on another carpdev", prepare: func(s *site, n *lab.Node) { also(s, n); on(eth1)(s, n) }, answers: answersBoth, groups: besides},
	{name: "asked on another carpdev", prepare: also, groups: besides},
	{name: "always and asked on another carpdev", prepare: also, groups: func(skew int) []group { return append(alwaysThere(skew), besides(skew)[1]) }},
}

// TestTheKernelIsSilent: from attach until a requested stop no answer for a group
// address leaves by a carpdev with another MAC than the virtual one, wherever
// the address is configured, in every state of carpd, whoever is asked, and
// unasked neither.
func TestTheKernelIsSilent(t *testing.T) {
	for _, c := range silences {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			h := newHush(t, c)
			h.takeTurns()
			h.judge()
			h.afterwards()
		})
	}
}

// newHush prepares the nodes, asks all the time, and starts carpd on both.
func newHush(t *testing.T, c silence) *hush {
	h := &hush{site: newSite(t, lab.Topology{Routers: 2}), how: c, from: map[string]time.Time{}, until: map[string]time.Time{}}
	for _, n := range h.Routers {
		for _, k := range []string{"ipv4.conf.all.arp_notify", "ipv6.conf.all.ndisc_notify", "ipv6.conf.all.keep_addr_on_down"} {
			h.must(n.Sysctl("net."+k, "1"))
		}
		for _, k := range []string{"ipv4.conf.eth0.arp_notify", "ipv6.conf.eth0.ndisc_notify", "ipv6.conf.eth0.keep_addr_on_down"} {
			h.must(n.Sysctl("net."+k, "1"))
		}
		if c.prepare != nil {
			c.prepare(h.site, n)
		}
	}
	h.ask()
	for _, n := range h.Routers {
		h.kernelAnswers(n, time.Time{}, c.answers)
	}
	h.a, h.b = h.attached(h.Routers[0], c.groups(0)), h.attached(h.Routers[1], c.groups(100))
	return h
}

// attached starts carpd and notes when its programs are there.
func (h *hush) attached(n *lab.Node, groups []group) *carpd {
	c := h.carpd(n, groups...)
	h.eventually(5*time.Second, "programs of "+n.Name, func() bool {
		for _, g := range c.status().Groups {
			if g.State == "INIT" {
				return false
			}
		}
		return true
	})
	h.from[n.Name] = time.Now()
	return c
}

// ask asks for both addresses: everybody, and each MAC that might answer.
func (h *hush) ask() {
	whom := []carp.MAC{{}, vmac1}
	for _, n := range h.Routers {
		whom = append(whom, n.MAC, eth1MAC(n))
	}
	for f, v := range []netip.Prefix{lab.Virtual4, lab.Virtual6} {
		for _, mac := range whom {
			a, err := h.client.AskAt(mac, v.Addr(), 25*time.Millisecond)
			h.must(err)
			h.askers[f] = append(h.askers[f], a)
		}
	}
}

// replies counts those of a node after an instant, by family.
func (h *hush) replies(n *lab.Node, after time.Time, match func(lab.Reply) bool) (count [2]int) {
	for f, askers := range h.askers {
		for _, a := range askers {
			for _, r := range a.Replies() {
				if node, _, _ := strings.Cut(r.Port, "-"); node == n.Name && r.At.After(after) && match(r) {
					count[f]++
				}
			}
		}
	}
	return count
}

// foreign is an answer with another MAC than the virtual one, anywhere in it.
func foreign(r lab.Reply) bool { return r.MAC != vmac1 || r.SrcMAC != vmac1 }

// kernelAnswers waits until a node's kernel has answered by itself in some families.
func (h *hush) kernelAnswers(n *lab.Node, after time.Time, in [2]bool) {
	h.t.Helper()
	// It needs room in its neighbour table, which all namespaces of a machine share.
	h.eventually(30*time.Second, "the kernel of "+n.Name+" answers by itself", func() bool {
		got := h.replies(n, after, foreign)
		return (got[0] > 0 || !in[0]) && (got[1] > 0 || !in[1])
	})
}

// answers waits until a node answers as the group.
func (h *hush) answers(n *lab.Node) {
	h.t.Helper()
	from := time.Now()
	h.eventually(5*time.Second, n.Name+" answers as the group", func() bool {
		got := h.replies(n, from, func(r lab.Reply) bool { return !foreign(r) })
		return got[0] > 5 && got[1] > 5
	})
}

// unasked has the kernel of a node say by itself where its addresses are.
func (h *hush) unasked(c *carpd) {
	own := map[string]carp.MAC{lab.Interface: c.node.MAC, eth1: eth1MAC(c.node)}
	for dev, mac := range own {
		if _, err := c.node.Command("ip", "link", "show", dev).Output(); err != nil {
			continue // Most have no eth1.
		}
		other := mac
		other[3] = 0xee
		h.ip(c.node, fmt.Sprintf("link set %s address %s", dev, other))
		h.ip(c.node, fmt.Sprintf("link set %s address %s", dev, mac))
	}
}

// takeTurns goes through the states: a MASTER beside a BACKUP, a hand-over, the
// MASTER stopped, the other one takes over, the stopped one killed, and the
// other asked to end.
func (h *hush) takeTurns() {
	h.a.is("MASTER", 8*time.Second)
	h.b.is("BACKUP", 2*time.Second)
	h.answers(h.a.node)
	h.unasked(h.a)
	h.unasked(h.b)
	h.a.write(h.how.groups(200)...)
	h.a.hangup("configuration reloaded")
	h.b.is("MASTER", 8*time.Second)
	h.a.is("BACKUP", 2*time.Second)
	h.answers(h.b.node)
	h.ip(h.a.node, "link set eth0 down")
	h.a.is("INIT", 2*time.Second)
	h.ip(h.a.node, "link set eth0 up")
	h.a.is("BACKUP", 5*time.Second)
	h.must(h.b.Freeze())
	h.a.is("MASTER", 10*time.Second)
	h.answers(h.a.node)
	h.unasked(h.b)
	h.must(h.b.Kill())
	h.answers(h.a.node)
	h.until[h.a.node.Name] = time.Now()
	h.until[h.b.node.Name] = time.Now()
	h.must(h.a.Stop(5 * time.Second))
}

// said is whether a node said something in the time in which it must be silent.
func (h *hush) said(port string, at time.Time) bool {
	node, _, _ := strings.Cut(port, "-")
	from, watched := h.from[node]
	return watched && at.After(from) && at.Before(h.until[node])
}

// judge looks at everything that was on the wire.
func (h *hush) judge() {
	h.t.Helper()
	for _, a := range append(h.askers[0], h.askers[1]...) {
		for _, r := range a.Replies() {
			if h.said(r.Port, r.At) && foreign(r) {
				h.t.Fatalf("%s after the programs were there %s answers by itself: %+v", r.At.Sub(h.from[strings.Split(r.Port, "-")[0]]), r.Port, r)
			}
		}
	}
	for _, c := range h.Wire.Claims(nil) {
		ours := c.Addr == lab.Virtual4.Addr() || c.Addr == lab.Virtual6.Addr()
		question := c.Request && c.Addr != c.Target
		if ours && !question && h.said(c.Port, c.At) && (c.MAC != vmac1 || c.SrcMAC != vmac1) {
			h.t.Errorf("%s says by itself: %+v", c.Port, c)
		}
	}
}

// afterwards checks that what the operator configured answers again after a
// requested stop, and that what carpd added is gone.
func (h *hush) afterwards() {
	h.t.Helper()
	if n := h.a.node; h.how.answers[0] {
		h.kernelAnswers(n, h.until[n.Name], h.how.answers)
		return
	}
	stopped := time.Now()
	time.Sleep(300 * time.Millisecond)
	if n := h.replies(h.a.node, stopped, func(lab.Reply) bool { return true }); n != [2]int{} {
		h.t.Errorf("%d answers of a node that was stopped", n)
	}
}
