package carp

import (
	"bytes"
	"fmt"
)

// Secret is the 20-byte key of a group. However it is printed or marshalled,
// what comes out is "***".
type Secret [20]byte

// hidden stands for a secret wherever one would be shown.
const hidden = "***"

// String hides the secret.
func (Secret) String() string { return hidden }

// Format hides the secret from every verb of fmt: String alone would leave it
// to %d, %o and to verbs that do not exist.
func (Secret) Format(f fmt.State, _ rune) { fmt.Fprint(f, hidden) }

// MarshalText hides the secret from JSON and YAML.
func (Secret) MarshalText() ([]byte, error) { return []byte(hidden), nil }

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
