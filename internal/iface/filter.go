package iface

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/carpd/carpd/internal/carp"
	"github.com/carpd/carpd/internal/ledger"
)

// AddFilter has the interface let in frames to one more MAC: by an entry in its
// unicast filter (bridge fdb add MAC dev X self), and by promiscuous mode where
// the device has no such filter or no room in it.
//
// A bridge gets promiscuous mode at once: there an entry would decide which way
// frames are switched, and take them from a peer that is reached through one of
// the bridge's ports. This is for MACs that several nodes accept; see AddEntry. A macvlan that is not in passthru mode has neither: the
// error is ErrNoFilter.
//
// An entry that is there already is the operator's, or of a macvlan on top.
func (k *Keeper) AddFilter(index int, mac carp.MAC) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if err := k.addFilter(index, mac); err != nil {
		return fmt.Errorf("let %v into interface %d: %w", mac, index, gone(err))
	}
	return nil
}

// DelFilter takes away what AddFilter added.
func (k *Keeper) DelFilter(index int, mac carp.MAC) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if err := k.delFilter(index, mac); err != nil {
		return err
	}
	return k.delPromiscuous(index, mac)
}

// addFilter chooses between an entry and promiscuous mode.
func (k *Keeper) addFilter(index int, mac carp.MAC) error {
	l, err := k.handle.LinkByIndex(index)
	if err != nil {
		return err
	}
	if l.Type() == "bridge" {
		return k.addPromiscuous(l, mac)
	}
	if present, err := k.inFilter(index, mac); err != nil || present {
		return err
	}
	e := ledger.Entry{Kind: ledger.Filter, Ifindex: index, Ifname: l.Attrs().Name, Value: mac.String()}
	_, err = k.noted(e, false, func() error { return k.handle.NeighAdd(newFilter(index, mac)) })
	switch {
	case !isOneOf(err, noFilter...):
		return err
	case slices.Contains(oneMAC, l.Type()):
		return fmt.Errorf("%w: %w", ErrNoFilter, err)
	}
	return k.addPromiscuous(l, mac)
}

// oneMAC are devices that get frames to their own MAC alone, promiscuous or not.
var oneMAC = []string{"macvlan", "macvtap", "ipvlan", "ipvtap"}

// noFilter are the errors by which drivers refuse an entry: they have no such
// filter, or have it in some modes only, or it is full.
var noFilter = []unix.Errno{unix.EOPNOTSUPP, unix.EINVAL, unix.ENOMEM, unix.ENOSPC}

// delFilter takes away the entry, if it is ours.
func (k *Keeper) delFilter(index int, mac carp.MAC) error {
	e := ledger.Entry{Kind: ledger.Filter, Ifindex: index, Value: mac.String()}
	if !k.ledger.Has(e) {
		return nil
	}
	if err := unless(k.handle.NeighDel(newFilter(index, mac)), unix.ENOENT); err != nil {
		return fmt.Errorf("delete filter entry %v from interface %d: %w", mac, index, err)
	}
	return k.ledger.Forget(e)
}

// inFilter reports whether the interface lets the MAC in already.
func (k *Keeper) inFilter(index int, mac carp.MAC) (bool, error) {
	all, err := again(func() ([]netlink.Neigh, error) { return k.handle.NeighList(index, unix.AF_BRIDGE) })
	for _, n := range all {
		if n.Flags&netlink.NTF_SELF != 0 && bytes.Equal(n.HardwareAddr, mac[:]) {
			return true, nil
		}
	}
	return false, err
}

// newFilter is a filter entry as netlink wants it.
func newFilter(index int, mac carp.MAC) *netlink.Neigh {
	return &netlink.Neigh{
		LinkIndex: index, Family: unix.AF_BRIDGE, Flags: netlink.NTF_SELF,
		State: netlink.NUD_PERMANENT, HardwareAddr: mac[:],
	}
}
