package iface

import (
	"fmt"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/carpd/carpd/internal/carp"
	"github.com/carpd/carpd/internal/ledger"
)

// addPromiscuous switches promiscuous mode on for the sake of a MAC. When it is
// on already and not by us, it is the operator's. (What the kernel shows is what
// was asked for by hand; a packet capture or a bridge port does not count.)
func (k *Keeper) addPromiscuous(l netlink.Link, mac carp.MAC) error {
	a := l.Attrs()
	if a.RawFlags&unix.IFF_PROMISC != 0 && k.promiscuousFor(a.Index) == 0 {
		return nil
	}
	e := ledger.Entry{Kind: ledger.Promiscuous, Ifindex: a.Index, Ifname: a.Name, Value: mac.String()}
	_, err := k.noted(e, false, func() error { return k.handle.SetPromiscOn(l) })
	return err
}

// delPromiscuous switches promiscuous mode off with the last MAC for which we
// switched it on.
func (k *Keeper) delPromiscuous(index int, mac carp.MAC) error {
	e := ledger.Entry{Kind: ledger.Promiscuous, Ifindex: index, Value: mac.String()}
	if !k.ledger.Has(e) {
		return nil
	}
	if k.promiscuousFor(index) == 1 {
		device := &netlink.Device{LinkAttrs: netlink.LinkAttrs{Index: index}}
		if err := unless(k.handle.SetPromiscOff(device)); err != nil {
			return fmt.Errorf("end promiscuous mode of interface %d: %w", index, err)
		}
	}
	return k.ledger.Forget(e)
}

// promiscuousFor counts the MACs for which we switched promiscuous mode on.
func (k *Keeper) promiscuousFor(index int) (n int) {
	for _, e := range k.ledger.Entries() {
		if e.Kind == ledger.Promiscuous && e.Ifindex == index {
			n++
		}
	}
	return n
}
