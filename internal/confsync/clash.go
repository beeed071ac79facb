package confsync

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/carpd/carpd/internal/config"
)

// fits refuses a group that this node cannot have.
func (i importing) fits(want entry) error {
	dev := i.local(want.Carpdev)
	if back, err := i.shared(dev); err != nil || back != want.Carpdev {
		return fmt.Errorf("group %s comes in and its carpdev is no interface of this node: name one in cluster.carpdevs", want.name())
	}
	return i.clash(want, dev)
}

// clash refuses a group that cannot stand beside one which is this node's own.
// Own groups are never changed by others, so somebody has to decide.
func (i importing) clash(want entry, dev string) error {
	for _, is := range i.own {
		sameLink := is.Items.Text("carpdev") == dev
		for _, m := range membersOf(is.Items) {
			if sameLink && slices.Contains(want.VHIDs, int(m.vhid)) {
				return fmt.Errorf("group %s comes in and %s has sync: false here: remove one of them", want.name(), is.Name())
			}
		}
		if a, shared := common(is.Items, want.Keys["addresses"], sameLink); shared {
			return fmt.Errorf("address %s of the incoming group %s belongs to %s, which has sync: false here: remove one of them", a, want.name(), is.Name())
		}
	}
	return nil
}

// common finds an address that both have. A link-local one is another one on
// another link.
func common(is config.Items, want any, sameLink bool) (netip.Addr, bool) {
	had, _ := is.Get("addresses")
	ours := addresses(had)
	for _, a := range addresses(want) {
		if slices.Contains(ours, a) && (sameLink || !a.IsLinkLocalUnicast()) {
			return a, true
		}
	}
	return netip.Addr{}, false
}

// addresses are those of a list, without what is none.
func addresses(list any) (out []netip.Addr) {
	values, _ := list.([]any)
	for _, v := range values {
		text, _ := v.(string)
		text, _, _ = strings.Cut(text, "/")
		if a, err := netip.ParseAddr(text); err == nil {
			out = append(out, a)
		}
	}
	return out
}
