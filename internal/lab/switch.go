package lab

import (
	"encoding/binary"
	"fmt"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// States of a bridge port (uapi/linux/if_bridge.h).
const (
	portDisabled   = 0
	portForwarding = 3
)

// Cut is a way to cut a node off.
type Cut int

// The two ways.
const (
	// CarrierLost is a pulled cable: the node sees it at once.
	CarrierLost Cut = iota
	// Silently is a failure in the network: nothing passes in either
	// direction and the node does not notice.
	Silently
)

// Cut cuts the node off from the switch. What the node goes on sending is not
// seen by Wire.
func (n *Node) Cut(how Cut) error {
	if how == CarrierLost {
		return n.lab.Switch.setLink(n.Name, false)
	}
	n.lab.Wire.mute(n.Name, true)
	return n.lab.Switch.setPort(n.Name, portDisabled)
}

// Heal undoes Cut.
func (n *Node) Heal(how Cut) error {
	if how == CarrierLost {
		return n.lab.Switch.setLink(n.Name, true)
	}
	n.lab.Wire.mute(n.Name, false)
	return n.lab.Switch.setPort(n.Name, portForwarding)
}

// setPort sets the state of a bridge port.
func (n *Node) setPort(port string, state byte) error {
	return n.setPortOption(port, nl.IFLA_BRPORT_STATE, state)
}

// Hub has the switch learn no source at the node's port, as a hub would, so
// that it floods frames to the node.
func (n *Node) Hub() error {
	sw := n.lab.Switch
	if err := sw.setPortOption(n.Name, nl.IFLA_BRPORT_LEARNING, 0); err != nil {
		return err
	}
	return sw.setPortOption(n.Name, nl.IFLA_BRPORT_FLUSH, 1)
}

// setPortOption sets one option of a bridge port.
func (n *Node) setPortOption(port string, option int, value byte) error {
	l, err := n.nl.LinkByName(port)
	if err != nil {
		return fmt.Errorf("find port %s: %w", port, err)
	}
	info := nl.NewRtAttr(unix.IFLA_PROTINFO|unix.NLA_F_NESTED, nil)
	info.AddRtAttr(option, []byte{value})
	if err := n.request(unix.RTM_SETLINK, unix.AF_BRIDGE, l, info); err != nil {
		return fmt.Errorf("set option %d of port %s to %d: %w", option, port, value, err)
	}
	return nil
}

// querier makes the bridge ask for group members, without which it would
// flood, and shortens the time until it believes the answers. It needs an IPv6
// link-local address to ask in IPv6.
func (n *Node) querier() error {
	if err := n.Sysctl("net.ipv6.conf."+bridge+".accept_dad", "0"); err != nil {
		return err
	}
	if err := n.Sysctl("net.ipv6.conf."+bridge+".disable_ipv6", "0"); err != nil {
		return err
	}
	// The kernel takes the querier before the intervals of one message, and
	// the first interval is what it waits before it trusts the answers.
	const tick = 100 // USER_HZ: one second
	if err := n.setBridge(map[int][]byte{
		unix.IFLA_BR_MCAST_QUERY_RESPONSE_INTVL: binary.NativeEndian.AppendUint64(nil, tick/2),
		unix.IFLA_BR_MCAST_STARTUP_QUERY_INTVL:  binary.NativeEndian.AppendUint64(nil, tick),
		unix.IFLA_BR_MCAST_QUERY_INTVL:          binary.NativeEndian.AppendUint64(nil, 2*tick),
	}); err != nil {
		return err
	}
	return n.setBridge(map[int][]byte{unix.IFLA_BR_MCAST_QUERIER: {1}})
}

// setBridge sets options of the bridge.
func (n *Node) setBridge(options map[int][]byte) error {
	l, err := n.nl.LinkByName(bridge)
	if err != nil {
		return fmt.Errorf("find the bridge: %w", err)
	}
	info := nl.NewRtAttr(unix.IFLA_LINKINFO, nil)
	info.AddRtAttr(nl.IFLA_INFO_KIND, []byte("bridge"))
	data := info.AddRtAttr(nl.IFLA_INFO_DATA, nil)
	for k, v := range options {
		data.AddRtAttr(k, v)
	}
	if err := n.request(unix.RTM_NEWLINK, unix.AF_UNSPEC, l, info); err != nil {
		return fmt.Errorf("set options of the bridge: %w", err)
	}
	return nil
}

// request sends one rtnetlink change that the library has no call for.
func (n *Node) request(msgType, family int, l netlink.Link, attr *nl.RtAttr) error {
	return n.Run(func() error {
		req := nl.NewNetlinkRequest(msgType, unix.NLM_F_ACK)
		msg := nl.NewIfInfomsg(family)
		msg.Index = int32(l.Attrs().Index)
		req.AddData(msg)
		req.AddData(attr)
		_, err := req.Execute(unix.NETLINK_ROUTE, 0)
		return err
	})
}
