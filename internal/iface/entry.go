package iface

import (
	"bytes"
	"fmt"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/carpd/carpd/internal/carp"
	"github.com/carpd/carpd/internal/ledger"
)

// AddEntry makes a MAC one of a bridge's own (bridge fdb replace MAC dev br0 self
// local): frames to it, from whichever port, come to this host and go no further.
// An entry that the bridge has learnt, which leads to a port, is replaced; one
// that is permanent already is the operator's. DelFilter takes it away.
func (k *Keeper) AddEntry(index int, mac carp.MAC) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if err := k.addEntry(index, mac); err != nil {
		return fmt.Errorf("make %v an own MAC of bridge %d: %w", mac, index, gone(err))
	}
	return nil
}

func (k *Keeper) addEntry(index int, mac carp.MAC) error {
	e, err := k.entry(ledger.Filter, index, mac.String())
	if err != nil {
		return err
	}
	if present, err := k.inTable(index, mac); err != nil || present && !k.ledger.Has(e) {
		return err
	}
	_, err = k.noted(e, false, func() error { return k.handle.NeighSet(newFilter(index, mac)) })
	return err
}

// inTable reports whether the MAC is one of a bridge's own already.
func (k *Keeper) inTable(index int, mac carp.MAC) (bool, error) {
	all, err := again(func() ([]netlink.Neigh, error) { return k.handle.NeighList(index, unix.AF_BRIDGE) })
	for _, n := range all {
		if n.LinkIndex == index && n.State&netlink.NUD_PERMANENT != 0 && bytes.Equal(n.HardwareAddr, mac[:]) {
			return true, nil
		}
	}
	return false, err
}
