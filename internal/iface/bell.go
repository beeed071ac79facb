package iface

import (
	"errors"
	"fmt"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// bell is a netlink socket that hears every change of links and addresses. What
// changed is not read from it: it rings, and then the whole list is taken. So it
// does not matter when the kernel had to drop messages.
type bell struct {
	file *os.File
	raw  syscall.RawConn
}

// changes are the multicast groups that the bell listens to. Bridge ports and
// upper devices are links as well.
const changes = unix.RTMGRP_LINK | unix.RTMGRP_IPV4_IFADDR | unix.RTMGRP_IPV6_IFADDR

// openBell subscribes in the network namespace of the calling thread.
func openBell() (*bell, error) {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, unix.NETLINK_ROUTE)
	if err != nil {
		return nil, fmt.Errorf("open netlink socket: %w", err)
	}
	file := os.NewFile(uintptr(fd), "netlink")
	if err := unix.Bind(fd, &unix.SockaddrNetlink{Family: unix.AF_NETLINK, Groups: changes}); err != nil {
		_ = file.Close()
		return nil, fmt.Errorf("subscribe to interfaces: %w", err)
	}
	raw, err := file.SyscallConn()
	if err != nil {
		_ = file.Close()
		return nil, fmt.Errorf("subscribe to interfaces: %w", err)
	}
	return &bell{file: file, raw: raw}, nil
}

// wait returns when something changed, and overrun when messages were dropped.
// It has emptied the socket then: a change after it rings again. The kernel
// drops messages from an overrun until the socket was emptied, which has happened
// too, so that no later change can be lost.
func (b *bell) wait() (overrun bool, err error) {
	rang := false
	pollErr := b.raw.Read(func(fd uintptr) bool {
		for {
			var scrap [1]byte
			switch _, _, err = unix.Recvfrom(int(fd), scrap[:], unix.MSG_TRUNC); {
			case err == nil:
				rang = true
			case errors.Is(err, unix.ENOBUFS):
				rang, overrun = true, true
			case errors.Is(err, unix.EINTR):
			case errors.Is(err, unix.EAGAIN):
				err = nil
				return rang
			default:
				return true
			}
		}
	})
	return overrun, errors.Join(err, pollErr)
}

// close ends a wait that is under way.
func (b *bell) close() { _ = b.file.Close() }
