package lab

import (
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/carpd/carpd/internal/carp"
)

// running says whether the node's interface has carrier.
func running(t *testing.T, n *Node) bool {
	t.Helper()
	var flags net.Flags
	must(t, n.Run(func() error {
		i, err := net.InterfaceByName(Interface)
		if err == nil {
			flags = i.Flags
		}
		return err
	}))
	return flags&net.FlagRunning != 0
}

func TestCutShowsCarrierLossOnlyWhenTheCableIsPulled(t *testing.T) {
	for how, carrier := range map[Cut]bool{CarrierLost: false, Silently: true} {
		t.Run(fmt.Sprintf("carrier=%t", carrier), func(t *testing.T) {
			l := newLab(t, Topology{Routers: 1})
			r1, client := l.Routers[0], l.Clients[0]
			p, err := client.Ping(r1.IPv4.Addr(), 5*time.Millisecond)
			must(t, err)
			must(t, p.WaitReply(within(t, 5*time.Second), time.Now()))
			must(t, r1.Cut(how))
			begin := time.Now()
			if running(t, r1) != carrier {
				t.Errorf("carrier after the cut: %t", !carrier)
			}
			time.Sleep(100 * time.Millisecond)
			if share, _ := p.Share(begin, time.Now()); share != 0 {
				t.Errorf("share of answers while cut off: %v", share)
			}
			must(t, r1.Heal(how))
			must(t, p.WaitReply(within(t, 5*time.Second), time.Now()))
			if !running(t, r1) {
				t.Error("no carrier after healing")
			}
		})
	}
}

func TestUnplugPlugAndRename(t *testing.T) {
	l := newLab(t, Topology{Routers: 1})
	r1 := l.Routers[0]
	must(t, r1.Rename(Interface, "lan0"))
	must(t, r1.Rename("lan0", Interface))
	must(t, r1.Unplug())
	if _, err := r1.Addresses(); err == nil || !strings.Contains(err.Error(), "not found") {
		t.Errorf("addresses of a missing interface: %v", err)
	}
	must(t, r1.Plug())
	p, err := l.Clients[0].Ping(r1.IPv6.Addr(), 5*time.Millisecond)
	must(t, err)
	must(t, p.WaitReply(within(t, 5*time.Second), time.Now()))
	list, err := r1.Addresses()
	must(t, err)
	if got := fmt.Sprint(list); got != "[192.0.2.11/24 2001:db8::11/64]" {
		t.Errorf("addresses %s", got)
	}
}

func TestLossTakesItsShare(t *testing.T) {
	Need(t, "nft")
	for name, perMille := range map[string][2]int{"from the node": {500, 0}, "to the node": {0, 500}} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t, Topology{Routers: 1})
			r1 := l.Routers[0]
			must(t, r1.Lose(perMille[0], perMille[1]))
			p, err := l.Clients[0].Ping(r1.IPv4.Addr(), time.Millisecond)
			must(t, err)
			must(t, p.WaitReply(within(t, 10*time.Second), time.Now()))
			begin := time.Now()
			time.Sleep(500 * time.Millisecond)
			if share, _ := p.Share(begin, time.Now()); share < 0.3 || share > 0.7 {
				t.Errorf("half of the frames lost: %v answered", share)
			}
			must(t, r1.Lose(0, 0))
			begin = time.Now()
			must(t, p.WaitReply(within(t, 5*time.Second), begin.Add(100*time.Millisecond)))
			if share, _ := p.Share(begin, begin.Add(90*time.Millisecond)); share < 0.99 {
				t.Errorf("loss ended: %v answered", share)
			}
		})
	}
}

func TestBlockStopsOneProtocol(t *testing.T) {
	Need(t, "nft")
	l := newLab(t, Topology{Routers: 1})
	r1 := l.Routers[0]
	must(t, r1.Block("ip protocol icmp"))
	if out, err := l.Clients[0].Command("ping", "-c1", "-W1", r1.IPv4.Addr().String()).Output(); err == nil {
		t.Errorf("a reply came through:\n%s", out)
	}
	must(t, r1.Block(""))
	if out, err := l.Clients[0].Command("ping", "-c1", "-W2", r1.IPv4.Addr().String()).Output(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// TestSnoopingSwitchForwardsAdvertsToMembersOnly uses ff02::12, because
// switches flood 224.0.0.0/24 whatever they snoop.
func TestSnoopingSwitchForwardsAdvertsToMembersOnly(t *testing.T) {
	for snooping, want := range map[bool]int{false: 1, true: 0} {
		t.Run(fmt.Sprintf("snooping=%t", snooping), func(t *testing.T) {
			l := newLab(t, Topology{Routers: 2, Snooping: snooping})
			r1, r2, client := l.Routers[0], l.Routers[1], l.Clients[0]
			join(t, r2)
			if snooping {
				time.Sleep(3 * time.Second) // the switch floods until it had its first answers
			}
			atClient, atMember := listenMulticast(t, client), listenMulticast(t, r2)
			frame := append([]byte{0x33, 0x33, 0, 0, 0, 0x12}, r1.MAC[:]...)
			frame = append(frame, 0x86, 0xdd, 0x60, 0, 0, 0, 0, 36, 112, 255)
			frame = append(frame, []byte{0xfe, 0x80, 15: 0x0b}...)
			frame = append(frame, []byte{0xff, 0x02, 15: 0x12}...)
			frame = append(frame, make([]byte, 36)...)
			sendRaw(t, r1, frame)
			if n := atMember(); n != 1 {
				t.Errorf("a member got %d copies", n)
			}
			if n := atClient(); n != want {
				t.Errorf("a node that did not join got %d copies, want %d", n, want)
			}
		})
	}
}

// join makes a node a member of ff02::12 until the test ends.
func join(t *testing.T, n *Node) {
	t.Helper()
	l, err := n.nl.LinkByName(Interface)
	must(t, err)
	must(t, n.Run(func() error {
		fd, err := unix.Socket(unix.AF_INET6, unix.SOCK_DGRAM, 0)
		if err != nil {
			return err
		}
		t.Cleanup(func() { _ = unix.Close(fd) })
		return unix.SetsockoptIPv6Mreq(fd, unix.IPPROTO_IPV6, unix.IPV6_JOIN_GROUP,
			&unix.IPv6Mreq{Multiaddr: carp.IPv6.Group().As16(), Interface: uint32(l.Attrs().Index)})
	}))
}

// listenMulticast counts frames to the IPv6 CARP group that reach a node
// within half a second.
func listenMulticast(t *testing.T, n *Node) func() int {
	t.Helper()
	var fd int
	must(t, n.Run(func() (err error) {
		fd, err = unix.Socket(unix.AF_PACKET, unix.SOCK_RAW, int(htons(typeIPv6)))
		if err != nil {
			return err
		}
		return unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &unix.Timeval{Usec: 100_000})
	}))
	t.Cleanup(func() { _ = unix.Close(fd) })
	return func() (count int) {
		b := make([]byte, 256)
		for end := time.Now().Add(500 * time.Millisecond); time.Now().Before(end); {
			if n, _, err := unix.Recvfrom(fd, b, 0); err == nil && n >= 21 && b[5] == 0x12 && b[20] == 112 {
				count++
			}
		}
		return count
	}
}
