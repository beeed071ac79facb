package lab

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/carpd/carpd/internal/carp"
)

// bridge is the name of the switch's own device.
const bridge = "br0"

// makeBridge turns a fresh namespace into a switch: no spanning tree, no
// addresses of its own, and no firewall between the ports.
func (n *Node) makeBridge(snooping bool) error {
	if err := n.Sysctl("net.ipv6.conf.default.disable_ipv6", "1"); err != nil {
		return err
	}
	br := &netlink.Bridge{LinkAttrs: netlink.LinkAttrs{Name: bridge}, MulticastSnooping: &snooping}
	if err := n.nl.LinkAdd(br); err != nil {
		return fmt.Errorf("add the bridge: %w", err)
	}
	for _, k := range []string{"iptables", "ip6tables", "arptables"} {
		err := n.Sysctl("net.bridge.bridge-nf-call-"+k, "0")
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	if snooping {
		if err := n.querier(); err != nil {
			return err
		}
	}
	return n.linkUp(bridge)
}

// Plug gives a router or client its interface: a veth pair whose other end is
// a port of the switch, named after the node.
func (n *Node) Plug() error {
	if err := n.plug(n.Name, Interface, n.MAC); err != nil {
		return err
	}
	return n.configure()
}

// PlugAlso gives it one more interface in the same network, without addresses.
// The port of the switch is called NODE-INTERFACE.
func (n *Node) PlugAlso(ifname string, mac carp.MAC) error {
	if err := n.plug(n.Name+"-"+ifname, ifname, mac); err != nil {
		return err
	}
	return n.linkUp(ifname)
}

// plug makes the veth pair of a port and an interface.
func (n *Node) plug(port, ifname string, mac carp.MAC) error {
	sw := n.lab.Switch
	br, err := sw.nl.LinkByName(bridge)
	if err != nil {
		return fmt.Errorf("find the bridge: %w", err)
	}
	attrs := netlink.NewLinkAttrs()
	attrs.Name, attrs.MasterIndex = port, br.Attrs().Index
	pair := &netlink.Veth{
		LinkAttrs: attrs, PeerName: ifname,
		PeerHardwareAddr: net.HardwareAddr(mac[:]), PeerNamespace: netlink.NsFd(n.ns),
	}
	if err := sw.nl.LinkAdd(pair); err != nil {
		return fmt.Errorf("add the link of %s: %w", port, err)
	}
	return sw.linkUp(port)
}

// configure brings the interface up and adds the node's addresses.
func (n *Node) configure() error {
	if err := n.linkUp(Interface); err != nil {
		return err
	}
	for _, p := range []netip.Prefix{n.IPv4, n.IPv6} {
		if err := n.AddAddress(p); err != nil {
			return err
		}
	}
	return nil
}

// Unplug deletes the interface, as when a card is pulled out.
func (n *Node) Unplug() error {
	l, err := n.nl.LinkByName(Interface)
	if err != nil {
		return fmt.Errorf("find %s of %s: %w", Interface, n.Name, err)
	}
	if err := n.nl.LinkDel(l); err != nil {
		return fmt.Errorf("delete %s of %s: %w", Interface, n.Name, err)
	}
	return nil
}

// Rename gives an interface of the node another name.
func (n *Node) Rename(from, to string) error {
	l, err := n.nl.LinkByName(from)
	if err != nil {
		return fmt.Errorf("find %s of %s: %w", from, n.Name, err)
	}
	if err := n.nl.LinkSetName(l, to); err != nil {
		return fmt.Errorf("rename %s of %s: %w", from, n.Name, err)
	}
	return nil
}

// linkUp sets an interface up.
func (n *Node) linkUp(name string) error { return n.setLink(name, true) }

// setLink sets an interface up or down.
func (n *Node) setLink(name string, up bool) error {
	l, err := n.nl.LinkByName(name)
	if err != nil {
		return fmt.Errorf("find %s of %s: %w", name, n.Name, err)
	}
	set := n.nl.LinkSetDown
	if up {
		set = n.nl.LinkSetUp
	}
	if err := set(l); err != nil {
		return fmt.Errorf("set %s of %s up=%t: %w", name, n.Name, up, err)
	}
	return nil
}

// AddAddress adds an address to the interface, usable at once.
func (n *Node) AddAddress(p netip.Prefix) error {
	return n.address(p, n.nl.AddrAdd)
}

// DelAddress removes an address from the interface.
func (n *Node) DelAddress(p netip.Prefix) error {
	return n.address(p, n.nl.AddrDel)
}

// address adds or removes an address.
func (n *Node) address(p netip.Prefix, change func(netlink.Link, *netlink.Addr) error) error {
	l, err := n.nl.LinkByName(Interface)
	if err != nil {
		return fmt.Errorf("find %s of %s: %w", Interface, n.Name, err)
	}
	a := &netlink.Addr{IPNet: &net.IPNet{
		IP: p.Addr().AsSlice(), Mask: net.CIDRMask(p.Bits(), p.Addr().BitLen()),
	}}
	if p.Addr().Is6() {
		a.Flags = unix.IFA_F_NODAD
	}
	if err := change(l, a); err != nil {
		return fmt.Errorf("change address %s of %s: %w", p, n.Name, err)
	}
	return nil
}

// Addresses lists the addresses of the interface, without link-local ones.
func (n *Node) Addresses() ([]netip.Prefix, error) {
	l, err := n.nl.LinkByName(Interface)
	if err != nil {
		return nil, fmt.Errorf("find %s of %s: %w", Interface, n.Name, err)
	}
	list, err := n.nl.AddrList(l, netlink.FAMILY_ALL)
	if err != nil {
		return nil, fmt.Errorf("list the addresses of %s: %w", n.Name, err)
	}
	var out []netip.Prefix
	for _, a := range list {
		ip, _ := netip.AddrFromSlice(a.IP)
		if ip = ip.Unmap(); ip.IsLinkLocalUnicast() {
			continue
		}
		bits, _ := a.Mask.Size()
		out = append(out, netip.PrefixFrom(ip, bits))
	}
	return out, nil
}
