package dataplane

import (
	"errors"
	"net"
	"runtime"
	"testing"
	"time"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netns"
	"golang.org/x/sys/unix"

	"github.com/carpd/carpd/internal/carp"
)

// space is a network namespace of one test.
type space struct {
	ns netns.NsHandle
	nl *netlink.Handle
}

func newSpace(t *testing.T) *space {
	t.Helper()
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	home, err := netns.Get()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = home.Close() }()
	ns, err := netns.New()
	if err != nil {
		t.Fatal(err)
	}
	if err := netns.Set(home); err != nil {
		t.Fatal(err)
	}
	nl, err := netlink.NewHandleAt(ns)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { nl.Close(); _ = ns.Close() })
	return &space{ns: ns, nl: nl}
}

// do runs fn in the namespace.
func (s *space) do(t *testing.T, fn func()) {
	t.Helper()
	runtime.LockOSThread()
	home, err := netns.Get()
	if err != nil {
		t.Fatal(err)
	}
	if err := netns.Set(s.ns); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := netns.Set(home); err != nil {
			panic(err) // the thread would go on in the wrong namespace
		}
		_ = home.Close()
		runtime.UnlockOSThread()
	}()
	fn()
}

// lan is a router with eth0 and a client with eth0, joined by a veth.
type lan struct {
	router, client       *space
	routerIf, clientIf   int
	routerMAC, clientMAC carp.MAC
}

func newLAN(t *testing.T) *lan {
	t.Helper()
	needRoot(t)
	l := &lan{
		router: newSpace(t), client: newSpace(t),
		routerMAC: carp.MAC{2, 0, 0, 0, 0, 0x12}, clientMAC: carp.MAC{2, 0, 0, 0, 0, 0x99},
	}
	l.join(t)
	return l
}

// join makes the veth; it is needed again when a test has removed it.
func (l *lan) join(t *testing.T) {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(l.router.nl.LinkAdd(&netlink.Veth{
		LinkAttrs:        netlink.LinkAttrs{Name: "eth0", HardwareAddr: l.routerMAC[:]},
		PeerName:         "eth0",
		PeerHardwareAddr: l.clientMAC[:],
		PeerNamespace:    netlink.NsFd(l.client.ns),
	}))
	for _, s := range []*space{l.router, l.client} {
		eth0, err := s.nl.LinkByName("eth0")
		must(err)
		// No address of its own, so that nothing is on the wire but what a test sends.
		must(s.nl.LinkSetIP6AddrGenMode(eth0, 1))
		must(s.nl.LinkSetUp(eth0))
	}
	router, err := l.router.nl.LinkByName("eth0")
	must(err)
	client, err := l.client.nl.LinkByName("eth0")
	must(err)
	l.routerIf, l.clientIf = router.Attrs().Index, client.Attrs().Index
}

// address gives an address to eth0, without detection of duplicates.
func (s *space) address(t *testing.T, cidr string) {
	t.Helper()
	eth0, err := s.nl.LinkByName("eth0")
	if err != nil {
		t.Fatal(err)
	}
	a, err := netlink.ParseAddr(cidr)
	if err != nil {
		t.Fatal(err)
	}
	a.Flags = unix.IFA_F_NODAD
	if err := s.nl.AddrAdd(eth0, a); err != nil {
		t.Fatal(err)
	}
}

// tap is a packet socket: it sends frames and sees what passes, as tcpdump does.
type tap struct{ fd, ifindex int }

func (s *space) tap(t *testing.T, ifindex int) *tap {
	t.Helper()
	p := &tap{ifindex: ifindex}
	s.do(t, func() {
		var err error
		if p.fd, err = unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, int(htons(unix.ETH_P_ALL))); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = unix.Close(p.fd) })
		if err := unix.Bind(p.fd, &unix.SockaddrLinklayer{Protocol: htons(unix.ETH_P_ALL), Ifindex: ifindex}); err != nil {
			t.Fatal(err)
		}
		if err := unix.SetsockoptInt(p.fd, unix.SOL_PACKET, unix.PACKET_AUXDATA, 1); err != nil {
			t.Fatal(err)
		}
	})
	return p
}

func htons(v uint16) uint16 { return v<<8 | v>>8 }

func (p *tap) send(t *testing.T, frame []byte) {
	t.Helper()
	if err := unix.Sendto(p.fd, frame, 0, &unix.SockaddrLinklayer{Ifindex: p.ifindex}); err != nil {
		t.Fatal(err)
	}
}

// next is the next frame from the wire that fits, with its VLAN tag in place;
// nil if none comes in time.
func (p *tap) next(t *testing.T, within time.Duration, fits func([]byte) bool) []byte {
	t.Helper()
	for deadline := time.Now().Add(within); ; {
		left := time.Until(deadline)
		if left <= 0 {
			return nil
		}
		tv := unix.NsecToTimeval(max(left, time.Millisecond).Nanoseconds())
		if err := unix.SetsockoptTimeval(p.fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &tv); err != nil {
			t.Fatal(err)
		}
		frame, ours, err := p.read()
		if errors.Is(err, unix.EAGAIN) || errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if !ours && fits(frame) {
			return frame
		}
	}
}

// read reads one frame; ours says that this host sent it.
func (p *tap) read() (frame []byte, ours bool, err error) {
	buf, oob := make([]byte, 2048), make([]byte, 128)
	n, oobn, _, from, err := unix.Recvmsg(p.fd, buf, oob, 0)
	if err != nil {
		return nil, false, err
	}
	frame = buf[:n]
	msgs, err := unix.ParseSocketControlMessage(oob[:oobn])
	if err != nil {
		return nil, false, err
	}
	for _, m := range msgs {
		// struct tpacket_auxdata: status at 0, the tag at 16.
		const valid = 0x10
		if m.Header.Type == unix.PACKET_AUXDATA && m.Data[0]&valid != 0 {
			frame = tagged(frame, [2]uint16{0x8100, uint16(m.Data[16]) | uint16(m.Data[17])<<8})
		}
	}
	ll, _ := from.(*unix.SockaddrLinklayer)
	return frame, ll != nil && ll.Pkttype == unix.PACKET_OUTGOING, nil
}

// loadIn loads in the namespace of the router and attaches to eth0, and adds
// vhid 1 with 192.0.2.1 and 2001:db8::1.
func (l *lan) loadIn(t *testing.T, o Options) (*Dataplane, Slot) {
	t.Helper()
	d := load(t, o)
	l.attach(t, d)
	if err := d.SetLink(l.routerIf, Link{MAC: l.routerMAC}); err != nil {
		t.Fatal(err)
	}
	return d, addGroup(t, d, Group{Ifindex: l.routerIf, VHID: 1, Addresses: addrs("192.0.2.1", "2001:db8::1")})
}

func (l *lan) attach(t *testing.T, d *Dataplane) (a Attachment) {
	t.Helper()
	l.router.do(t, func() {
		var err error
		if a, err = d.Attach(l.routerIf, "eth0"); err != nil {
			t.Fatal(err)
		}
	})
	return a
}

// udpSocket listens on port 7 in the namespace.
func (s *space) udpSocket(t *testing.T, network, address string) *net.UDPConn {
	t.Helper()
	var c *net.UDPConn
	s.do(t, func() {
		a, err := net.ResolveUDPAddr(network, address)
		if err != nil {
			t.Fatal(err)
		}
		if c, err = net.ListenUDP(network, a); err != nil {
			t.Fatal(err)
		}
	})
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func isArpReply(frame []byte) bool {
	return len(frame) >= 42 && frame[12] == 8 && frame[13] == 6 && frame[21] == 2
}
