package lab

import (
	"fmt"
	"net"
	"net/netip"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/carpd/carpd/internal/carp"
)

// Neighbour is an entry of a node's ARP or neighbour table.
type Neighbour struct {
	MAC   carp.MAC
	State string // as ip neigh prints it: REACHABLE, STALE, DELAY, PROBE, FAILED, …
}

// neighbourStates names the states (uapi/linux/neighbour.h).
var neighbourStates = map[int]string{
	unix.NUD_INCOMPLETE: "INCOMPLETE", unix.NUD_REACHABLE: "REACHABLE", unix.NUD_STALE: "STALE",
	unix.NUD_DELAY: "DELAY", unix.NUD_PROBE: "PROBE", unix.NUD_FAILED: "FAILED",
	unix.NUD_NOARP: "NOARP", unix.NUD_PERMANENT: "PERMANENT", unix.NUD_NONE: "NONE",
}

// Neighbour reads the node's entry for an address; ok says that there is one.
func (n *Node) Neighbour(addr netip.Addr) (entry Neighbour, ok bool, err error) {
	l, err := n.nl.LinkByName(Interface)
	if err != nil {
		return entry, false, fmt.Errorf("find %s of %s: %w", Interface, n.Name, err)
	}
	list, err := n.nl.NeighList(l.Attrs().Index, family(addr))
	if err != nil {
		return entry, false, fmt.Errorf("list the neighbours of %s: %w", n.Name, err)
	}
	for _, e := range list {
		if ip, _ := netip.AddrFromSlice(e.IP); ip.Unmap() == addr {
			copy(entry.MAC[:], e.HardwareAddr)
			entry.State = neighbourStates[e.State]
			return entry, true, nil
		}
	}
	return entry, false, nil
}

// AgeNeighbour turns the node's entry for an address stale, as time does, so
// that the next packet makes the node ask again.
func (n *Node) AgeNeighbour(addr netip.Addr) error {
	e, ok, err := n.Neighbour(addr)
	if err != nil {
		return err
	}
	if !ok {
		return fmt.Errorf("%s has no neighbour entry for %s", n.Name, addr)
	}
	l, err := n.nl.LinkByName(Interface)
	if err != nil {
		return fmt.Errorf("find %s of %s: %w", Interface, n.Name, err)
	}
	err = n.nl.NeighSet(&netlink.Neigh{
		LinkIndex: l.Attrs().Index, Family: family(addr), State: unix.NUD_STALE,
		IP: addr.AsSlice(), HardwareAddr: net.HardwareAddr(e.MAC[:]),
	})
	if err != nil {
		return fmt.Errorf("age the entry of %s for %s: %w", n.Name, addr, err)
	}
	return nil
}

// QuickNeighbours makes entries of the node stale after about a second instead
// of half a minute, and probes start at once after that.
func (n *Node) QuickNeighbours() error {
	for _, f := range []string{"ipv4", "ipv6"} {
		base := "net." + f + ".neigh." + Interface + "."
		if err := n.Sysctl(base+"base_reachable_time_ms", "1000"); err != nil {
			return err
		}
		if err := n.Sysctl(base+"delay_first_probe_time", "1"); err != nil {
			return err
		}
	}
	return nil
}

// family is the netlink family of an address.
func family(a netip.Addr) int {
	if a.Is4() {
		return netlink.FAMILY_V4
	}
	return netlink.FAMILY_V6
}
