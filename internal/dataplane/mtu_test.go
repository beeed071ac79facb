package dataplane

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"github.com/cilium/ebpf/link"
	"golang.org/x/sys/unix"

	"github.com/carpd/carpd/internal/carp"
)

// mtu sets the MTU of eth0.
func (s *space) mtu(t *testing.T, mtu int) error {
	t.Helper()
	eth0, err := s.nl.LinkByName("eth0")
	if err != nil {
		t.Fatal(err)
	}
	return s.nl.LinkSetMTU(eth0, mtu)
}

// jumbo is a frame of the client to the router that is no business of ours.
func (l *lan) jumbo(n int) []byte {
	f := append(append(append([]byte{}, l.routerMAC[:]...), l.clientMAC[:]...), 0x88, 0xb5)
	return append(f, bytes.Repeat([]byte{0x5a}, n-len(f))...)
}

// Native XDP takes frames of more than one page, since carp_rx knows fragments,
// and an MTU that is raised while it is attached. Questions are answered, and
// long frames of others arrive whole.
func TestJumboFrames(t *testing.T) {
	for _, before := range []int{9000, 1500} {
		l := newLAN(t)
		if err := errors.Join(l.router.mtu(t, before), l.client.mtu(t, before)); err != nil {
			t.Fatal(err)
		}
		d, slot := l.loadIn(t, Options{XDP: "native", Devices: l.looks(t, nil)})
		if a := l.look(t, d); a.Mode != "native" {
			t.Fatalf("%+v", a)
		}
		if err := errors.Join(l.router.mtu(t, 9000), l.client.mtu(t, 9000)); err != nil {
			t.Fatalf("MTU raised from %d: %v", before, err)
		}
		if a := l.look(t, d); a.Mode != "native" || len(a.Changes) > 0 {
			t.Errorf("after the MTU was raised: %+v", a)
		}
		seen, p := l.router.tap(t, l.routerIf), l.client.tap(t, l.clientIf)
		long := l.jumbo(9000)
		p.send(t, long)
		if f := seen.nextLong(t, 10*time.Second); !bytes.Equal(f, long) {
			t.Errorf("of %d bytes %d arrived", len(long), len(f))
		}
		// What native XDP sends is lost without a program on the peer, which here
		// knows no fragments: the kernel lets it onto a usual MTU alone.
		if err := l.router.mtu(t, 1500); err != nil {
			t.Fatal(err)
		}
		foreignXDP(t, l.client, l.clientIf, link.XDPDriverMode)
		d.Answer(slot, later())
		if l.answerTo(t, p, arpRequest, 10*time.Second) == nil {
			t.Error("not answered")
		}
		if n := packets(t, d, slot)[carp.ArpAnswered]; n != 1 {
			t.Errorf("%d answers", n)
		}
		// And it refuses to raise the MTU of the other end beyond what that takes.
		if err := l.router.mtu(t, 9000); !errors.Is(err, unix.EINVAL) {
			t.Errorf("MTU beyond the peer's program: %v", err)
		}
	}
}

// nextLong is the next frame of the experimental type, of any length.
func (p *tap) nextLong(t *testing.T, within time.Duration) []byte {
	t.Helper()
	tv := unix.NsecToTimeval(within.Nanoseconds())
	if err := unix.SetsockoptTimeval(p.fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &tv); err != nil {
		t.Fatal(err)
	}
	for buf := make([]byte, 1<<16); ; {
		n, _, err := unix.Recvfrom(p.fd, buf, 0)
		if err != nil {
			return nil
		}
		if n > 14 && buf[12] == 0x88 && buf[13] == 0xb5 {
			return buf[:n]
		}
	}
}
