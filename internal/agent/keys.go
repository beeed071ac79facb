package agent

import (
	"net/netip"
	"slices"
	"time"

	"github.com/carpd/carpd/internal/carp"
)

// keyring is the key of a group and, for a while after an edit, those before.
//
// The address list is inside the digest, so an edit on one node at a time would
// split a pair. For one master-down time after an edit we go on signing with
// the key that we signed with before it, which the peer still knows, and for
// two we accept all of them; hearing the new key from a peer ends the first of
// these at once.
type keyring struct {
	current     *carp.Key
	signer      *carp.Key // signs until signOld
	signOld     time.Time
	earlier     []earlierKey
	secret      carp.Secret
	fingerprint []netip.Addr
}

// earlierKey is accepted for a while.
type earlierKey struct {
	*carp.Key
	until time.Time
}

// maxEarlier bounds what many edits in a row can make us remember.
const maxEarlier = 8

// newKeyring prepares the key of a group.
func newKeyring(v carp.VHID, s carp.Secret, addrs []netip.Addr) keyring {
	return keyring{current: carp.NewKey(s, v, addrs), secret: s, fingerprint: carp.HashedAddrs(addrs, true)}
}

// replace makes next the current key and keeps the old ones for the window.
func (k *keyring) replace(next keyring, now time.Time, window time.Duration) {
	next.signer = k.signing(now)
	next.signOld = now.Add(window)
	until := now.Add(2 * window)
	next.earlier = []earlierKey{{next.signer, until}}
	if k.current != next.signer {
		next.earlier = append(next.earlier, earlierKey{k.current, until})
	}
	for _, e := range k.earlier {
		if e.Key != next.signer && now.Before(e.until) && len(next.earlier) < maxEarlier {
			next.earlier = append(next.earlier, e)
		}
	}
	*k = next
}

// signing is the key that signs now.
func (k *keyring) signing(now time.Time) *carp.Key {
	if now.Before(k.signOld) {
		return k.signer
	}
	return k.current
}

// sign fills in the digest.
func (k *keyring) sign(a *carp.Advert, now time.Time) { k.signing(now).Sign(a) }

// verify checks the digest of an advert that arrived at the given instant.
func (k *keyring) verify(a carp.Advert, at time.Time) error {
	err := k.current.Verify(a)
	if err == nil {
		k.signOld = time.Time{}
		return nil
	}
	for _, e := range k.earlier {
		if at.Before(e.until) && e.Verify(a) == nil {
			return nil
		}
	}
	return err
}

// midstates are what verify accepts from now on, for the kernel side: as long as
// a key is accepted here it must not refuse it there.
func (k *keyring) midstates(now time.Time) []carp.Midstate {
	all := k.current.Midstates()
	for _, e := range k.earlier {
		if !now.Before(e.until) {
			continue
		}
		for _, m := range e.Midstates() {
			if !slices.Contains(all, m) {
				all = append(all, m)
			}
		}
	}
	return all
}

// expires is when the next of the earlier keys ends, or the zero time.
func (k *keyring) expires(now time.Time) (next time.Time) {
	for _, e := range k.earlier {
		if now.Before(e.until) && (next.IsZero() || e.until.Before(next)) {
			next = e.until
		}
	}
	return next
}

// tellKeys tells the kernel side which keys a group accepts now, and once more
// when one of them ends. Where that fails the digests are checked here alone.
func (a *Agent) tellKeys(g *group) {
	if g.dev == nil {
		return
	}
	now := a.Now()
	if err := a.Dataplane.SetKeys(g.slot, g.keys.midstates(now)); err != nil {
		a.Log.Error().Err(err).Str("group", g.name).Msg("keys not told to the kernel side: it passes all digests")
	}
	a.Dataplane.SetInterval(g.slot, carp.Interval(g.cfg.Advbase, g.cfg.Advskew))
	a.alarms.set(g.expiry, g.keys.expires(now))
}
