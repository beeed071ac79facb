package lab

import (
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netns"

	"github.com/carpd/carpd/internal/carp"
)

// Interface is the name of the interface of every router and client.
const Interface = "eth0"

// Addresses of the network. The virtual ones belong to no node.
var (
	Virtual4 = netip.MustParsePrefix("192.0.2.1/24")
	Virtual6 = netip.MustParsePrefix("2001:db8::1/64")
)

// Node is one namespace: a router, a client or the switch.
type Node struct {
	Name string
	IPv4 netip.Prefix // invalid for the switch
	IPv6 netip.Prefix
	MAC  carp.MAC

	lab    *Lab
	ns     netns.NsHandle
	nl     *netlink.Handle
	thread *thread
}

// addNode makes the namespace and what is needed to work in it.
func (l *Lab) addNode(name string, host int) (*Node, error) {
	n := &Node{Name: name, lab: l, MAC: carp.MAC{2, 0, 0, 0, 0, byte(host)}}
	full := n.Namespace()
	err := l.record(func(s *state) { s.Namespaces = append(s.Namespaces, full) })
	if err != nil {
		return nil, err
	}
	if n.ns, err = newNamespace(full); err != nil {
		return nil, fmt.Errorf("make namespace %s: %w", full, err)
	}
	if n.nl, err = netlink.NewHandleAt(n.ns); err != nil {
		return nil, fmt.Errorf("open netlink in %s: %w", full, err)
	}
	if n.thread, err = newThread(n.ns); err != nil {
		return nil, err
	}
	return n, n.linkUp("lo")
}

// newNamespace makes a named namespace. The thread that made it is inside and
// is thrown away.
func newNamespace(name string) (ns netns.NsHandle, err error) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread()
		ns, err = netns.NewNamed(name)
	}()
	<-done
	return ns, err
}

// addHost makes a router or a client with its addresses and plugs it in.
func (l *Lab) addHost(name string, host int, router bool) (*Node, error) {
	n, err := l.addNode(name, host)
	if err != nil {
		return nil, err
	}
	n.IPv4 = netip.PrefixFrom(netip.AddrFrom4([4]byte{192, 0, 2, byte(host)}), Virtual4.Bits())
	n.IPv6 = netip.PrefixFrom(netip.MustParseAddr(fmt.Sprintf("2001:db8::%d", host)), Virtual6.Bits())
	if err := n.setSysctls(router); err != nil {
		return nil, err
	}
	return n, n.Plug()
}

// setSysctls sets the defaults that the interface will start with: no
// duplicate address detection and no router advertisements, so that addresses
// are usable at once.
func (n *Node) setSysctls(router bool) error {
	values := map[string]string{
		"net.ipv6.conf.all.accept_dad":     "0",
		"net.ipv6.conf.default.accept_dad": "0",
		"net.ipv6.conf.default.accept_ra":  "0",
	}
	if router {
		values["net.ipv4.ip_forward"] = "1"
		values["net.ipv6.conf.all.forwarding"] = "1"
	}
	for k, v := range values {
		if err := n.Sysctl(k, v); err != nil {
			return err
		}
	}
	return nil
}

// Sysctl sets a network sysctl inside the namespace.
func (n *Node) Sysctl(key, value string) error {
	path := filepath.Join("/proc/sys", strings.ReplaceAll(key, ".", "/"))
	return n.Run(func() error { return os.WriteFile(path, []byte(value), 0o644) })
}

// Namespace is the name under /run/netns.
func (n *Node) Namespace() string { return n.lab.id + "-" + n.Name }

// Path is the file by which a person enters: nsenter --net=PATH.
func (n *Node) Path() string { return filepath.Join("/run/netns", n.Namespace()) }

// Address is the node's own address in a family.
func (n *Node) Address(f carp.Family) netip.Addr {
	if f == carp.IPv6 {
		return n.IPv6.Addr()
	}
	return n.IPv4.Addr()
}

// release gives back what the owner holds of the namespace.
func (n *Node) release() {
	if n.thread != nil {
		n.thread.close()
		n.thread = nil
	}
	if n.nl != nil {
		n.nl.Close()
	}
	if n.ns.IsOpen() {
		_ = n.ns.Close()
	}
}
