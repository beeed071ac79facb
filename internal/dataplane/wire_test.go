package dataplane

import (
	"net"
	"strings"
	"testing"
	"time"

	"github.com/vishvananda/netlink"

	"github.com/carpd/carpd/internal/boottime"
	"github.com/carpd/carpd/internal/carp"
)

func TestAnswerStaysInItsVLAN(t *testing.T) {
	for _, wish := range []string{"generic", "off"} {
		l := newLAN(t)
		d := load(t, Options{XDP: wish})
		l.attach(t, d)
		slot := addGroup(t, d, Group{Ifindex: l.routerIf, VLAN: 5, VHID: 1, Addresses: addrs("192.0.2.1")})
		d.Answer(slot, later())
		p := l.client.tap(t, l.clientIf)
		// A third tag is beyond us, even if the outer one is beside the frame.
		p.send(t, tagged(arpRequest, [2]uint16{0x8100, 5}, [2]uint16{0x8100, 0}, [2]uint16{0x8100, 0}))
		p.send(t, tagged(arpRequest, [2]uint16{0x8100, 5}))
		frame := p.next(t, 5*time.Second, func(f []byte) bool { return f[6] == 0 })
		want := tagged(unhex("020000000099 00005e000101 0806"+fixed+reply+"00005e000101 c0000201"+client), [2]uint16{0x8100, 5})
		if string(frame) != string(want) {
			t.Errorf("xdp %s: got %x, want %x", wish, frame, want)
		}
		if n := packets(t, d, slot)[carp.ArpAnswered]; n != 1 {
			t.Errorf("xdp %s: %d answers", wish, n)
		}
	}
}

// The agent is gone: its descriptors are closed, the pins remain. The kernel
// keeps the promise until the deadline and is silent from then on.
func TestLeaseEndsWithoutAgent(t *testing.T) {
	for _, wish := range []string{"generic", "off"} {
		l := newLAN(t)
		l.router.address(t, "192.0.2.12/24")
		d, slot := l.loadIn(t, Options{XDP: wish})
		until := boottime.Now().Add(time.Second)
		d.Answer(slot, until)
		p := l.client.tap(t, l.clientIf)
		if err := d.Close(); err != nil {
			t.Fatal(err)
		}
		answered := 0
		for {
			asked := boottime.Now()
			if !l.asks(t, p) {
				if boottime.Now().Before(until) {
					t.Errorf("xdp %s: silent %v before the deadline", wish, until.Sub(boottime.Now()))
				}
				break
			}
			if answered++; asked.After(until) {
				t.Fatalf("xdp %s: answered %v after the deadline", wish, asked.Sub(until))
			}
		}
		if answered == 0 {
			t.Errorf("xdp %s: silent from the start", wish)
		}
		for range 20 {
			if l.asks(t, p) {
				t.Fatalf("xdp %s: answered again", wish)
			}
		}
	}
}

func TestUDPToTheVirtualMACReachesASocket(t *testing.T) {
	for _, wish := range []string{"native", "generic", "off"} {
		l := newLAN(t)
		l.router.address(t, "192.0.2.1/24")
		d, slot := l.loadIn(t, Options{XDP: wish})
		socket := l.router.udpSocket(t, "udp4", ":7")
		p := l.client.tap(t, l.clientIf)
		// got sends n frames to the virtual MAC and one to the interface's own, and
		// counts those of the first that reach the socket.
		got := func(n int) (reached int) {
			for range n {
				p.send(t, udpTo(carp.VHID(1).MAC(), "virtual"))
			}
			p.send(t, udpTo(l.routerMAC, "end"))
			if err := socket.SetReadDeadline(time.Now().Add(5 * time.Second)); err != nil {
				t.Fatal(err)
			}
			for buf := make([]byte, 64); ; reached++ {
				n, err := socket.Read(buf)
				if err != nil {
					t.Fatal(err)
				}
				if string(buf[:n]) == "end" {
					return reached
				}
			}
		}
		if n := got(3); n != 0 {
			t.Errorf("xdp %s: %d of 3 frames came in without a lease", wish, n)
		}
		d.Accept(slot, later())
		if n := got(3); n != 3 {
			t.Errorf("xdp %s: %d of 3 frames came in", wish, n)
		}
		d.Accept(slot, past())
		if n := got(3); n != 0 {
			t.Errorf("xdp %s: %d of 3 frames came in after the lease", wish, n)
		}
		if c := packets(t, d, slot); c[carp.Accepted] != 3 || c[carp.NotAccepted] != 6 {
			t.Errorf("xdp %s: %d accepted, %d not", wish, c[carp.Accepted], c[carp.NotAccepted])
		}
	}
}

// udpTo is a datagram from 192.0.2.99 to port 7 of 192.0.2.1.
func udpTo(dst carp.MAC, text string) []byte {
	f := patch(toVirtual, 0, dst[:]...)
	f = append(f, text...)
	f[17], f[39] = byte(28+len(text)), byte(8+len(text))
	sum := carp.Checksum(f[14:34])
	return patch(f, 24, byte(sum>>8), byte(sum))
}

func TestFramesFromTheGroupOnTheWire(t *testing.T) {
	l := newLAN(t)
	l.router.address(t, "192.0.2.1/24")
	d, slot := l.loadIn(t, Options{})
	p := l.client.tap(t, l.clientIf)
	// The neighbour is known, so that the stack asks nobody.
	err := l.router.nl.NeighAdd(&netlink.Neigh{LinkIndex: l.routerIf, State: netlink.NUD_PERMANENT,
		IP: net.IPv4(192, 0, 2, 99), HardwareAddr: l.clientMAC[:]})
	if err != nil {
		t.Fatal(err)
	}
	socket := l.router.udpSocket(t, "udp4", ":0")
	send := func(to byte) {
		_, err := socket.WriteToUDP([]byte("x"), &net.UDPAddr{IP: net.IPv4(192, 0, 2, to), Port: 9})
		if err != nil && !strings.Contains(err.Error(), "not permitted") {
			t.Fatal(err)
		}
	}
	isUDP := func(f []byte) bool { return f[12] == 8 && f[13] == 0 && f[23] == 17 }
	isARP := func(f []byte) bool { return f[12] == 8 && f[13] == 6 }

	d.Answer(slot, later())
	send(99)
	if f := p.next(t, 5*time.Second, isUDP); f == nil || string(f[6:12]) != "\x00\x00\x5e\x00\x01\x01" {
		t.Errorf("UDP while leased: %x", f)
	}
	send(98)
	want := unhex("ffffffffffff 00005e000101 0806" + fixed + ask + "00005e000101 c0000201 000000000000 c0000262")
	if f := p.next(t, 5*time.Second, isARP); string(f) != string(want) {
		t.Errorf("ARP while leased: %x, want %x", f, want)
	}

	d.Answer(slot, past())
	d.Accept(slot, later())
	send(99)
	if f := p.next(t, 5*time.Second, isUDP); f == nil || string(f[6:12]) != string(l.routerMAC[:]) {
		t.Errorf("UDP while leaving: %x", f)
	}
	d.Accept(slot, past())
	before := packets(t, d, slot)[carp.Held]
	send(99)
	if n := packets(t, d, slot)[carp.Held]; n <= before {
		t.Errorf("%d held, before %d", n, before)
	}
}

// Neighbour Solicitations are answered with the virtual MAC while the group is
// leased, and the stack, which holds the address, sees none of them. One without
// an option grows on the way.
func TestSolicitationOnTheWire(t *testing.T) {
	for _, wish := range []string{"generic", "off"} {
		l := newLAN(t)
		l.router.address(t, "2001:db8::1/128")
		l.router.address(t, "fe80::12/64")
		d, slot := l.loadIn(t, Options{XDP: wish})
		p := l.client.tap(t, l.clientIf)
		isNA := func(f []byte) bool { return len(f) > 78 && f[12] == 0x86 && f[54] == 136 }
		// An answer to this one shows that the stack has seen what came before.
		other := patch(patch(solicitation, 38, addr16("ff02::1:ff00:12")...), 62, addr16("fe80::12")...)
		other = patch(other, 0, 0x33, 0x33, 0xff, 0, 0, 0x12)
		asks := func(ask []byte) []byte {
			p.send(t, ask)
			p.send(t, icmp6(other))
			f := p.next(t, 5*time.Second, isNA)
			if f != nil && f[62] == 0x20 {
				p.next(t, 5*time.Second, isNA)
				return f
			}
			if f == nil {
				t.Fatalf("xdp %s: no answer from the stack", wish)
			}
			return nil
		}
		if f := asks(solicitation); f != nil {
			t.Errorf("xdp %s: answered without a lease: %x", wish, f)
		}
		d.Answer(slot, later())
		for _, ask := range [][]byte{solicitation, ndPlain, ndTwo} {
			if f := asks(ask); string(f) != string(ndAnswer) {
				t.Errorf("xdp %s: leased: %x, want %x", wish, f, ndAnswer)
			}
		}
		if c := packets(t, d, slot); c[carp.NdAnswered] != 3 || c[carp.NdSilent] != 1 || c[carp.Rewritten] != 0 {
			t.Errorf("xdp %s: %d answered, %d silent, %d rewritten", wish, c[carp.NdAnswered], c[carp.NdSilent], c[carp.Rewritten])
		}
	}
}

// icmp6 puts the right checksum into an ICMPv6 packet.
func icmp6(f []byte) []byte {
	f = patch(f, 56, 0, 0)
	pseudo := append(append([]byte{}, f[22:54]...), 0, 0, f[18], f[19], 0, 0, 0, 58)
	sum := carp.Checksum(append(pseudo, f[54:]...))
	return patch(f, 56, byte(sum>>8), byte(sum))
}

// Good adverts go on to the stack, where tcpdump sees them; refused ones do not.
func TestAdvertsAreVisibleOnTheHost(t *testing.T) {
	for _, wish := range []string{"generic", "native"} {
		l := newLAN(t)
		d, slot := l.loadIn(t, Options{XDP: wish})
		seen, p := l.router.tap(t, l.routerIf), l.client.tap(t, l.clientIf)
		p.send(t, patch(unhex(freebsd4), 22, 254))
		p.send(t, unhex(freebsd4))
		frame := seen.next(t, 5*time.Second, func(f []byte) bool { return f[23] == 112 })
		if string(frame) != string(unhex(freebsd4)) {
			t.Errorf("xdp %s: saw %x", wish, frame)
		}
		<-d.Ready()
		if n := len(events(t, d)); n != 1 {
			t.Errorf("xdp %s: %d events", wish, n)
		}
		if c := packets(t, d, slot); c[carp.OK] != 1 || c[carp.BadTTL] != 1 {
			t.Errorf("xdp %s: %d ok, %d bad TTL", wish, c[carp.OK], c[carp.BadTTL])
		}
	}
}
