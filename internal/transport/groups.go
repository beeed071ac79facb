package transport

import (
	"context"
	"errors"
	"fmt"
	"net"
	"syscall"

	"golang.org/x/net/ipv4"
	"golang.org/x/net/ipv6"
	"golang.org/x/sys/unix"

	"github.com/carpd/carpd/internal/carp"
)

// joiner is what x/net's packet connections of both families have in common.
type joiner interface {
	JoinGroup(*net.Interface, net.Addr) error
	LeaveGroup(*net.Interface, net.Addr) error
	Close() error
}

// membership are the sockets of one carpdev. They are its own and not shared,
// because the kernel limits the memberships of one socket (to 20, unless
// net.ipv4.igmp_max_memberships says otherwise), and because a socket bound to
// the carpdev is not asked about adverts on other interfaces.
type membership [len(carp.Families)]joiner

// Join makes the sockets of a carpdev and joins both groups on it. Joining twice
// does nothing. With ErrNoIPv6 the carpdev is joined for IPv4 and Rejoin will try
// IPv6 again; with any other error nothing is left behind.
//
// Join, Rejoin and Leave wait for a lock that the kernel holds while interfaces
// are made or changed. Who must not wait calls them from another goroutine.
func (c *Conn) Join(ifindex int) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.groups == nil {
		return ErrClosed
	}
	if _, joined := c.groups[ifindex]; joined {
		return nil
	}
	return c.complete(ifindex, &membership{})
}

// Rejoin leaves and joins the groups, so that a snooping switch behind a carrier
// that has come back hears a report. The kernel reports nothing while another
// program on this host is a member on the same interface. On a carpdev that was
// not joined it is Join.
func (c *Conn) Rejoin(ifindex int) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.groups == nil {
		return ErrClosed
	}
	m, joined := c.groups[ifindex]
	if !joined {
		return c.complete(ifindex, &membership{})
	}
	for _, f := range carp.Families {
		if m[f] == nil {
			continue
		}
		// A membership may have ended by itself, with IPv6 on the interface.
		_ = m[f].LeaveGroup(at(ifindex), group(f))
		if err := m[f].JoinGroup(at(ifindex), group(f)); err != nil {
			_ = m[f].Close()
			m[f] = nil
		}
	}
	return c.complete(ifindex, m)
}

// complete opens and joins what a membership lacks, and keeps it. It is called
// with the lock held.
func (c *Conn) complete(ifindex int, m *membership) error {
	for _, f := range carp.Families {
		if m[f] != nil {
			continue
		}
		j, err := join(f, ifindex)
		switch {
		case err == nil:
			m[f] = j
		case f == carp.IPv6 && errors.Is(classify6(err), ErrNoIPv6):
			c.groups[ifindex] = m
			return fmt.Errorf("join %v on interface %d: %w", f.Group(), ifindex, classify6(err))
		default:
			delete(c.groups, ifindex)
			_ = m.close()
			return fmt.Errorf("join %v on interface %d: %w", f.Group(), ifindex, classify(err))
		}
	}
	c.groups[ifindex] = m
	c.log.Debug().Int("ifindex", ifindex).Msg("joined the CARP groups")
	return nil
}

// Leave leaves the groups and closes the sockets of a carpdev. It is not an
// error when it was not joined, or has vanished.
func (c *Conn) Leave(ifindex int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	m := c.groups[ifindex]
	if m == nil {
		return
	}
	delete(c.groups, ifindex)
	if err := m.close(); err != nil {
		c.log.Debug().Err(err).Int("ifindex", ifindex).Msg("left the CARP groups")
	}
}

// close closes the sockets, by which the kernel leaves the groups.
func (m *membership) close() error {
	var err error
	for _, j := range m {
		if j != nil {
			err = errors.Join(err, j.Close())
		}
	}
	return err
}

// join opens the raw socket of one family on an interface and joins its group.
func join(f carp.Family, ifindex int) (joiner, error) {
	config := net.ListenConfig{Control: func(_, _ string, raw syscall.RawConn) error {
		var err error
		return errors.Join(raw.Control(func(fd uintptr) { err = confine(int(fd), ifindex) }), err)
	}}
	network, local := "ip4:112", "0.0.0.0"
	if f == carp.IPv6 {
		network, local = "ip6:112", "::"
	}
	pc, err := config.ListenPacket(context.Background(), network, local)
	if err != nil {
		return nil, err
	}
	var j joiner = ipv4.NewPacketConn(pc)
	if f == carp.IPv6 {
		j = ipv6.NewPacketConn(pc)
	}
	if err := j.JoinGroup(at(ifindex), group(f)); err != nil {
		_ = pc.Close()
		return nil, err
	}
	return j, nil
}

// confine makes a socket hear one interface and queue nothing of it. Before that
// it would hear everything, so it comes first.
func confine(fd, ifindex int) error {
	nothing := unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: 0}
	program := unix.SockFprog{Len: 1, Filter: &nothing}
	if err := unix.SetsockoptSockFprog(fd, unix.SOL_SOCKET, unix.SO_ATTACH_FILTER, &program); err != nil {
		return fmt.Errorf("attach filter: %w", err)
	}
	if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_BINDTOIFINDEX, ifindex); err != nil {
		return fmt.Errorf("bind to interface: %w", err)
	}
	return nil
}

// at is an interface as x/net wants it; only the index is used.
func at(ifindex int) *net.Interface { return &net.Interface{Index: ifindex} }

// group is the CARP group as x/net wants it.
func group(f carp.Family) net.Addr { return &net.IPAddr{IP: f.Group().AsSlice()} }
