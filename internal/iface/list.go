package iface

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"

	"github.com/vishvananda/netlink"

	"github.com/carpd/carpd/internal/carp"
)

// attempts is how often a list is asked for that changed while it was read.
const attempts = 10

// list takes the whole picture. Links and addresses are two lists: a change
// between them rings the bell once more.
func list(h *netlink.Handle) (System, error) {
	links, err := again(h.LinkList)
	if err != nil {
		return System{}, fmt.Errorf("list interfaces: %w", err)
	}
	addrs, err := again(func() ([]netlink.Addr, error) { return h.AddrList(nil, netlink.FAMILY_ALL) })
	if err != nil {
		return System{}, fmt.Errorf("list addresses: %w", err)
	}
	return picture(links, addrs), nil
}

// again repeats a request whose answer was interrupted by a change.
func again[V any](request func() (V, error)) (v V, err error) {
	for range attempts {
		if v, err = request(); !errors.Is(err, netlink.ErrDumpInterrupted) {
			break
		}
	}
	return v, err
}

// picture makes a System of what netlink tells.
func picture(links []netlink.Link, addrs []netlink.Addr) System {
	var s System
	for _, l := range links {
		a := l.Attrs()
		out := Link{
			Index: a.Index, Name: a.Name, Kind: l.Type(), Up: isUp(a),
			Loopback: a.Flags&net.FlagLoopback != 0, Uppers: uppers(l, links),
			NoEthernet: a.EncapType != "ether",
			Mode:       modeOf(l), TakenBy: takenBy(a.Index, links),
		}
		if len(a.HardwareAddr) == len(out.MAC) {
			out.MAC = carp.MAC(a.HardwareAddr)
		}
		if m := byIndex(links, a.MasterIndex); m != nil {
			out.Master, out.MasterKind = m.Attrs().Name, m.Type()
		}
		for _, addr := range addrs {
			if p, ok := prefix(addr); ok && addr.LinkIndex == a.Index {
				out.Addrs = append(out.Addrs, p)
			}
		}
		s.Links = append(s.Links, out)
	}
	slices.SortFunc(s.Links, func(a, b Link) int { return a.Index - b.Index })
	return s
}

// isUp is administratively up and not known to be without carrier (RFC 2863).
func isUp(a *netlink.LinkAttrs) bool {
	switch a.OperState {
	case netlink.OperDown, netlink.OperLowerLayerDown, netlink.OperNotPresent:
		return false
	}
	return a.Flags&net.FlagUp != 0
}

// notOnTop are kinds of devices that refer to another one without taking frames
// from it: one end of a pair to the other end, a tunnel to its way out.
var notOnTop = []string{
	"veth", "netkit", "vxcan", "ipip", "sit", "gre", "gretap", "erspan", "ip6tnl", "ip6gre",
	"ip6gretap", "ip6erspan", "vti", "vti6", "xfrm", "vxlan", "geneve",
}

// uppers are the devices on top of one: its master, and those made on it. An
// index together with a namespace number belongs to another namespace.
func uppers(of netlink.Link, all []netlink.Link) (names []string) {
	a := of.Attrs()
	for _, l := range all {
		u := l.Attrs()
		onTop := u.ParentIndex == a.Index && u.NetNsID < 0 && !slices.Contains(notOnTop, l.Type())
		if u.Index != a.Index && (u.Index == a.MasterIndex || onTop) {
			names = append(names, u.Name)
		}
	}
	slices.Sort(names)
	return names
}

// modes are the kernel's words for what a macvlan does.
var modes = map[netlink.MacvlanMode]string{
	netlink.MACVLAN_MODE_PRIVATE: "private", netlink.MACVLAN_MODE_VEPA: "vepa", netlink.MACVLAN_MODE_BRIDGE: "bridge",
	netlink.MACVLAN_MODE_PASSTHRU: passthru, netlink.MACVLAN_MODE_SOURCE: "source",
}

// modeOf is the mode of a macvlan or macvtap, and empty for all else.
func modeOf(l netlink.Link) string {
	switch m := l.(type) {
	case *netlink.Macvlan:
		return modes[m.Mode]
	case *netlink.Macvtap:
		return modes[m.Mode]
	}
	return ""
}

// takenBy is the device in passthru mode on top of one, if there is any.
func takenBy(index int, all []netlink.Link) string {
	for _, l := range all {
		if a := l.Attrs(); a.ParentIndex == index && a.NetNsID < 0 && modeOf(l) == passthru {
			return a.Name
		}
	}
	return ""
}

// byIndex finds a link, or nil.
func byIndex(links []netlink.Link, index int) netlink.Link {
	for _, l := range links {
		if index != 0 && l.Attrs().Index == index {
			return l
		}
	}
	return nil
}

// prefix is the address and its length as a value.
func prefix(a netlink.Addr) (netip.Prefix, bool) {
	if a.IPNet == nil {
		return netip.Prefix{}, false
	}
	addr, ok := netip.AddrFromSlice(a.IP)
	bits, _ := a.Mask.Size()
	return netip.PrefixFrom(addr.Unmap(), bits), ok
}
