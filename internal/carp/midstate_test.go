package carp

import "testing"

// A key has one form, or two with a link-local address; the inner state stands
// at the last whole block, with what is left over beside it.
func TestMidstates(t *testing.T) {
	for _, c := range []struct {
		name         string
		addrs        []string
		forms        int
		hashed, left int
	}{
		{"no address", nil, 1, 64, 3},
		{"one IPv4", []string{"192.0.2.1"}, 1, 64, 7},
		{"twice the same", []string{"192.0.2.1", "192.0.2.1"}, 1, 64, 7},
		{"a link-local one beside", []string{"192.0.2.1", "fe80::1"}, 2, 64, 7},
		{"a link-local one alone", []string{"fe80::1"}, 2, 64, 3},
		{"16 IPv4, more than a block", []string{
			"10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4", "10.0.0.5", "10.0.0.6", "10.0.0.7", "10.0.0.8",
			"10.0.0.9", "10.0.0.10", "10.0.0.11", "10.0.0.12", "10.0.0.13", "10.0.0.14", "10.0.0.15", "10.0.0.16",
		}, 1, 128, 3},
	} {
		secret, _ := NewSecret([]byte("mekmitasdigoat"))
		got := NewKey(secret, 1, addrs(c.addrs...)).Midstates()
		if len(got) != c.forms || got[0].Hashed != c.hashed || got[0].Left != c.left {
			t.Errorf("%s: %d forms, %d bytes hashed, %d left", c.name, len(got), got[0].Hashed, got[0].Left)
		}
		if r := got[0].Rest; r[0] != 2 && c.hashed == 64 {
			t.Errorf("%s: what is left over begins with %d", c.name, r[0])
		}
	}
}
