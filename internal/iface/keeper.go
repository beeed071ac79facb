package iface

import (
	"errors"
	"fmt"
	"sync"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/carpd/carpd/internal/ledger"
)

// Keeper adds things to interfaces and takes away what it added, this one or
// one before it that crashed: the ledger tells. It is safe for use by several
// goroutines; each call waits for the kernel.
type Keeper struct {
	mu     sync.Mutex
	ledger *ledger.Ledger
	handle *netlink.Handle

	ethtool, netdev *generic // what drivers tell
}

// NewKeeper makes a Keeper for the network namespace of the calling thread.
func NewKeeper(l *ledger.Ledger) (*Keeper, error) {
	h, err := netlink.NewHandle(unix.NETLINK_ROUTE)
	if err != nil {
		return nil, fmt.Errorf("open netlink socket: %w", err)
	}
	k := &Keeper{ledger: l, handle: h}
	var err1, err2 error
	k.ethtool, err1 = openGeneric("ethtool")
	k.netdev, err2 = openGeneric("netdev")
	if err := errors.Join(err1, err2); err != nil {
		k.Close()
		return nil, err
	}
	return k, nil
}

// Close closes the Keeper's sockets. It undoes nothing.
func (k *Keeper) Close() {
	k.handle.Close()
	k.ethtool.close()
	k.netdev.close()
}

// entry is what the ledger will say about a thing on an interface.
func (k *Keeper) entry(kind ledger.Kind, index int, value string) (ledger.Entry, error) {
	l, err := k.handle.LinkByIndex(index)
	if err != nil {
		return ledger.Entry{}, gone(err)
	}
	return ledger.Entry{Kind: kind, Ifindex: index, Ifname: l.Attrs().Name, Value: value}, nil
}

// noted writes an entry down, does what it says, and strikes it out again if it
// did not come about. What exists already is ours only if it was written down
// before, or mine says so.
func (k *Keeper) noted(e ledger.Entry, mine bool, do func() error) (ours bool, err error) {
	mine = mine || k.ledger.Has(e)
	if err := k.ledger.Note(e); err != nil {
		return false, err
	}
	err = do()
	if errors.Is(err, unix.EEXIST) {
		err = nil
	} else if err == nil {
		mine = true
	}
	if !mine {
		return false, errors.Join(err, k.ledger.Forget(e))
	}
	return err == nil, err
}
