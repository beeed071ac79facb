package iface

import (
	"fmt"
	"math"
	"net"
	"net/netip"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/carpd/carpd/internal/carp"
	"github.com/carpd/carpd/internal/ledger"
)

// AddAddress puts a group address on an interface: with the full prefix length
// and no prefix route, so that it changes no route and no other source address;
// in IPv6 also without duplicate address detection, because the peer has it too,
// and with a preferred lifetime of 0, so that nothing but answers comes from it.
//
// ours is false when the address is there already with any prefix length and was
// not added by us: it is the operator's, and DelAddress leaves it alone.
func (k *Keeper) AddAddress(index int, addr netip.Addr) (ours bool, err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	addr = addr.Unmap().WithZone("")
	e, err := k.entry(ledger.Address, index, addr.String())
	if err != nil {
		return false, fmt.Errorf("add address %v to interface %d: %w", addr, index, err)
	}
	present, shape, err := k.present(index, addr)
	switch {
	case err != nil:
	case present && shape && k.ledger.Has(e):
		return true, nil
	case present:
		return false, k.ledger.Forget(e)
	default:
		ours, err = k.noted(e, false, func() error { return k.handle.AddrAdd(nil, newAddress(index, addr)) })
	}
	if err != nil {
		return ours, fmt.Errorf("add address %v to %s: %w", addr, e.Ifname, addressError(err, addr))
	}
	return ours, nil
}

// DelAddress takes an address away if we added it. When it was the interface's
// last IPv4 address, the kernel drops the IPv4 routes of the interface with it.
func (k *Keeper) DelAddress(index int, addr netip.Addr) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.delAddress(index, addr.Unmap().WithZone(""))
}

// delAddress is DelAddress with the lock held. An address that is no longer of
// the shape that we gave it is somebody else's by now.
func (k *Keeper) delAddress(index int, addr netip.Addr) error {
	e := ledger.Entry{Kind: ledger.Address, Ifindex: index, Value: addr.String()}
	if !k.ledger.Has(e) {
		return nil
	}
	_, shape, err := k.present(index, addr)
	if err == nil && shape {
		err = unless(k.handle.AddrDel(nil, newAddress(index, addr)), unix.EADDRNOTAVAIL)
	}
	if err != nil {
		return fmt.Errorf("delete address %v from interface %d: %w", addr, index, err)
	}
	return k.ledger.Forget(e)
}

// present tells whether the address is on the interface, and whether it is there
// in the shape that AddAddress gives it.
func (k *Keeper) present(index int, addr netip.Addr) (present, shape bool, err error) {
	all, err := again(func() ([]netlink.Addr, error) { return k.handle.AddrList(nil, family(addr)) })
	for _, a := range all {
		p, ok := prefix(a)
		if ok && a.LinkIndex == index && p.Addr() == addr {
			present = true
			shape = shape || (p.IsSingleIP() && a.Flags&unix.IFA_F_NOPREFIXROUTE != 0)
		}
	}
	return present, shape, err
}

// newAddress is a group address as netlink wants it.
func newAddress(index int, addr netip.Addr) *netlink.Addr {
	a := &netlink.Addr{
		IPNet:     ipNet(netip.PrefixFrom(addr, addr.BitLen())),
		LinkIndex: index,
		Flags:     unix.IFA_F_NOPREFIXROUTE,
	}
	if addr.Is6() {
		forever := uint32(math.MaxUint32)
		a.Flags |= unix.IFA_F_NODAD
		a.ValidLft, a.PreferedLft = int(forever), 0
	}
	return a
}

// addressError names what the kernel means by refusing an address.
func addressError(err error, addr netip.Addr) error {
	if carp.FamilyOf(addr) == carp.IPv6 {
		err = named(err, ErrNoIPv6, unix.EACCES, unix.EOPNOTSUPP)
	}
	return gone(err)
}

// family is the address family of an address.
func family(addr netip.Addr) int {
	if addr.Is4() {
		return netlink.FAMILY_V4
	}
	return netlink.FAMILY_V6
}

// ipNet is a prefix as netlink wants it, host bits kept.
func ipNet(p netip.Prefix) *net.IPNet {
	return &net.IPNet{IP: p.Addr().AsSlice(), Mask: net.CIDRMask(p.Bits(), p.Addr().BitLen())}
}
