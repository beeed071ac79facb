package transport

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"sync"

	"github.com/rs/zerolog"
	"golang.org/x/sys/unix"

	"github.com/carpd/carpd/internal/carp"
)

// priorityControl puts our packets before bulk traffic in queues that look at
// the priority (TC_PRIO_CONTROL): an advert that waits is a take-over.
const priorityControl = 7

// Conn is the way to the wire for all carpdevs of a process. It is safe for use
// by several goroutines.
type Conn struct {
	log zerolog.Logger

	send sync.RWMutex // keeps Close away from a send that is under way
	fd   int          // -1 when closed

	mu     sync.Mutex
	groups map[int]*membership // by ifindex; nil when closed
}

// Open makes the packet socket in the network namespace of the calling thread.
// It needs CAP_NET_RAW, and CAP_NET_ADMIN for the priority.
//
// The socket has protocol 0, so that it never receives, does not block, and
// does not bypass the queueing discipline, because that would bypass egress
// programs as well.
func Open(log zerolog.Logger) (*Conn, error) {
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("open packet socket: %w", err)
	}
	if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_PRIORITY, priorityControl); err != nil {
		_ = unix.Close(fd)
		return nil, fmt.Errorf("set priority of packet socket: %w", err)
	}
	return &Conn{log: log, fd: fd, groups: map[int]*membership{}}, nil
}

// SendAdvert sends one advert, once. A nil error means that it was queued on
// the interface: a link without carrier takes packets and loses them.
func (c *Conn) SendAdvert(o Outgoing) error {
	if err := o.check(); err != nil {
		return fmt.Errorf("send advert: %w", err)
	}
	var room [128]byte
	if err := c.transmit(o.Ifindex, AppendAdvert(room[:0], o)); err != nil {
		return fmt.Errorf("send %v advert on interface %d: %w", o.Family, o.Ifindex, err)
	}
	return nil
}

// Announce says once that addr is at mac: by a gratuitous ARP, or by an
// unsolicited Neighbour Advertisement, in which router is the Router flag.
func (c *Conn) Announce(ifindex int, mac carp.MAC, addr netip.Addr, router bool) error {
	var room [128]byte
	var frame []byte
	if addr = addr.Unmap(); addr.Is4() {
		frame = AppendGratuitousARP(room[:0], mac, addr)
	} else {
		frame = AppendNA(room[:0], mac, addr, router)
	}
	if err := c.transmit(ifindex, frame); err != nil {
		return fmt.Errorf("announce %v on interface %d: %w", addr, ifindex, err)
	}
	return nil
}

// transmit hands one frame to an interface. The kernel wants to be told the
// EtherType beside the frame, in network order.
func (c *Conn) transmit(ifindex int, frame []byte) error {
	c.send.RLock()
	defer c.send.RUnlock()
	if c.fd < 0 {
		return ErrClosed
	}
	to := unix.SockaddrLinklayer{Protocol: binary.NativeEndian.Uint16(frame[12:14]), Ifindex: ifindex}
	return classify(unix.Sendto(c.fd, frame, 0, &to))
}

// Close leaves all groups and closes all sockets.
func (c *Conn) Close() error {
	c.send.Lock()
	defer c.send.Unlock()
	if c.fd < 0 {
		return nil
	}
	err := unix.Close(c.fd)
	c.fd = -1

	c.mu.Lock()
	defer c.mu.Unlock()
	for _, m := range c.groups {
		err = errors.Join(err, m.close())
	}
	c.groups = nil
	return err
}
