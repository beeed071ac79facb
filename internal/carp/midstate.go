package carp

import (
	"crypto/sha1" // The protocol fixes HMAC-SHA1.
	"encoding/binary"
	"fmt"
	"slices"
)

// Midstate is an HMAC-SHA1 with its key and the fixed part of the message
// hashed, for the kernel side to finish with the counter of an advert. It is as
// good as the secret, and hides itself like one. It is comparable.
type Midstate struct {
	// Inner is the SHA-1 state after Hashed bytes of the inner message, whole
	// blocks; the Left bytes of Rest come next, and then the counter.
	Inner  [5]uint32
	Hashed int
	Rest   [sha1.BlockSize]byte
	Left   int
	// Outer is the SHA-1 state after the one block of key in front of the inner
	// digest.
	Outer [5]uint32
}

// Format hides the state from every verb of fmt.
func (Midstate) Format(f fmt.State, _ rune) { fmt.Fprint(f, hidden) }

// MarshalText hides the state from JSON and YAML.
func (Midstate) MarshalText() ([]byte, error) { return []byte(hidden), nil }

// Midstates are what Verify accepts, each once: without link-local addresses,
// and with them where that is another message.
func (k *Key) Midstates() []Midstate {
	var out []Midstate
	for _, m := range k.accept {
		s := export(m)
		if !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}

// export reads what the standard library has marshalled: four bytes of magic,
// the state, the block that is being filled, and the bytes hashed so far.
func export(m midstate) (s Midstate) {
	const state, block, length = 4, 4 + sha1.Size, 4 + sha1.Size + sha1.BlockSize
	for i := range s.Inner {
		s.Inner[i] = binary.BigEndian.Uint32(m.inner[state+4*i:])
		s.Outer[i] = binary.BigEndian.Uint32(m.outer[state+4*i:])
	}
	n := int(binary.BigEndian.Uint64(m.inner[length:]))
	s.Left = n % sha1.BlockSize
	s.Hashed = n - s.Left
	copy(s.Rest[:], m.inner[block:block+s.Left])
	return s
}
