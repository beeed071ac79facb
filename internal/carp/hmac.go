package carp

import (
	"crypto/sha1" // The protocol fixes HMAC-SHA1.
	"crypto/subtle"
	"encoding"
	"encoding/binary"
	"fmt"
	"hash"
	"net/netip"
	"slices"
)

// Key signs and verifies the adverts of one group: HMAC-SHA1 with everything
// but the counter hashed in advance. It must be used by one goroutine at a
// time. It is as good as the secret, and hides itself like one.
type Key struct {
	send   midstate
	accept []midstate

	// Room to work in, so that no advert costs an allocation.
	hash    sha1Hash
	counter [8]byte
	inner   [sha1.Size]byte
	want    [sha1.Size]byte
}

// midstate is an HMAC with its key and the fixed part of the message hashed:
// two SHA-1 states as the standard library marshals them.
type midstate struct{ inner, outer []byte }

// sha1Hash is what the standard library's SHA-1 is able to do.
type sha1Hash interface {
	hash.Hash
	encoding.BinaryMarshaler
	encoding.BinaryUnmarshaler
}

// NewKey prepares the key of a group. Adverts are signed without link-local
// addresses, as OpenBSD does, and accepted with and without them, so that every
// BSD is understood (OpenBSD: carp_hmac_prepare_ctx, HMAC_NOV6LL).
func NewKey(s Secret, v VHID, addrs []netip.Addr) *Key { return newKey(s, v, nil, addrs) }

// newKey also knows the six MAC bytes that OpenBSD hashes when its carp
// interface was given an lladdr of its own. No other system can talk to such
// a group, and carpd has no setting for it; without an lladdr mac is empty.
func newKey(s Secret, v VHID, mac []byte, addrs []netip.Addr) *Key {
	without := HashedAddrs(addrs, false)
	with := HashedAddrs(addrs, true)
	k := &Key{send: prepare(s, message(v, mac, without)), hash: newSHA1()}
	k.accept = append(k.accept, k.send)
	if !slices.Equal(with, without) {
		k.accept = append(k.accept, prepare(s, message(v, mac, with)))
	}
	return k
}

// Format hides the key from every verb of fmt.
func (Key) Format(f fmt.State, _ rune) { fmt.Fprint(f, hidden) }

// Sign fills in the digest for the advert's counter.
func (k *Key) Sign(a *Advert) { k.digest(k.send, a.Counter, &a.Digest) }

// Verify compares the digest in constant time. The error is BadDigest.
// Advskew, advbase and demotion are not covered by the digest: the protocol
// leaves them open.
func (k *Key) Verify(a Advert) error {
	good := 0
	for _, m := range k.accept {
		k.digest(m, a.Counter, &k.want)
		good |= subtle.ConstantTimeCompare(k.want[:], a.Digest[:])
	}
	if good == 0 {
		return BadDigest
	}
	return nil
}

// digest finishes the HMAC for one counter.
func (k *Key) digest(m midstate, counter uint64, out *[sha1.Size]byte) {
	binary.BigEndian.PutUint64(k.counter[:], counter)
	k.finish(m.inner, k.counter[:], &k.inner)
	k.finish(m.outer, k.inner[:], out)
}

// finish goes on from a SHA-1 state with the last bytes of the message.
func (k *Key) finish(state, last []byte, out *[sha1.Size]byte) {
	if err := k.hash.UnmarshalBinary(state); err != nil {
		panic("carp: a SHA-1 state that we marshalled: " + err.Error())
	}
	k.hash.Write(last)
	k.hash.Sum(out[:0])
}

// message is the part of the authenticated message that never changes:
// version, type, OpenBSD's MAC if there is one, VHID and addresses. On the
// wire the counter follows. The type is the constant whatever a packet says.
func message(v VHID, mac []byte, addrs []netip.Addr) []byte {
	m := append([]byte{Version, TypeAdvert}, mac...)
	m = append(m, byte(v))
	for _, a := range addrs {
		m = append(m, a.AsSlice()...)
	}
	return m
}

// prepare hashes the key and the fixed part of the message.
func prepare(s Secret, fixed []byte) midstate {
	return midstate{inner: keyed(s, 0x36, fixed), outer: keyed(s, 0x5c, nil)}
}

// keyed is the SHA-1 state after the padded key XORed with the pad byte of
// RFC 2104, and after msg.
func keyed(s Secret, pad byte, msg []byte) []byte {
	var block [sha1.BlockSize]byte
	copy(block[:], s[:])
	for i := range block {
		block[i] ^= pad
	}
	h := newSHA1()
	h.Write(block[:])
	h.Write(msg)
	state, err := h.MarshalBinary()
	if err != nil {
		panic("carp: marshal a SHA-1 state: " + err.Error())
	}
	return state
}

// newSHA1 is the standard library's SHA-1 with all that it is able to do.
func newSHA1() sha1Hash {
	return sha1.New().(sha1Hash) // The protocol fixes HMAC-SHA1.
}
