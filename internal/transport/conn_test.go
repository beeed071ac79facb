package transport

import (
	"bytes"
	"errors"
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/gopacket/gopacket"
	"golang.org/x/sys/unix"

	"github.com/carpd/carpd/internal/carp"
)

// What is sent arrives on the other end byte for byte, in both families.
func TestSendOnTheWire(t *testing.T) {
	h := newHosts(t)
	c := h.open()
	var wire *tap
	h.over(func() { wire = h.tap(h.peer0) })
	for _, o := range []Outgoing{advert4(t), advert6(t)} {
		o.Ifindex = h.carp0
		must(0, c.SendAdvert(o))(t)
		wire.until("advert", same(AppendAdvert(nil, o)))
	}
	for _, mapped := range []string{"192.0.2.1", "::ffff:192.0.2.1"} {
		must(0, c.Announce(h.carp0, vhid1, netip.MustParseAddr(mapped), true))(t)
		wire.until("gratuitous ARP", same(recorded(t, "garp-openbsd")))
	}
	vip := netip.MustParseAddr("2001:db8::1")
	must(0, c.Announce(h.carp0, vhid1, vip, true))(t)
	wire.until("NA", same(AppendNA(nil, vhid1, vip, true)))
}

// same fits the frame of exactly these bytes.
func same(want []byte) func(gopacket.Packet) bool {
	return func(p gopacket.Packet) bool { return bytes.Equal(p.Data(), want) }
}

// The sending socket hears nothing, and its packets have the priority of
// network control.
func TestSendSocket(t *testing.T) {
	h := newHosts(t)
	oneCPU(t)
	c := h.open()
	var wire *tap
	h.over(func() {
		wire = h.tap(h.peer0)
		h.ping(h.open(), carp.IPv4)
	})
	wire.until("echo reply", isEchoReply)
	if n, _, err := unix.Recvfrom(c.fd, make([]byte, 2048), unix.MSG_DONTWAIT); !errors.Is(err, unix.EAGAIN) {
		t.Errorf("received %d bytes, %v", n, err)
	}
	if p := must(unix.GetsockoptInt(c.fd, unix.SOL_SOCKET, unix.SO_PRIORITY))(t); p != 7 {
		t.Errorf("priority %d, want 7", p)
	}
}

// Each error of the kernel has its name and is there itself.
func TestSendErrors(t *testing.T) {
	h := newHosts(t)
	c := h.open()
	send := func(ifindex, size int) error {
		o := advert4(t)
		o.Ifindex = ifindex
		o.Payload = make([]byte, size)
		return c.SendAdvert(o)
	}
	expect := func(err, class error, errno unix.Errno) {
		t.Helper()
		if !errors.Is(err, class) || !errors.Is(err, errno) {
			t.Errorf("error %q, want %q and %q", err, class, errno)
		}
	}
	expect(send(h.carp0, 1600), ErrTooBig, unix.EMSGSIZE)
	expect(send(4711, 36), ErrGone, unix.ENXIO)
	h.run("tc qdisc replace dev carp0 root bfifo limit 1") // Also: the qdisc is not bypassed.
	expect(send(h.carp0, 36), ErrDropped, unix.ENOBUFS)
	h.run("tc qdisc delete dev carp0 root")
	must(0, send(h.carp0, 36))(t)
	h.run("ip link set carp0 down")
	expect(send(h.carp0, 36), ErrDown, unix.ENETDOWN)
	expect(c.Announce(h.carp0, vhid1, here4, false), ErrDown, unix.ENETDOWN)
	h.run("ip link delete carp0")
	expect(send(h.carp0, 36), ErrGone, unix.ENXIO)

	want := "send IPv4 advert on interface 4711: interface does not exist: no such device or address"
	if d := cmp.Diff(want, send(4711, 36).Error()); d != "" {
		t.Error(d)
	}
	must(0, c.Close())(t)
	must(0, c.Close())(t)
	if err := send(h.carp0, 36); !errors.Is(err, ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
}

// A caller's mistake is told to the caller and puts nothing on the wire.
func TestSendWrongFamily(t *testing.T) {
	var c Conn
	c.fd = -1
	v4, v6 := netip.MustParseAddr("192.0.2.11"), netip.MustParseAddr("fe80::11")
	mapped := netip.AddrFrom16(v4.As16())
	for _, o := range []Outgoing{
		{Family: carp.IPv4, Src: v6, Dst: v4},
		{Family: carp.IPv4, Src: v4, Dst: v6},
		{Family: carp.IPv4, Dst: v4},
		{Family: carp.IPv6, Src: v4, Dst: v6},
		{Family: carp.IPv6, Src: mapped, Dst: v6},
		{Family: carp.IPv4, Src: mapped, Dst: v4},
	} {
		if err := c.SendAdvert(o); err == nil || errors.Is(err, ErrClosed) {
			t.Errorf("%v from %v to %v: error %v", o.Family, o.Src, o.Dst, err)
		}
	}
}
