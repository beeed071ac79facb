package dataplane

import (
	"encoding/binary"
	"fmt"
	"syscall"

	"github.com/cilium/ebpf/link"
	"golang.org/x/sys/unix"
)

// attachedSKB is XDP_ATTACHED_SKB of linux/if_link.h: generic mode.
const attachedSKB = 2

// xdpHere is the mode in which the program of a link runs on the interface that
// has this number here; an error if it does not.
func xdpHere(info *link.Info, ifindex int) (mode string, err error) {
	program, mode, err := xdpOf(ifindex)
	if err == nil && (program == 0 || program != uint32(info.Program)) {
		err = errElsewhere
	}
	return mode, err
}

// xdpOf asks which XDP program an interface has, and in which mode.
func xdpOf(ifindex int) (program uint32, mode string, err error) {
	raw, err := syscall.NetlinkRIB(unix.RTM_GETLINK, unix.AF_UNSPEC)
	if err != nil {
		return 0, "", fmt.Errorf("list the interfaces: %w", err)
	}
	messages, err := syscall.ParseNetlinkMessage(raw)
	if err != nil {
		return 0, "", fmt.Errorf("list the interfaces: %w", err)
	}
	for _, m := range messages {
		if m.Header.Type == unix.RTM_NEWLINK && len(m.Data) >= unix.SizeofIfInfomsg && ifindexOf(m.Data) == ifindex {
			program, mode = xdpAttribute(m)
			return program, mode, nil
		}
	}
	return 0, "", errElsewhere
}

// ifindexOf reads the number in struct ifinfomsg.
func ifindexOf(b []byte) int { return int(int32(binary.NativeEndian.Uint32(b[4:]))) }

// xdpAttribute reads the nested attribute IFLA_XDP.
func xdpAttribute(m syscall.NetlinkMessage) (program uint32, mode string) {
	attrs, err := syscall.ParseNetlinkRouteAttr(&m)
	if err != nil {
		return 0, ""
	}
	for _, a := range attrs {
		if a.Attr.Type&^unix.NLA_F_NESTED != unix.IFLA_XDP {
			continue
		}
		eachAttribute(a.Value, func(kind uint16, value []byte) {
			switch kind {
			case unix.IFLA_XDP_PROG_ID:
				program = binary.NativeEndian.Uint32(value)
			case unix.IFLA_XDP_ATTACHED:
				mode = xdpNative
				if value[0] == attachedSKB {
					mode = xdpGeneric
				}
			}
		})
	}
	return program, mode
}

// eachAttribute gives the attributes of a nested one to fn.
func eachAttribute(b []byte, fn func(kind uint16, value []byte)) {
	for len(b) >= unix.SizeofNlAttr {
		n := int(binary.NativeEndian.Uint16(b))
		if n <= unix.SizeofNlAttr || n > len(b) {
			return
		}
		fn(binary.NativeEndian.Uint16(b[2:])&^unix.NLA_F_NESTED, b[unix.SizeofNlAttr:n])
		b = b[min(len(b), (n+3)&^3):]
	}
}
