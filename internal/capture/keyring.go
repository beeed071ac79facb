package capture

import (
	"net/netip"

	"github.com/carpd/carpd/internal/carp"
)

// Keyring holds the keys of the groups that are known. The zero value knows
// none.
type Keyring struct{ groups map[carp.VHID][]group }

type group struct {
	name string
	key  *carp.Key
}

// Add adds a group. One VHID may be on several carpdevs with different keys:
// a capture does not say which one it is from, so any of them will do.
func (k *Keyring) Add(name string, v carp.VHID, s carp.Secret, addrs []netip.Addr) {
	if k.groups == nil {
		k.groups = map[carp.VHID][]group{}
	}
	k.groups[v] = append(k.groups[v], group{name, carp.NewKey(s, v, addrs)})
}

// knows reports whether there is a key for the VHID.
func (k Keyring) knows(v carp.VHID) bool { return len(k.groups[v]) > 0 }

// owner is the name of the group whose key made the digest of the advert.
func (k Keyring) owner(a carp.Advert) (name string, ok bool) {
	for _, g := range k.groups[a.VHID] {
		if g.key.Verify(a) == nil {
			return g.name, true
		}
	}
	return "", false
}
