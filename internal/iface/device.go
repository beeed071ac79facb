package iface

import (
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// Device is what an interface is to a program that is to be attached to it.
type Device struct {
	Name    string
	Kind    string // the kernel's word for a virtual device, such as veth; empty for hardware
	Driver  string // empty if it has none to tell
	MTU     int
	XDP     uint32 // id of the XDP program that is on it, 0 if there is none
	NoXDP   bool   // the driver says that it has no native XDP
	NoFrags bool   // the driver says that native XDP takes no frame of more than one buffer
	// TagsBeside: the device takes the VLAN tag out of a frame and keeps it beside
	// it (rx-vlan-offload). TagsFixed: and that cannot be switched off.
	TagsBeside, TagsFixed bool
}

// Device looks at an interface. What the kernel does not tell is taken for the
// worse, save whether there is native XDP: that can be tried.
func (k *Keeper) Device(index int) (Device, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	l, err := k.handle.LinkByIndex(index)
	if err != nil {
		return Device{}, fmt.Errorf("look at interface %d: %w", index, gone(err))
	}
	a := l.Attrs()
	d := Device{Name: a.Name, MTU: a.MTU, Driver: driverOf(a.Name)}
	if kind := l.Type(); kind != hardware {
		d.Kind = kind
	}
	if a.Xdp != nil && a.Xdp.Attached {
		d.XDP = a.Xdp.ProgId
	}
	if can, err := k.xdpFeatures(index); err == nil {
		d.NoXDP, d.NoFrags = can&xdpBasic == 0, can&xdpFrags == 0
	}
	d.TagsBeside, d.TagsFixed = k.tags(index)
	return d, nil
}

// hardware is the library's word for a device that has no kind.
const hardware = "device"

// tags tells where the tags of received frames are.
func (k *Keeper) tags(index int) (beside, fixed bool) {
	f, err := k.features(index)
	if err != nil {
		return true, true
	}
	for _, name := range tagFeatures {
		on := slices.Contains(f.active, name)
		beside = beside || on
		fixed = fixed || (on && !slices.Contains(f.may, name))
	}
	return beside, fixed
}

// What a driver can do with XDP, in the netdev family (uapi/linux/netdev.h).
const (
	netdevGet      = 1
	netdevIfindex  = 1
	netdevFeatures = 3

	xdpBasic = 1 << 0
	xdpFrags = 1 << 5
)

// xdpFeatures asks a driver what it can do with XDP.
func (k *Keeper) xdpFeatures(index int) (uint64, error) {
	answer, err := k.netdev.ask(netdevGet, nl.NewRtAttr(netdevIfindex, nl.Uint32Attr(uint32(index))))
	if err != nil {
		return 0, fmt.Errorf("ask what XDP interface %d has: %w", index, gone(err))
	}
	can, ok := answer[netdevFeatures]
	if !ok || len(can) != 8 {
		return 0, fmt.Errorf("ask what XDP interface %d has: no answer", index)
	}
	return binary.NativeEndian.Uint64(can), nil
}

// driverOf asks ethtool for the driver of an interface of this thread's network
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
