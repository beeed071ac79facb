package transport

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"
)

// Why something could not be sent or joined. The kernel's error is wrapped too.
var (
	// ErrDown: the interface exists and is administratively down.
	ErrDown = errors.New("interface is down")
	// ErrGone: there is no interface of that index any more.
	ErrGone = errors.New("interface does not exist")
	// ErrDropped: the packet was dropped on its way out, by a full queue, a
	// traffic shaper or an egress program. The kernel does not say which.
	ErrDropped = errors.New("dropped on the way out")
	// ErrTooBig: the MTU of the interface is smaller than the packet.
	ErrTooBig = errors.New("larger than the MTU")
	// ErrNoIPv6: the IPv6 group cannot be joined, because the host or the
	// interface has no IPv6. The IPv4 group is joined nevertheless.
	ErrNoIPv6 = errors.New("no IPv6 here")
	// ErrClosed: the Conn was closed.
	ErrClosed = errors.New("transport is closed")
)

// classes gives the kernel's errors for a packet our names.
var classes = map[unix.Errno]error{
	unix.ENETDOWN: ErrDown,
	unix.ENXIO:    ErrGone,
	unix.ENODEV:   ErrGone,
	unix.ENOBUFS:  ErrDropped,
	unix.EAGAIN:   ErrDropped,
	unix.EMSGSIZE: ErrTooBig,
}

// classify wraps an error of the kernel together with our name for it, if we
// have one.
func classify(err error) error {
	var errno unix.Errno
	if !errors.As(err, &errno) {
		return err
	}
	if class, ok := classes[errno]; ok {
		return fmt.Errorf("%w: %w", class, err)
	}
	return err
}

// classify6 is classify for the IPv6 group, once the IPv4 group was joined: the
// interface exists, so what is missing is IPv6. An interface whose MTU is below
// 1280 has none.
func classify6(err error) error {
	for _, errno := range []unix.Errno{unix.EAFNOSUPPORT, unix.EINVAL, unix.ENODEV, unix.EADDRNOTAVAIL} {
		if errors.Is(err, errno) {
			return fmt.Errorf("%w: %w", ErrNoIPv6, err)
		}
	}
	return classify(err)
}
