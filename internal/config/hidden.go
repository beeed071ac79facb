package config

import (
	"fmt"
	"io"
)

// Hidden is a text that no message, log line or answer shows: a password, or the
// digest of a token. Reveal is the one way to it.
type Hidden string

// Reveal is the text itself, for those who write it to a file of its owner.
func (h Hidden) Reveal() string { return string(h) }

// Format prints *** for every verb.
func (h Hidden) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, mask) }

// String is ***.
func (h Hidden) String() string { return mask }

// GoString is ***.
func (h Hidden) GoString() string { return mask }

// MarshalText is ***, for JSON and logs.
func (h Hidden) MarshalText() ([]byte, error) { return []byte(mask), nil }

// hiddenKeys are the keys, wherever they stand, whose values are Hidden.
var hiddenKeys = []string{"password", "hash"}
