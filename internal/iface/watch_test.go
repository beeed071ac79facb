package iface

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/carpd/carpd/internal/carp"
)

func isUpLink(l Link) bool   { return l.Up }
func isDownLink(l Link) bool { return !l.Up }

// has fits an interface with the address.
func has(p string) func(Link) bool {
	return func(l Link) bool { return slices.Contains(l.Addrs, netip.MustParsePrefix(p)) }
}

// The first System is whole and comes without any change.
func TestWatchFirst(t *testing.T) {
	host(t)
	index := pair(t, "wa0")
	run(t, "ip link set wa0 address 02:00:00:00:00:11")
	run(t, "ip addr add 192.0.2.10/24 dev wa0")
	run(t, "ip addr add 192.0.2.11/24 dev wa0")
	run(t, "ip addr add 2001:db8::10/64 dev wa0 nodad")
	l := watching(t).link("first", "wa0", func(Link) bool { return true })
	if l.Index != index || l.MAC != (carp.MAC{2, 0, 0, 0, 0, 0x11}) || !l.Up || l.Loopback || l.Kind != "veth" || l.Master != "" {
		t.Errorf("link %+v", l)
	}
	want := prefixes("192.0.2.10/24", "192.0.2.11/24", "2001:db8::10/64")
	if !slices.Equal(l.Addrs[:3], want) {
		t.Errorf("addresses %v, want %v first", l.Addrs, want)
	}
}

func TestWatchLoopback(t *testing.T) {
	host(t)
	w := watching(t)
	l := w.link("loopback", "lo", func(l Link) bool { return l.Loopback && !l.Up })
	if l.MAC != (carp.MAC{}) {
		t.Errorf("MAC %v", l.MAC)
	}
	run(t, "ip link set lo up") // Its operational state is always unknown.
	w.link("loopback up", "lo", isUpLink)
}

// Everything that can happen to a carpdev is seen, in the order in which it
// happens.
func TestWatchLife(t *testing.T) {
	host(t)
	w := watching(t)
	first := pair(t, "wb0")
	if l := w.link("late appearance", "wb0", isUpLink); l.Index != first {
		t.Errorf("index %d, want %d", l.Index, first)
	}
	run(t, "ip link set wb0 down")
	w.link("administratively down", "wb0", isDownLink)
	run(t, "ip link set wb0 up")
	w.link("up again", "wb0", isUpLink)
	run(t, "ip link set wb0p down")
	w.link("no carrier", "wb0", isDownLink)
	run(t, "ip link set wb0p up")
	w.link("carrier", "wb0", isUpLink)

	run(t, "ip addr add 192.0.2.10/24 dev wb0")
	w.link("IPv4 address", "wb0", has("192.0.2.10/24"))
	run(t, "ip addr add 2001:db8::10/64 dev wb0 nodad")
	w.link("IPv6 address", "wb0", has("2001:db8::10/64"))
	run(t, "ip addr del 192.0.2.10/24 dev wb0")
	w.link("address gone", "wb0", func(l Link) bool { return !has("192.0.2.10/24")(l) })
	run(t, "ip link set wb0 address 02:00:00:00:00:22")
	w.link("other MAC", "wb0", func(l Link) bool { return l.MAC == carp.MAC{2, 0, 0, 0, 0, 0x22} })

	run(t, "ip link set wb0 name wb1")
	if l := w.link("renamed", "wb1", isUpLink); l.Index != first {
		t.Errorf("renamed: index %d, want %d", l.Index, first)
	}
	run(t, "ip link delete wb1")
	w.until("vanished", func(s System) bool { _, ok := s.ByIndex(first); return !ok })
	second := pair(t, "wb1")
	if l := w.link("re-created", "wb1", isUpLink); l.Index != second || second == first {
		t.Errorf("re-created: index %d, want %d and not %d", l.Index, second, first)
	}
}

// A port knows its bridge, and what is on top of an interface is seen; the other
// end of a veth pair is not on top of it.
func TestWatchUppers(t *testing.T) {
	host(t)
	w := watching(t)
	pair(t, "wc0")
	w.link("nothing on top", "wc0", func(l Link) bool { return l.Master == "" && len(l.Uppers) == 0 })
	run(t, "ip link add wcbr type bridge")
	run(t, "ip link set wc0 master wcbr")
	w.link("bridge port", "wc0", func(l Link) bool {
		return l.Master == "wcbr" && l.MasterKind == "bridge" && slices.Equal(l.Uppers, []string{"wcbr"})
	})
	run(t, "ip link set wc0 nomaster")
	w.link("no port", "wc0", func(l Link) bool { return l.Master == "" && len(l.Uppers) == 0 })
	run(t, "ip link add link wc0 name wcmac type macvlan mode private")
	w.link("macvlan", "wc0", func(l Link) bool { return slices.Equal(l.Uppers, []string{"wcmac"}) })
	l, _ := w.last.ByName("wcmac")
	if l.Kind != "macvlan" || len(l.Uppers) != 0 {
		t.Errorf("macvlan %+v", l)
	}
	run(t, "ip link delete wcmac")
	w.link("no macvlan", "wc0", func(l Link) bool { return len(l.Uppers) == 0 })
}

// Not every master is a bridge, and an index in another namespace means nothing
// in this one.
func TestPictureUppers(t *testing.T) {
	attrs := func(index int, name string) netlink.LinkAttrs {
		return netlink.LinkAttrs{Index: index, Name: name, NetNsID: -1}
	}
	nic := &netlink.Device{LinkAttrs: attrs(2, "eth0")}
	nic.MasterIndex = 3
	bond := &netlink.GenericLink{LinkAttrs: attrs(3, "bond0"), LinkType: "bond"}
	vlan := &netlink.Vlan{LinkAttrs: attrs(4, "bond0.7")}
	vlan.ParentIndex = 3
	guest := &netlink.Macvlan{LinkAttrs: attrs(5, "guest")}
	guest.ParentIndex, guest.NetNsID = 3, 0
	tunnel := &netlink.GenericLink{LinkAttrs: attrs(6, "gre1"), LinkType: "gre"}
	tunnel.ParentIndex = 3

	s := picture([]netlink.Link{tunnel, guest, vlan, bond, nic}, nil)
	var got []string
	for _, l := range s.Links {
		got = append(got, fmt.Sprintf("%d %s [%s] %v", l.Index, l.Name, l.MasterKind, l.Uppers))
	}
	want := []string{"2 eth0 [bond] [bond0]", "3 bond0 [] [bond0.7]", "4 bond0.7 [] []", "5 guest [] []", "6 gre1 [] []"}
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

func TestIsUp(t *testing.T) {
	for state, want := range map[netlink.LinkOperState]bool{
		netlink.OperUnknown: true, netlink.OperNotPresent: false, netlink.OperDown: false,
		netlink.OperLowerLayerDown: false, netlink.OperTesting: true, netlink.OperDormant: true, netlink.OperUp: true,
	} {
		if got := isUp(&netlink.LinkAttrs{Flags: net.FlagUp, OperState: state}); got != want {
			t.Errorf("%v: up %v", state, got)
		}
		if isUp(&netlink.LinkAttrs{OperState: state}) {
			t.Errorf("%v: up although administratively down", state)
		}
	}
}

// A change that changes nothing for us is not sent: there is no news.
func TestWatchOnlyNews(t *testing.T) {
	host(t)
	pair(t, "wd0")
	w := watching(t)
	settled := func(l Link, ok bool) bool { return ok && l.Up && len(l.Addrs) == 1 }
	w.until("both ends have their link-local address", func(s System) bool {
		return settled(s.ByName("wd0")) && settled(s.ByName("wd0p"))
	})
	var seen []System
	done := make(chan struct{})
	go func() {
		defer close(done)
		w.until("the address", func(s System) bool {
			seen = append(seen, s)
			l, _ := s.ByName("wd0")
			return has("192.0.2.10/24")(l)
		})
	}()
	for i := range 10 {
		run(t, fmt.Sprintf("ip link set wd0 txqueuelen %d", 100+i))
	}
	run(t, "ip addr add 192.0.2.10/24 dev wd0")
	<-done
	if len(seen) != 1 {
		t.Errorf("%d Systems for one change that matters", len(seen))
	}
}

// The bell says when messages were lost, and rings for what comes after that.
func TestBellOverrun(t *testing.T) {
	host(t)
	pair(t, "we0")
	b := must(openBell())(t)
	defer b.close()
	small(t, b)
	for i := range 50 {
		run(t, fmt.Sprintf("ip addr add 192.0.2.%d/32 dev we0", i+1))
	}
	if overrun := must(b.wait())(t); !overrun {
		t.Error("no overrun: the test proves nothing")
	}
	run(t, "ip addr del 192.0.2.1/32 dev we0")
	if overrun := must(b.wait())(t); overrun {
		t.Error("overrun by a single message")
	}
}

// small makes the receive buffer as small as the kernel allows.
func small(t *testing.T, b *bell) {
	t.Helper()
	var err error
	noError(t, b.raw.Control(func(fd uintptr) {
		err = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVBUF, 1)
	}))
	noError(t, err)
}

// However many changes come at once, and however slow the receiver is, the last
// System that it gets is the truth.
func TestWatchStorm(t *testing.T) {
	host(t)
	pair(t, "wf0")
	ctx, stop := context.WithCancel(context.Background())
	b := must(openBell())(t)
	small(t, b)
	w := &watched{t: t, systems: must(watchWith(ctx, zerolog.Nop(), b))(t), stop: stop}
	defer w.end()
	var batch strings.Builder
	for i := range 1000 {
		fmt.Fprintf(&batch, "addr add 10.0.%d.%d/32 dev wf0\n", i/250, i%250+1)
	}
	ipBatch(t, batch.String())
	w.link("all addresses", "wf0", func(l Link) bool {
		n := 0
		for _, p := range l.Addrs {
			if p.Addr().Is4() {
				n++
			}
		}
		return n == 1000
	})
}

// Watch ends with its context, also while nobody receives, and closes its channel.
func TestWatchEnds(t *testing.T) {
	host(t)
	for _, receive := range []bool{true, false} {
		w := watching(t)
		if receive {
			<-w.systems
		}
		w.stop()
		late := time.After(patience)
		for open := true; open; {
			select {
			case _, open = <-w.systems:
			case <-late:
				t.Fatal("the channel stays open")
			}
		}
	}
}

// When the notifications cannot be read any more, the receiver is told.
func TestWatchBroken(t *testing.T) {
	host(t)
	b := must(openBell())(t)
	systems := must(watchWith(context.Background(), zerolog.Nop(), b))(t)
	b.close()
	for range systems {
	}
}
