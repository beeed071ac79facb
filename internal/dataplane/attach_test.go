package dataplane

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"github.com/cilium/ebpf/link"
	"github.com/vishvananda/netlink"

	"github.com/carpd/carpd/internal/boottime"
	"github.com/carpd/carpd/internal/carp"
)

// foreign is a program of somebody else that passes everything.
func foreign(t testing.TB, kind ebpf.ProgramType, verdict int32) *ebpf.Program {
	t.Helper()
	p, err := ebpf.NewProgram(&ebpf.ProgramSpec{
		Type: kind, License: "BSD", Name: "foreign",
		Instructions: asm.Instructions{asm.Mov.Imm(asm.R0, verdict), asm.Return()},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close() })
	return p
}

// foreignXDP puts a foreign XDP program onto eth0 of a namespace.
func foreignXDP(t *testing.T, s *space, ifindex int, flags link.XDPAttachFlags) *ebpf.Program {
	t.Helper()
	p := foreign(t, ebpf.XDP, 2)
	s.do(t, func() {
		l, err := link.AttachXDP(link.XDPOptions{Program: p, Interface: ifindex, Flags: flags})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = l.Close() })
	})
	return p
}

// xdpOn is the id of the XDP program on eth0, 0 if there is none.
func xdpOn(t *testing.T, s *space) uint32 {
	t.Helper()
	eth0, err := s.nl.LinkByName("eth0")
	if err != nil {
		t.Fatal(err)
	}
	if x := eth0.Attrs().Xdp; x != nil && x.Attached {
		return x.ProgId
	}
	return 0
}

func idOf(t *testing.T, p *ebpf.Program) uint32 {
	t.Helper()
	info, err := p.Info()
	if err != nil {
		t.Fatal(err)
	}
	id, _ := info.ID()
	return uint32(id)
}

// asks sends one ARP request for 192.0.2.1 and reports whether the virtual MAC
// answers. Silence is told from slowness by two requests, one after the other,
// that the stack answers: native XDP may send its answers after those to which
// frames of the same batch have moved the stack.
func (l *lan) asks(t *testing.T, p *tap) (answered bool) {
	t.Helper()
	p.send(t, padded(arpRequest))
	for range 2 {
		p.send(t, padded(request("192.0.2.12")))
		for {
			frame := p.next(t, 5*time.Second, isArpReply)
			if frame == nil {
				t.Fatal("no answer from the stack")
			}
			if frame[31] == 12 {
				break
			}
			if string(frame[6:12]) != "\x00\x00\x5e\x00\x01\x01" || string(frame[22:28]) != "\x00\x00\x5e\x00\x01\x01" {
				t.Fatalf("answer %x", frame)
			}
			answered = true
		}
	}
	return answered
}

func TestModes(t *testing.T) {
	for _, c := range []struct {
		wish, mode, why string
		foreign         link.XDPAttachFlags
	}{
		{"", "generic", "driver veth: native XDP loses answers unless the peer has an XDP program", 0},
		{"auto", "generic", "driver veth: native XDP loses answers unless the peer has an XDP program", 0},
		{"native", "native", "xdp: native in the configuration", 0},
		{"generic", "generic", "xdp: generic in the configuration", 0},
		{"off", "none", "xdp: off in the configuration", 0},
		{"auto", "none", "another XDP program holds the interface", link.XDPGenericMode},
		{"auto", "none", "another XDP program holds the interface", link.XDPDriverMode},
		{"native", "none", "another XDP program holds the interface", link.XDPDriverMode},
	} {
		t.Run(c.wish+" foreign "+map[link.XDPAttachFlags]string{0: "none", link.XDPGenericMode: "generic", link.XDPDriverMode: "native"}[c.foreign], func(t *testing.T) {
			l := newLAN(t)
			l.router.address(t, "192.0.2.12/24")
			var theirs uint32
			if c.foreign != 0 {
				theirs = idOf(t, foreignXDP(t, l.router, l.routerIf, c.foreign))
			}
			// What a native XDP program on a veth sends is lost without one on the peer.
			foreignXDP(t, l.client, l.clientIf, link.XDPDriverMode)
			o := Options{XDP: c.wish, Instance: instanceName()}
			d, slot := l.loadIn(t, o)
			a, ok := d.Attachment(l.routerIf)
			want := Attachment{l.routerIf, "eth0", c.mode, c.why, "first of 1", "last of 1"}
			if !ok {
				t.Fatal("not attached")
			}
			l.router.do(t, func() { a, _ = d.Attachment(l.routerIf) })
			if a != want {
				t.Errorf("got %+v, want %+v", a, want)
			}
			p := l.client.tap(t, l.clientIf)
			if l.asks(t, p) {
				t.Error("answered without a lease")
			}
			d.Answer(slot, later())
			for range 5 {
				if !l.asks(t, p) {
					t.Error("not answered")
				}
			}
			c6 := packets(t, d, slot)
			if c6[carp.ArpAnswered] != 5 || c6[carp.ArpSilent] != 1 {
				t.Errorf("%d answered and %d silent were counted, want 5 and 1", c6[carp.ArpAnswered], c6[carp.ArpSilent])
			}
			if err := Unload(o.Instance); err != nil {
				t.Fatal(err)
			}
			if got := xdpOn(t, l.router); got != theirs {
				t.Errorf("XDP program %d after Unload, want %d", got, theirs)
			}
		})
	}
}

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

// The stack answers Neighbour Solicitations while the group is leased; its
// answers leave with the virtual MAC.
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
		asks := func() []byte {
			p.send(t, icmp6(solicitation))
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
		if f := asks(); f != nil {
			t.Errorf("xdp %s: answered without a lease: %x", wish, f)
		}
		d.Answer(slot, later())
		if f := asks(); f == nil || string(f[6:12]) != "\x00\x00\x5e\x00\x01\x01" {
			t.Errorf("xdp %s: leased: %x", wish, f)
		}
		if c := packets(t, d, slot); c[carp.NdPassed] != 1 || c[carp.NdSilent] != 1 || c[carp.Rewritten] != 1 {
			t.Errorf("xdp %s: %d passed, %d silent, %d rewritten", wish, c[carp.NdPassed], c[carp.NdSilent], c[carp.Rewritten])
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

func TestPlacesAmongOthers(t *testing.T) {
	l := newLAN(t)
	p := foreign(t, ebpf.SchedCLS, -1)
	other := func(hook ebpf.AttachType, a link.Anchor) {
		l.router.do(t, func() {
			tcx, err := link.AttachTCX(link.TCXOptions{Interface: l.routerIf, Program: p, Attach: hook, Anchor: a})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = tcx.Close() })
		})
	}
	other(ebpf.AttachTCXIngress, link.Head())
	other(ebpf.AttachTCXEgress, link.Tail())
	o := Options{Instance: instanceName()}
	d := load(t, o)
	if a := l.attach(t, d); a.Ingress != "first of 2" || a.Egress != "last of 2" {
		t.Errorf("places %q and %q", a.Ingress, a.Egress)
	}
	p = foreign(t, ebpf.SchedCLS, -1)
	other(ebpf.AttachTCXIngress, link.Head())
	other(ebpf.AttachTCXEgress, link.Tail())
	if a := l.attach(t, d); a.Ingress != "number 2 of 3" || a.Egress != "number 2 of 3" {
		t.Errorf("places %q and %q after others came", a.Ingress, a.Egress)
	}
	if err := Unload(o.Instance); err != nil {
		t.Fatal(err)
	}
	l.router.do(t, func() {
		for _, hook := range []ebpf.AttachType{ebpf.AttachTCXIngress, ebpf.AttachTCXEgress} {
			chain, err := link.QueryPrograms(link.QueryOptions{Target: l.routerIf, Attach: hook})
			if err != nil || len(chain.Programs) != 2 {
				t.Errorf("%v: %v, %v: want the 2 of others", hook, chain, err)
			}
		}
		if a, _ := d.Attachment(l.routerIf); a.Ingress != "not attached" || a.Egress != "not attached" {
			t.Errorf("places %q and %q after Unload", a.Ingress, a.Egress)
		}
	})
}

func TestInterfaceThatVanishes(t *testing.T) {
	l := newLAN(t)
	d, slot := l.loadIn(t, Options{})
	if err := d.SetOwn(l.routerIf, addrs("192.0.2.12")); err != nil {
		t.Fatal(err)
	}
	old := l.routerIf
	eth0, err := l.router.nl.LinkByName("eth0")
	if err != nil {
		t.Fatal(err)
	}
	if err := l.router.nl.LinkDel(eth0); err != nil {
		t.Fatal(err)
	}
	if err := d.Detach(old); err != nil {
		t.Error(err)
	}
	if err := d.Detach(old); err != nil {
		t.Errorf("again: %v", err)
	}
	if _, ok := d.Attachment(old); ok {
		t.Error("still attached")
	}
	if links, err := os.ReadDir(filepath.Join(d.dir, linksDir)); err != nil || len(links) != 0 {
		t.Errorf("pinned links %v, %v", links, err)
	}
	if n := rows(t, d.objs.CarpLinks) + rows(t, d.objs.CarpOwn); n != 0 {
		t.Errorf("%d rows of the interface left", n)
	}

	l.join(t)
	l.router.address(t, "192.0.2.12/24")
	l.attach(t, d)
	if err := d.SetLink(l.routerIf, l.routerMAC, false); err != nil {
		t.Fatal(err)
	}
	if err := d.ReplaceGroup(slot, Group{Ifindex: l.routerIf, VHID: 1, Addresses: addrs("192.0.2.1")}); err != nil {
		t.Fatal(err)
	}
	d.Answer(slot, later())
	if !l.asks(t, l.client.tap(t, l.clientIf)) {
		t.Error("not answered on the new interface")
	}
}

func TestDetachLeavesTheInterfaceAsItWas(t *testing.T) {
	l := newLAN(t)
	d, _ := l.loadIn(t, Options{})
	if xdpOn(t, l.router) == 0 {
		t.Fatal("no XDP program")
	}
	if err := d.Detach(l.routerIf); err != nil {
		t.Fatal(err)
	}
	if id := xdpOn(t, l.router); id != 0 {
		t.Errorf("XDP program %d is left", id)
	}
	l.router.do(t, func() {
		for _, hook := range []ebpf.AttachType{ebpf.AttachTCXIngress, ebpf.AttachTCXEgress} {
			if chain, err := link.QueryPrograms(link.QueryOptions{Target: l.routerIf, Attach: hook}); err != nil || len(chain.Programs) != 0 {
				t.Errorf("%v: %v, %v", hook, chain, err)
			}
		}
	})
}

func TestAttachToNothing(t *testing.T) {
	l := newLAN(t)
	d := load(t, Options{})
	l.router.do(t, func() {
		if _, err := d.Attach(4711, "eth9"); err == nil {
			t.Error("attached to an interface that is not there")
		}
	})
	if links, err := os.ReadDir(filepath.Join(d.dir, linksDir)); err != nil || len(links) != 0 {
		t.Errorf("pinned links %v, %v", links, err)
	}
	if n := rows(t, d.objs.CarpLinks); n != 0 {
		t.Errorf("%d rows", n)
	}
}
