package dataplane

import (
	"errors"
	"fmt"

	"github.com/cilium/ebpf/link"
	"golang.org/x/sys/unix"
)

// What an operator may ask for.
const (
	xdpAuto    = "auto"
	xdpNative  = "native"
	xdpGeneric = "generic"
	xdpOff     = "off"
	xdpNone    = "none"
)

// attachXDP attaches carp_rx in the best mode that can be had, or not at all:
// then carp_in does its work. A program of somebody else is never replaced.
func (d *Dataplane) attachXDP(ifindex int, name string) (_ link.Link, mode, why string) {
	modes, why := modesFor(d.opts.XDP, name)
	for _, m := range modes {
		opts := link.XDPOptions{Program: d.objs.CarpRx, Interface: ifindex, Flags: link.XDPDriverMode}
		if m == xdpGeneric {
			opts.Program, opts.Flags = d.objs.CarpRxGeneric, link.XDPGenericMode
		}
		l, err := link.AttachXDP(opts)
		if err == nil {
			return l, m, why
		}
		if errors.Is(err, unix.EBUSY) || errors.Is(err, unix.EEXIST) {
			return nil, xdpNone, "another XDP program holds the interface"
		}
		why = refusal(m, err)
	}
	return nil, xdpNone, why
}

// modesFor are the modes to try, in order, and why the first.
//
// Native mode on a veth loses every answer when the peer has no XDP program:
// the frames wait in a ring that nobody empties.
func modesFor(wish, name string) (modes []string, why string) {
	switch wish {
	case xdpOff:
		return nil, "xdp: off in the configuration"
	case xdpNative, xdpGeneric:
		return []string{wish}, "xdp: " + wish + " in the configuration"
	}
	switch driver := driverOf(name); driver {
	case "":
		return []string{xdpNative, xdpGeneric}, "the driver has native XDP"
	case "veth":
		return []string{xdpGeneric}, "driver veth: native XDP loses answers unless the peer has an XDP program"
	default:
		return []string{xdpNative, xdpGeneric}, "driver " + driver + " has native XDP"
	}
}

func refusal(mode string, err error) string {
	if errors.Is(err, unix.EOPNOTSUPP) {
		return "the driver has no " + mode + " XDP"
	}
	return fmt.Sprintf("%s XDP refused: %v", mode, err)
}

// driverOf asks ethtool for the driver of an interface of this network
// namespace; empty if it has none to tell.
func driverOf(name string) string {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return ""
	}
	defer func() { _ = unix.Close(fd) }()
	info, err := unix.IoctlGetEthtoolDrvinfo(fd, name)
	if err != nil {
		return ""
	}
	return unix.ByteSliceToString(info.Driver[:])
}
