package transport

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"testing"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"golang.org/x/sys/unix"

	"github.com/carpd/carpd/internal/carp"
)

// unicast is an advert from the peer to our own address.
func unicast(t *testing.T, h *hosts, f carp.Family) Outgoing {
	o := Outgoing{
		Ifindex: h.peer0, Family: f, Src: there4, Dst: here4,
		SrcMAC: vhid1, DstMAC: hereMAC, Payload: unhex(t, payload),
	}
	if f == carp.IPv6 {
		o.Src, o.Dst = there6, here6
	}
	return o
}

// isRefusal fits ICMP protocol unreachable and ICMPv6 parameter problem,
// unrecognized next header.
func isRefusal(p gopacket.Packet) bool {
	if l, ok := p.Layer(layers.LayerTypeICMPv4).(*layers.ICMPv4); ok {
		return l.TypeCode == layers.CreateICMPv4TypeCode(3, 2)
	}
	if l, ok := p.Layer(layers.LayerTypeICMPv6).(*layers.ICMPv6); ok {
		return l.TypeCode == layers.CreateICMPv6TypeCode(4, 1)
	}
	return false
}

// The stack refuses unicast adverts by ICMP, except while we are joined.
func TestUnicastAdvertIsNotRefused(t *testing.T) {
	for _, f := range carp.Families {
		t.Run(f.String(), func(t *testing.T) {
			h := newHosts(t)
			oneCPU(t)
			c := h.open()
			var peer *Conn
			var wire *tap
			h.over(func() { peer, wire = h.open(), h.tap(h.peer0) })
			refused := func() bool {
				must(0, peer.SendAdvert(unicast(t, h, f)))(t)
				h.ping(peer, f)
				for _, p := range wire.until("echo reply", isEchoReply) {
					if isRefusal(p) {
						return true
					}
				}
				return false
			}
			if !refused() {
				t.Fatal("not refused before Join: the test proves nothing")
			}
			h.run("ip link add other up type veth peer name otherp")
			must(0, c.Join(index(t, "other")))(t)
			if !refused() {
				t.Fatal("not refused on an interface that is no carpdev")
			}
			must(0, c.Join(h.carp0))(t)
			for i := range 300 { // More than a receive buffer would hold.
				if refused() {
					t.Fatalf("advert %d was refused although we are joined", i)
				}
			}
			must(0, c.Rejoin(h.carp0))(t)
			if refused() {
				t.Fatal("refused after Rejoin")
			}
			c.Leave(h.carp0)
			if !refused() {
				t.Fatal("not refused after Leave")
			}
		})
	}
}

// Nothing is queued on the raw sockets, so that they never fill.
func TestSocketsStayEmpty(t *testing.T) {
	h := newHosts(t)
	oneCPU(t)
	c := h.open()
	must(0, c.Join(h.carp0))(t)
	h.over(func() {
		peer, wire := h.open(), h.tap(h.peer0)
		for _, o := range []Outgoing{advert4(t), advert6(t), unicast(t, h, carp.IPv4), unicast(t, h, carp.IPv6)} {
			o.Ifindex = h.peer0
			must(0, peer.SendAdvert(o))(t)
		}
		h.ping(peer, carp.IPv4)
		wire.until("echo reply", isEchoReply)
	})
	for _, file := range []string{"raw", "raw6"} {
		table := strings.Split(strings.TrimSpace(string(must(os.ReadFile("/proc/thread-self/net/"+file))(t))), "\n")
		if len(table) != 2 {
			t.Fatalf("%s: %d sockets, want 1:\n%s", file, len(table)-1, strings.Join(table, "\n"))
		}
		if queues := strings.Fields(table[1])[4]; queues != "00000000:00000000" {
			t.Errorf("%s: tx_queue:rx_queue is %s", file, queues)
		}
	}
}

// joined reports whether a carpdev is a member of each family's group.
func joined(h *hosts, name string) [2]bool {
	h.t.Helper()
	out := h.run("ip maddr show dev " + name)
	return [2]bool{strings.Contains(out, "inet  224.0.0.18\n"), strings.Contains(out, "inet6 ff02::12\n")}
}

// The groups are joined by Join, once, and left by Leave and by Close.
func TestJoinAndLeave(t *testing.T) {
	h := newHosts(t)
	c := h.open()
	both, neither := [2]bool{true, true}, [2]bool{}
	step := func(what string, want [2]bool) {
		t.Helper()
		if got := joined(h, "carp0"); got != want {
			t.Errorf("%s: joined %v, want %v", what, got, want)
		}
	}
	step("at first", neither)
	must(0, c.Join(h.carp0))(t)
	must(0, c.Join(h.carp0))(t)
	step("joined", both)
	must(0, c.Rejoin(h.carp0))(t)
	step("rejoined", both)
	c.Leave(h.carp0)
	c.Leave(h.carp0)
	step("left", neither)
	must(0, c.Rejoin(h.carp0))(t)
	step("Rejoin without Join", both)
	must(0, c.Close())(t)
	step("closed", neither)
	for _, err := range []error{c.Join(h.carp0), c.Rejoin(h.carp0)} {
		if !errors.Is(err, ErrClosed) {
			t.Errorf("after Close: %v", err)
		}
	}
}

// report fits the multicast report by which a host joins the group: record type
// 4, CHANGE_TO_EXCLUDE_MODE with no sources.
func report(f carp.Family) func(gopacket.Packet) bool {
	record := append([]byte{4, 0, 0, 0}, f.Group().AsSlice()...)
	return func(p gopacket.Packet) bool {
		is := p.Layer(layers.LayerTypeIGMP) != nil
		if f == carp.IPv6 {
			is = p.Layer(layers.LayerTypeICMPv6) != nil
		}
		return is && bytes.Contains(p.Data(), record)
	}
}

// A snooping switch hears a report at Join and another one at Rejoin, after the
// carrier went and came back as well.
func TestRejoinReports(t *testing.T) {
	for _, f := range carp.Families {
		t.Run(f.String(), func(t *testing.T) {
			h := newHosts(t)
			c := h.open()
			var wire *tap
			h.over(func() { wire = h.tap(h.peer0) })
			reports := func(when string) {
				t.Helper()
				for i := range h.robustness[f] {
					wire.until(fmt.Sprintf("report %d at %s", i+1, when), report(f))
				}
			}
			must(0, c.Join(h.carp0))(t)
			reports("Join")
			must(0, c.Rejoin(h.carp0))(t)
			reports("Rejoin")
			h.bounce()
			must(0, c.Rejoin(h.carp0))(t)
			reports("Rejoin after carrier loss")
		})
	}
}

// The kernel's limit of memberships is one of a socket: it does not limit the
// number of carpdevs.
func TestManyCarpdevs(t *testing.T) {
	h := newHosts(t)
	h.sysctl("net/ipv4/igmp_max_memberships", "1")
	c := h.open()
	for i := range 5 {
		name := fmt.Sprintf("more%d", i)
		h.run("ip link add " + name + " up type veth peer name " + name + "p")
		must(0, c.Join(index(t, name)))(t)
		if got := joined(h, name); got != [2]bool{true, true} {
			t.Errorf("%s: joined %v", name, got)
		}
	}
}

// An interface without IPv6 is joined for IPv4, the error says so, and Rejoin
// catches up when IPv6 is there.
func TestNoIPv6(t *testing.T) {
	h := newHosts(t)
	c := h.open()
	step := func(err error, ipv6 bool) {
		t.Helper()
		if errors.Is(err, ErrNoIPv6) == ipv6 || (ipv6 && err != nil) {
			t.Errorf("error %v", err)
		}
		if got := joined(h, "carp0"); got != [2]bool{true, ipv6} {
			t.Errorf("joined %v", got)
		}
	}
	h.run("ip link set carp0 mtu 1000") // Less than IPv6 needs.
	step(c.Join(h.carp0), false)
	step(c.Rejoin(h.carp0), false)
	h.run("ip link set carp0 mtu 1500")
	step(c.Rejoin(h.carp0), true)
	h.run("ip link set carp0 mtu 1000") // It goes away while we are joined.
	step(c.Rejoin(h.carp0), false)
	h.run("ip link set carp0 mtu 1500")
	step(c.Rejoin(h.carp0), true)
}

// A host without IPv6 has no such sockets at all.
func TestNoIPv6OnTheHost(t *testing.T) {
	err := classify6(&net.OpError{Op: "listen", Err: os.NewSyscallError("socket", unix.EAFNOSUPPORT)})
	if !errors.Is(err, ErrNoIPv6) || !errors.Is(err, unix.EAFNOSUPPORT) {
		t.Errorf("error %v", err)
	}
	if err := classify6(unix.EMFILE); errors.Is(err, ErrNoIPv6) {
		t.Errorf("error %v", err)
	}
}

// A carpdev that does not exist, or exists no longer, is an error with a name,
// and leaves nothing behind.
func TestJoinGone(t *testing.T) {
	h := newHosts(t)
	c := h.open()
	if err := c.Join(4711); !errors.Is(err, ErrGone) {
		t.Errorf("Join: %v", err)
	}
	must(0, c.Join(h.carp0))(t)
	h.run("ip link delete carp0")
	if err := c.Rejoin(h.carp0); !errors.Is(err, ErrGone) {
		t.Errorf("Rejoin: %v", err)
	}
	if len(c.groups) != 0 {
		t.Errorf("left behind: %v", c.groups)
	}
	c.Leave(h.carp0)
}
