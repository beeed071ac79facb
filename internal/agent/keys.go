package agent

import (
	"net/netip"
	"time"

	"github.com/carpd/carpd/internal/carp"
)

// keyring is the key of a group and, for a while after an edit, the one before.
//
// The address list is inside the digest, so an edit on one node at a time would
// split a pair. For one master-down time after an edit we go on signing with
// the old key, which the peer still knows, and for two we accept both; hearing
// the new key from a peer ends the first of these at once.
type keyring struct {
	current     *carp.Key
	previous    *carp.Key
	signOld     time.Time // until then the previous key signs
	acceptOld   time.Time // until then the previous key is accepted
	secret      carp.Secret
	fingerprint []netip.Addr
}

// newKeyring prepares the key of a group.
func newKeyring(v carp.VHID, s carp.Secret, addrs []netip.Addr) keyring {
	return keyring{current: carp.NewKey(s, v, addrs), secret: s, fingerprint: carp.HashedAddrs(addrs, true)}
}

// replace makes next the current key and keeps the old one for the window.
func (k *keyring) replace(next keyring, now time.Time, window time.Duration) {
	next.previous = k.current
	next.signOld = now.Add(window)
	next.acceptOld = now.Add(2 * window)
	*k = next
}

// sign fills in the digest.
func (k *keyring) sign(a *carp.Advert, now time.Time) {
	if k.previous != nil && now.Before(k.signOld) {
		k.previous.Sign(a)
		return
	}
	k.current.Sign(a)
}

// verify checks the digest of an advert that arrived at the given instant.
func (k *keyring) verify(a carp.Advert, at time.Time) error {
	err := k.current.Verify(a)
	if err == nil {
		k.signOld = time.Time{}
		return nil
	}
	if k.previous != nil && at.Before(k.acceptOld) {
		return k.previous.Verify(a)
	}
	return err
}
