package dataplane

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"
)

// look looks as carpd does now and then.
func (l *lan) look(t *testing.T, d *Dataplane) (a Attachment) {
	t.Helper()
	l.router.do(t, func() {
		var err error
		if a, err = d.Look(l.routerIf); err != nil {
			t.Fatal(err)
		}
	})
	return a
}

// nothing fails if a look found something to do.
func (l *lan) nothing(t *testing.T, d *Dataplane) {
	t.Helper()
	if a := l.look(t, d); len(a.Changes) > 0 {
		t.Errorf("once more: %q", a.Changes)
	}
}

// When the program of somebody else leaves, the next look climbs the ladder.
func TestLookAfterTheOtherProgramHasLeft(t *testing.T) {
	l := newLAN(t)
	l.router.address(t, "192.0.2.12/24")
	var theirs link.Link
	l.router.do(t, func() {
		var err error
		theirs, err = link.AttachXDP(link.XDPOptions{Program: foreign(t, ebpf.XDP, 2), Interface: l.routerIf, Flags: link.XDPGenericMode})
		if err != nil {
			t.Fatal(err)
		}
	})
	foreignXDP(t, l.client, l.clientIf, link.XDPDriverMode)
	looks := l.looks(t, hardware)
	d, slot := l.loadIn(t, Options{Devices: looks})
	d.Answer(slot, later())
	p := l.client.tap(t, l.clientIf)
	if a := l.look(t, d); a.Mode != "none" || len(a.Changes) > 0 || !l.asks(t, p) {
		t.Errorf("beside the other program: %+v", a)
	}
	if err := theirs.Close(); err != nil {
		t.Fatal(err)
	}
	a := l.look(t, d)
	if a.Mode != "native" || !slices.Equal(a.Changes, []string{"XDP mode native in place of none: the driver ixgbe has native XDP"}) {
		t.Errorf("after it has left: %+v", a)
	}
	if looks.tagsBeside(t, l.routerIf) || d.links[l.routerIf].Xdp == 0 || !l.asks(t, p) {
		t.Error("native XDP does not do the work")
	}
	l.nothing(t, d)
}

// An interface that becomes another one to XDP gets another mode, up and down.
func TestLookAtAnInterfaceThatChanges(t *testing.T) {
	l := newLAN(t)
	dev := Device{Driver: "ixgbe", NoXDP: true}
	d := load(t, Options{Devices: l.looks(t, func(of *Device) {
		of.Kind, of.Driver, of.NoXDP, of.TagsBeside, of.TagsFixed = "", dev.Driver, dev.NoXDP, dev.TagsBeside, dev.TagsFixed
	})})
	if a := l.attach(t, d); a.Mode != "generic" {
		t.Fatalf("%+v", a)
	}
	for _, c := range []struct {
		beside, noXDP bool
		mode          string
	}{{true, true, "none"}, {false, true, "generic"}, {false, false, "native"}, {false, true, "generic"}} {
		dev.TagsBeside, dev.NoXDP = c.beside, c.noXDP
		a := l.look(t, d)
		if a.Mode != c.mode || len(a.Changes) != 1 || (xdpOn(t, l.router) != 0) != (c.mode != "none") {
			t.Errorf("%+v: %+v", c, a)
		}
		l.nothing(t, d)
	}
}

// Tags that somebody takes out of the frames again are put back for native XDP.
func TestLookAtTags(t *testing.T) {
	l := newLAN(t)
	looks := l.looks(t, hardware)
	d := load(t, Options{Devices: looks})
	l.attach(t, d)
	if err := looks.RestoreTags(l.routerIf); err != nil || !looks.tagsBeside(t, l.routerIf) {
		t.Fatal("tags are still in the frames:", err)
	}
	if a := l.look(t, d); a.Mode != "native" || looks.tagsBeside(t, l.routerIf) {
		t.Errorf("%+v", a)
	}
}

// Programs that somebody has detached are attached again.
func TestLookAfterDetachedPrograms(t *testing.T) {
	l := newLAN(t)
	l.router.address(t, "192.0.2.12/24")
	d, slot := l.loadIn(t, Options{XDP: "generic", Devices: l.looks(t, nil)})
	d.Answer(slot, later())
	p := l.client.tap(t, l.clientIf)
	for _, program := range []string{bpfProgCarpIn, bpfProgCarpOut, bpfProgCarpRx} {
		if err := d.attached[l.routerIf].links[program].Detach(); err != nil {
			t.Fatal(err)
		}
		a := l.look(t, d)
		if a.Mode != "generic" || a.Ingress != "first of 1" || a.Egress != "last of 1" || xdpOn(t, l.router) == 0 {
			t.Errorf("%s: %+v", program, a)
		}
		if !slices.Contains(a.Changes, program+" had been detached by somebody and is attached again") {
			t.Errorf("%s: %q", program, a.Changes)
		}
		if !l.asks(t, p) {
			t.Errorf("%s: not answered", program)
		}
		l.nothing(t, d)
	}
}

// A driver that refuses is not asked again as long as nothing changes.
func TestLookLeavesARefusingDriverInPeace(t *testing.T) {
	l := newLAN(t)
	foreignXDP(t, l.router, l.routerIf, link.XDPGenericMode)
	// It is found out only by trying that the interface is held.
	looks := l.looks(t, func(d *Device) { hardware(d); d.XDP = 0 })
	d := load(t, Options{Devices: looks})
	if a := l.attach(t, d); a.Mode != "none" || a.Tried[0].Refusal != Held || looks.inlined != 1 {
		t.Fatalf("%+v after %d tries", a, looks.inlined)
	}
	l.nothing(t, d)
	if looks.inlined != 1 || !looks.tagsBeside(t, l.routerIf) {
		t.Errorf("tried %d times", looks.inlined)
	}
}

// Programs of others that push ours away are noticed, and left where they are.
func TestLookAtPlaces(t *testing.T) {
	l := newLAN(t)
	d := load(t, Options{})
	l.attach(t, d)
	l.nothing(t, d)
	l.router.do(t, func() {
		for hook, a := range map[ebpf.AttachType]link.Anchor{ebpf.AttachTCXIngress: link.Head(), ebpf.AttachTCXEgress: link.Tail()} {
			tcx, err := link.AttachTCX(link.TCXOptions{Interface: l.routerIf, Program: foreign(t, ebpf.SchedCLS, -1), Attach: hook, Anchor: a})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = tcx.Close() })
		}
	})
	a := l.look(t, d)
	want := []string{"carp_in is number 2 of 2 at TCX now, before first of 1", "carp_out is number 1 of 2 at TCX now, before last of 1"}
	if !slices.Equal(a.Changes, want) || len(a.Warnings) != 2 || !strings.Contains(a.Warnings[0], "number 2 of 2 at TCX ingress") {
		t.Errorf("%q, %q", a.Changes, a.Warnings)
	}
	l.nothing(t, d)
}

func TestLookWhereNothingIs(t *testing.T) {
	d := load(t, Options{})
	if _, err := d.Look(4711); !errors.Is(err, ErrNotAttached) {
		t.Errorf("error %v", err)
	}
}
