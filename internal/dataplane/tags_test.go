package dataplane

import (
	"testing"
	"time"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"github.com/cilium/ebpf/link"
	"golang.org/x/sys/unix"

	"github.com/carpd/carpd/internal/carp"
)

// pushTag has every frame that the client sends tagged with VLAN 5 by the
// kernel: the tag is beside the frame then, as it is behind a NIC that has
// rx-vlan-offload. Frames that are tagged already pass.
func (l *lan) pushTag(t *testing.T) {
	t.Helper()
	push, err := ebpf.NewProgram(&ebpf.ProgramSpec{
		Type: ebpf.SchedCLS, License: "GPL", Name: "push_tag",
		Instructions: asm.Instructions{
			asm.Mov.Imm(asm.R2, int32(htons(unix.ETH_P_8021Q))), asm.Mov.Imm(asm.R3, 5), asm.FnSkbVlanPush.Call(),
			asm.Mov.Imm(asm.R0, -1), asm.Return(),
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = push.Close() }()
	l.client.do(t, func() {
		tcx, err := link.AttachTCX(link.TCXOptions{Interface: l.clientIf, Program: push, Attach: ebpf.AttachTCXEgress})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = tcx.Close() })
	})
}

// isVirtual reports whether a frame comes from vhid 1.
func isVirtual(frame []byte) bool { return string(frame[6:12]) == "\x00\x00\x5e\x00\x01\x01" }

// answerTo sends a frame and returns what the virtual MAC answers to it in time;
// nil is silence.
func (l *lan) answerTo(t *testing.T, p *tap, frame []byte, within time.Duration) []byte {
	t.Helper()
	p.send(t, frame)
	return p.next(t, within, isVirtual)
}

// A request of another VLAN is not answered in the modes that auto takes,
// wherever its tag is. In forced modes it is answered when the tag is beside the
// frame, which is why auto does not take them: native XDP leaks into the wrong
// VLAN, generic XDP answers with an address that does not live in that one.
func TestRequestOfAnotherVLAN(t *testing.T) {
	wrong := unhex("020000000099 00005e000101 0806" + fixed + reply + "00005e000101 c0000201" + client)
	for _, c := range []struct {
		name, wish string
		beside     bool
		want       []byte
	}{
		{"auto, in the frame", "auto", false, nil},
		{"auto, beside the frame", "auto", true, nil},
		{"generic, in the frame", "generic", false, nil},
		{"generic, beside the frame", "generic", true, tagged(wrong, [2]uint16{0x8100, 5})},
		{"native, in the frame", "native", false, nil},
		{"native, beside the frame", "native", true, wrong},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := newLAN(t)
			foreignXDP(t, l.client, l.clientIf, link.XDPDriverMode) // What native XDP sends is lost without.
			d, slot := l.loadIn(t, Options{XDP: c.wish, Devices: l.looks(t, nil)})
			d.Answer(slot, later())
			p := l.client.tap(t, l.clientIf)
			if l.answerTo(t, p, arpRequest, 10*time.Second) == nil {
				t.Fatal("the request without a tag is not answered")
			}
			request, within := tagged(arpRequest, [2]uint16{0x8100, 5}), time.Second
			if c.beside {
				l.pushTag(t)
				request = arpRequest
			}
			if c.want != nil {
				within = 10 * time.Second
			}
			if got := l.answerTo(t, p, request, within); string(got) != string(c.want) {
				t.Errorf("answer %x, want %x", got, c.want)
			}
			answers := map[bool]uint64{false: 1, true: 2}[c.want != nil]
			if n := packets(t, d, slot)[carp.ArpAnswered]; n != answers {
				t.Errorf("%d answers were counted, want %d", n, answers)
			}
		})
	}
}
