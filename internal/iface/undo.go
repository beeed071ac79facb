package iface

import (
	"errors"
	"fmt"
	"net"
	"net/netip"

	"github.com/carpd/carpd/internal/carp"
	"github.com/carpd/carpd/internal/ledger"
)

// undoOrder is the order in which things are taken away: first nothing is sent
// from a group address any more, then the interface lets its frames in no more.
var undoOrder = []ledger.Kind{ledger.Route, ledger.Address, ledger.Filter, ledger.Promiscuous}

// UndoAll takes away everything that the ledger names, save offloads, which
// follow when the programs are gone: see UndoOffloads. It goes on after an error; what could not be taken away
// stays in the ledger. An interface that is gone took our things with it, also
// when another one has its name now.
func (k *Keeper) UndoAll() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	var errs []error
	for _, kind := range undoOrder {
		for _, e := range k.ledger.Entries() {
			if e.Kind == kind {
				errs = append(errs, k.undo(e))
			}
		}
	}
	return errors.Join(errs...)
}

// undo takes away what one entry names.
func (k *Keeper) undo(e ledger.Entry) error {
	switch e.Kind {
	case ledger.Route:
		p, err := netip.ParsePrefix(e.Value)
		if err != nil {
			return fmt.Errorf("ledger: route %q on %s: %w", e.Value, e.Ifname, err)
		}
		return k.delPrefixRoute(e.Ifindex, p)
	case ledger.Address:
		addr, err := netip.ParseAddr(e.Value)
		if err != nil {
			return fmt.Errorf("ledger: address %q on %s: %w", e.Value, e.Ifname, err)
		}
		return k.delAddress(e.Ifindex, addr)
	}
	mac, err := net.ParseMAC(e.Value)
	if err != nil || len(mac) != len(carp.MAC{}) {
		return fmt.Errorf("ledger: %s %q on %s is no MAC", e.Kind, e.Value, e.Ifname)
	}
	if e.Kind == ledger.Promiscuous {
		return k.delPromiscuous(e.Ifindex, carp.MAC(mac))
	}
	return k.delFilter(e.Ifindex, carp.MAC(mac))
}
