package carp

import (
	"bytes"
	"crypto/sha1" //nolint:gosec // The protocol fixes HMAC-SHA1.
	"crypto/subtle"
	"encoding/binary"
	"hash"
	"net/netip"
	"slices"
)

// Secret is the 20-byte key of a group. Printing it shows "***".
type Secret [20]byte

// String hides the secret.
func (Secret) String() string { return "***" }

// GoString hides the secret from %#v too.
func (Secret) GoString() string { return "***" }

// MaxPassword is how many bytes of a password ifconfig keeps: it copies a C
// string into a 20-byte field, and UCarp refuses anything longer.
const MaxPassword = 19

// NewSecret makes the key from a password as ifconfig(8) does: at most 19
// bytes, cut at the first NUL, filled up with NULs. cut says that bytes
// were lost and the operator should be warned.
func NewSecret(password []byte) (s Secret, cut bool) {
	kept, _, nul := bytes.Cut(password, []byte{0})
	n := copy(s[:MaxPassword], kept)
	return s, nul || n < len(kept)
}

// NewRawSecret takes the first 20 bytes verbatim, as FreeBSD's netlink does for
// peers that were not configured by ifconfig.
func NewRawSecret(raw []byte) (s Secret, cut bool) {
	n := copy(s[:], raw)
	return s, n < len(raw)
}

// Key signs and verifies the adverts of one group: HMAC-SHA1 with everything
// but the counter hashed in advance. It is safe for use by one goroutine.
type Key struct {
	send   midstate
	accept []midstate
}

// midstate is an HMAC with its key and the fixed part of the message hashed.
type midstate struct{ inner, outer hash.Cloner }

// NewKey prepares the key of a group. Adverts are signed without link-local
// addresses, as OpenBSD does, and accepted with and without them, so that every
// BSD is understood (OpenBSD: carp_hmac_prepare_ctx, HMAC_NOV6LL).
func NewKey(s Secret, v VHID, addrs []netip.Addr) *Key {
	without := HashedAddrs(addrs, false)
	with := HashedAddrs(addrs, true)
	k := &Key{send: prepare(s, v, without)}
	k.accept = append(k.accept, k.send)
	if !slices.Equal(with, without) {
		k.accept = append(k.accept, prepare(s, v, with))
	}
	return k
}

// HashedAddrs is the address list in the order in which it is authenticated:
// IPv4 before IPv6, each ascending by network-order bytes, duplicates once, no
// prefix lengths. The all-zeros and all-ones addresses never count; link-local
// IPv6 addresses count when linkLocal says so, with bytes 2 and 3 cleared,
// where BSD kernels keep the interface index.
func HashedAddrs(addrs []netip.Addr, linkLocal bool) []netip.Addr {
	var out []netip.Addr
	for _, a := range addrs {
		a = a.Unmap().WithZone("")
		if scoped(a) {
			if !linkLocal {
				continue
			}
			b := a.As16()
			b[2], b[3] = 0, 0
			a = netip.AddrFrom16(b)
		}
		if !neverHashed(a) {
			out = append(out, a)
		}
	}
	slices.SortFunc(out, netip.Addr.Compare)
	return slices.Compact(out)
}

// scoped reports whether BSD kernels keep an interface index in the address:
// fe80::/10, and interface-local and link-local multicast.
func scoped(a netip.Addr) bool {
	return a.Is6() && (a.IsLinkLocalUnicast() || a.IsLinkLocalMulticast() || a.IsInterfaceLocalMulticast())
}

// neverHashed are the exclusive bounds of the kernels' search for the next
// address: all zeros and all ones.
func neverHashed(a netip.Addr) bool {
	for _, b := range a.AsSlice() {
		if b != 0xff {
			return a.IsUnspecified()
		}
	}
	return true
}

// prepare hashes key, version, type, VHID and addresses.
func prepare(s Secret, v VHID, addrs []netip.Addr) midstate {
	m := midstate{inner: keyed(s, 0x36), outer: keyed(s, 0x5c)}
	h := m.inner.(hash.Hash)
	h.Write([]byte{Version, TypeAdvert, byte(v)})
	for _, a := range addrs {
		h.Write(a.AsSlice())
	}
	return m
}

// keyed is SHA-1 over the padded key XORed with the pad byte of RFC 2104.
func keyed(s Secret, pad byte) hash.Cloner {
	var block [sha1.BlockSize]byte
	copy(block[:], s[:])
	for i := range block {
		block[i] ^= pad
	}
	h := sha1.New() //nolint:gosec // The protocol fixes HMAC-SHA1.
	h.Write(block[:])
	return h.(hash.Cloner)
}

// digest finishes the HMAC for one counter.
func (m midstate) digest(counter uint64) (d [20]byte) {
	h := clone(m.inner)
	h.Write(binary.BigEndian.AppendUint64(nil, counter))
	o := clone(m.outer)
	o.Write(h.Sum(nil))
	o.Sum(d[:0])
	return d
}

// clone copies a SHA-1 state. Its Clone cannot fail.
func clone(c hash.Cloner) hash.Hash {
	h, err := c.Clone()
	if err != nil {
		panic("carp: clone of a SHA-1 state: " + err.Error())
	}
	return h
}

// Sign fills in the digest for the advert's counter.
func (k *Key) Sign(a *Advert) { a.Digest = k.send.digest(a.Counter) }

// Verify compares the digest in constant time. The error is BadDigest.
// Advskew, advbase and demotion are not covered by the digest: the protocol
// leaves them open.
func (k *Key) Verify(a Advert) error {
	good := 0
	for _, m := range k.accept {
		want := m.digest(a.Counter)
		good |= subtle.ConstantTimeCompare(want[:], a.Digest[:])
	}
	if good == 0 {
		return BadDigest
	}
	return nil
}
