package lab

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/carpd/carpd/internal/carp"
)

// Crowd is many clients behind one node. Each frame that it sends comes from the
// address of a client; what is answered to that address is counted at the port of
// the switch where the answer enters, so that a node that answers what another
// has answered cannot hide.
type Crowd struct {
	node *Node
	fd   int // sends on the node
	ifi  int
	ear  int // hears in the switch

	mu   sync.Mutex
	asks map[netip.Addr]*crowdAsk
}

// crowdAsk is what became of the one frame of a client.
type crowdAsk struct{ ports []string }

// crowdPace is the pause between bunches of frames, so that no queue is full.
const (
	crowdBunch = 20
	crowdPace  = 2 * time.Millisecond
)

// Crowd opens the instrument.
func (n *Node) Crowd() (c *Crowd, err error) {
	l, err := n.nl.LinkByName(Interface)
	if err != nil {
		return nil, fmt.Errorf("find %s of %s: %w", Interface, n.Name, err)
	}
	c = &Crowd{node: n, ifi: l.Attrs().Index, asks: map[netip.Addr]*crowdAsk{}}
	err = n.Run(func() (err error) {
		c.fd, err = unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, 0)
		return err
	})
	if err == nil {
		err = n.lab.Switch.Run(c.listen)
	}
	if err != nil {
		return nil, fmt.Errorf("open the sockets of a crowd: %w", err)
	}
	done := make(chan struct{})
	go func() { defer close(done); c.hear() }()
	n.lab.onClose(func() {
		_ = unix.Shutdown(c.ear, unix.SHUT_RD)
		_ = unix.Close(c.ear)
		<-done
		_ = unix.Close(c.fd)
	})
	return c, nil
}

// listen opens the ear. It wakes by itself now and then, to see that it was closed.
func (c *Crowd) listen() (err error) {
	c.ear, err = unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	wake := unix.NsecToTimeval(int64(100 * time.Millisecond))
	for _, f := range []func() error{
		func() error { return unix.SetsockoptInt(c.ear, unix.SOL_PACKET, unix.PACKET_IGNORE_OUTGOING, 1) },
		func() error { return unix.SetsockoptInt(c.ear, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, 8<<20) },
		func() error { return unix.SetsockoptTimeval(c.ear, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &wake) },
		func() error {
			return unix.Bind(c.ear, &unix.SockaddrLinklayer{Protocol: htons(unix.ETH_P_ALL)})
		},
	} {
		if err := f(); err != nil {
			return err
		}
	}
	return nil
}

// hear notes answers until the ear is closed.
func (c *Crowd) hear() {
	buf := make([]byte, snapLen)
	for {
		n, from, err := unix.Recvfrom(c.ear, buf, 0)
		switch ll, ok := from.(*unix.SockaddrLinklayer); {
		case err == unix.EAGAIN || err == unix.EINTR || err == unix.ENETDOWN:
		case err != nil:
			return
		case ok:
			c.note(buf[:n], ll.Ifindex)
		}
	}
}

// note counts a frame that is an answer to a client.
func (c *Crowd) note(b []byte, ifindex int) {
	to, ok := answeredTo(b)
	if !ok {
		return
	}
	w := c.node.lab.Wire
	w.mu.Lock()
	port := w.port(ifindex)
	w.mu.Unlock()
	c.mu.Lock()
	defer c.mu.Unlock()
	if a := c.asks[to]; a != nil && port != "" && port != c.node.Name {
		a.ports = append(a.ports, port)
	}
}

// answeredTo is whom an ARP reply, a Neighbour Advertisement or an echo reply is for.
func answeredTo(b []byte) (to netip.Addr, ok bool) {
	if len(b) < 42 {
		return to, false
	}
	switch binary.BigEndian.Uint16(b[12:]) {
	case typeARP:
		to, _ = netip.AddrFromSlice(b[38:42])
		return to, b[21] == 2
	case typeIPv4:
		to, _ = netip.AddrFromSlice(b[30:34])
		return to, b[23] == protoICMP && b[34] == 0
	case typeIPv6:
		if len(b) < 55 {
			return to, false
		}
		to, _ = netip.AddrFromSlice(b[38:54])
		return to, b[20] == protoICMPv6 && (b[54] == 129 || b[54] == 136)
	}
	return to, false
}

// Served is what became of one frame of each client.
type Served struct {
	By      map[netip.Addr]string // the port that answered, by client
	Doubles []netip.Addr          // clients that had more than one answer
}

// Ask has each client ask who has the target, by ARP or by Neighbour
// Solicitation, from a MAC of its own.
func (c *Crowd) Ask(target netip.Addr, clients []netip.Addr, within time.Duration) (Served, error) {
	build := ARPRequest
	if target.Is6() {
		build = Solicitation
	}
	return c.send(clients, within, func(i int, from netip.Addr) []byte {
		mac := FloodMAC(uint32(i))
		return build(mac, from, target)
	})
}

// Echo has each client send an echo request to the target at a MAC. Answers find
// the node by the route that their sender has.
func (c *Crowd) Echo(mac carp.MAC, target netip.Addr, clients []netip.Addr, within time.Duration) (Served, error) {
	build := echo4
	if target.Is6() {
		build = echo6
	}
	return c.send(clients, within, func(_ int, from netip.Addr) []byte {
		return append(append(mac[:], c.node.MAC[:]...), build(from, target)...)
	})
}

// send sends one frame of each client and waits until all are answered, and as
// long again for a second answer.
func (c *Crowd) send(clients []netip.Addr, within time.Duration, frame func(int, netip.Addr) []byte) (Served, error) {
	c.mu.Lock()
	for _, from := range clients {
		c.asks[from] = &crowdAsk{}
	}
	c.mu.Unlock()
	began := time.Now()
	for i, from := range clients {
		if err := unix.Sendto(c.fd, frame(i, from), 0, &unix.SockaddrLinklayer{Ifindex: c.ifi}); err != nil {
			return Served{}, fmt.Errorf("send for %s: %w", from, err)
		}
		if i%crowdBunch == crowdBunch-1 {
			time.Sleep(crowdPace)
		}
	}
	for c.silent(clients) > 0 && time.Since(began) < within {
		time.Sleep(time.Millisecond)
	}
	time.Sleep(min(within, max(secondAnswer, time.Since(began))))
	return c.served(clients), nil
}

// secondAnswer is how long a second answer is waited for at least.
const secondAnswer = 100 * time.Millisecond

// silent is how many clients have no answer.
func (c *Crowd) silent(clients []netip.Addr) (n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, from := range clients {
		if len(c.asks[from].ports) == 0 {
			n++
		}
	}
	return n
}

// served is who answered whom.
func (c *Crowd) served(clients []netip.Addr) Served {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := Served{By: map[netip.Addr]string{}}
	for _, from := range clients {
		switch ports := c.asks[from].ports; {
		case len(ports) > 1:
			s.Doubles = append(s.Doubles, from)
			fallthrough
		case len(ports) == 1:
			s.By[from] = ports[0]
		}
	}
	return s
}

// echo4 is an ICMP echo request behind its Ethernet addresses.
func echo4(from, to netip.Addr) []byte {
	b := []byte{typeIPv4 >> 8, typeIPv4 & 0xff, 0x45, 0, 0, 28, 0, 0, 0x40, 0, 64, protoICMP, 0, 0}
	b = append(append(b, from.AsSlice()...), to.AsSlice()...)
	binary.BigEndian.PutUint16(b[12:], checksum(b[2:22]))
	icmp := []byte{8, 0, 0, 0, 0x0c, 0xa4, 0, 1}
	binary.BigEndian.PutUint16(icmp[2:], checksum(icmp))
	return append(b, icmp...)
}

// echo6 is an ICMPv6 echo request behind its Ethernet addresses.
func echo6(from, to netip.Addr) []byte {
	b := []byte{typeIPv6 >> 8, typeIPv6 & 0xff, 0x60, 0, 0, 0, 0, 8, protoICMPv6, 64}
	b = append(append(b, from.AsSlice()...), to.AsSlice()...)
	icmp := []byte{128, 0, 0, 0, 0x0c, 0xa4, 0, 1}
	pseudo := append(append([]byte(nil), b[10:42]...), 0, 0, 0, 8, 0, 0, 0, protoICMPv6)
	binary.BigEndian.PutUint16(icmp[2:], checksum(append(pseudo, icmp...)))
	return append(b, icmp...)
}
