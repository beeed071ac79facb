package iface

import (
	"errors"
	"fmt"
	"slices"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"

	"github.com/carpd/carpd/internal/ledger"
)

// tagFeatures are the offloads that take VLAN tags out of received frames;
// `ethtool -K eth0 rxvlan off` switches off the first.
var tagFeatures = []string{"rx-vlan-hw-parse", "rx-vlan-stag-hw-parse"}

// Attributes of ethtool's sets of bits (uapi/linux/ethtool_netlink.h).
const (
	headerIndex = 1
	bitsetBits  = 3
	bitsBit     = 1
	bitName     = 2
	bitValue    = 3
)

// features are the offloads of an interface by name.
type features struct {
	active []string // switched on
	may    []string // can be switched
}

// features asks ethtool.
func (k *Keeper) features(index int) (features, error) {
	answer, err := k.ethtool.ask(unix.ETHTOOL_MSG_FEATURES_GET, featuresOf(index))
	if err != nil {
		return features{}, fmt.Errorf("ask for the offloads of interface %d: %w", index, gone(err))
	}
	active, err1 := bitNames(answer[unix.ETHTOOL_A_FEATURES_ACTIVE])
	may, err2 := bitNames(answer[unix.ETHTOOL_A_FEATURES_HW])
	return features{active, may}, errors.Join(err1, err2)
}

// featuresOf is the header of a request about an interface.
func featuresOf(index int) *nl.RtAttr {
	header := nl.NewRtAttr(unix.ETHTOOL_A_FEATURES_HEADER|unix.NLA_F_NESTED, nil)
	header.AddRtAttr(headerIndex, nl.Uint32Attr(uint32(index)))
	return header
}

// bitNames are the names in a set of bits that is sent as a list.
func bitNames(set []byte) (names []string, err error) {
	attrs, err := attributes(set)
	if err != nil {
		return nil, fmt.Errorf("read a set of offloads: %w", err)
	}
	bits, err := nl.ParseRouteAttr(attrs[bitsetBits])
	for _, b := range bits {
		bit, e := attributes(b.Value)
		if err = errors.Join(err, e); e == nil {
			names = append(names, nl.BytesToString(bit[bitName]))
		}
	}
	return names, err
}

// setFeature switches an offload, and looks whether that came about: ethtool
// calls it no error when it did not.
func (k *Keeper) setFeature(index int, name string, on bool) error {
	wanted := nl.NewRtAttr(unix.ETHTOOL_A_FEATURES_WANTED|unix.NLA_F_NESTED, nil)
	bit := wanted.AddRtAttr(bitsetBits|unix.NLA_F_NESTED, nil).AddRtAttr(bitsBit|unix.NLA_F_NESTED, nil)
	bit.AddRtAttr(bitName, nl.ZeroTerminated(name))
	if on {
		bit.AddRtAttr(bitValue, nil)
	}
	if _, err := k.ethtool.ask(unix.ETHTOOL_MSG_FEATURES_SET, featuresOf(index), wanted); err != nil {
		return fmt.Errorf("switch %s of interface %d: %w", name, index, gone(err))
	}
	f, err := k.features(index)
	if err == nil && slices.Contains(f.active, name) != on {
		err = fmt.Errorf("switch %s of interface %d: the driver keeps it as it is", name, index)
	}
	return err
}

// InlineTags has an interface leave VLAN tags in the frames it receives, where
// XDP sees them. A tag that the driver takes out is lost to XDP: it would take
// the frame for an untagged one and answer in the wrong VLAN.
func (k *Keeper) InlineTags(index int) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	f, err := k.features(index)
	if err != nil {
		return err
	}
	for _, name := range tagFeatures {
		if !slices.Contains(f.active, name) {
			continue
		}
		e, err := k.entry(ledger.Feature, index, name)
		if err != nil {
			return err
		}
		if _, err := k.noted(e, false, func() error { return k.setFeature(index, name, false) }); err != nil {
			return err
		}
	}
	return nil
}

// RestoreTags switches on again what InlineTags switched off.
func (k *Keeper) RestoreTags(index int) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	var errs []error
	for _, name := range tagFeatures {
		errs = append(errs, k.restoreFeature(index, name))
	}
	return errors.Join(errs...)
}

// UndoOffloads is RestoreTags for all interfaces that the ledger names. It is for
// when no XDP program is left.
func (k *Keeper) UndoOffloads() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	var errs []error
	for _, e := range k.ledger.Entries() {
		if e.Kind == ledger.Feature {
			errs = append(errs, k.restoreFeature(e.Ifindex, e.Value))
		}
	}
	return errors.Join(errs...)
}

// restoreFeature switches an offload on, if we switched it off.
func (k *Keeper) restoreFeature(index int, name string) error {
	e := ledger.Entry{Kind: ledger.Feature, Ifindex: index, Value: name}
	if !k.ledger.Has(e) {
		return nil
	}
	if err := k.setFeature(index, name, true); err != nil && !errors.Is(err, ErrGone) {
		return err
	}
	return k.ledger.Forget(e)
}
