package dataplane

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"github.com/cilium/ebpf/link"

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
		{"", "none", vethGeneric, 0},
		{"auto", "none", vethGeneric, 0},
		{"native", "native", "xdp: native in the configuration", 0},
		{"generic", "generic", "xdp: generic in the configuration", 0},
		{"off", "none", "xdp: off in the configuration", 0},
		{"auto", "none", "of somebody else holds the interface", link.XDPGenericMode},
		{"auto", "none", "of somebody else holds the interface", link.XDPDriverMode},
		{"native", "none", "of somebody else holds the interface", link.XDPDriverMode},
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
			o := Options{XDP: c.wish, Instance: instanceName(), Devices: l.looks(t, nil)}
			d, slot := l.loadIn(t, o)
			var a Attachment
			l.router.do(t, func() { a, _ = d.Attachment(l.routerIf) })
			if a.Mode != c.mode || !strings.HasSuffix(a.Why, c.why) || a.Ingress != "first of 1" || a.Egress != "last of 1" {
				t.Errorf("%+v", a)
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
	if err := d.SetLink(l.routerIf, Link{MAC: l.routerMAC}); err != nil {
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
	d, _ := l.loadIn(t, Options{XDP: "generic"})
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
