package main

import "testing"

// Two places are told apart by the file system, and what cannot be seen is no
// reason for a warning.
func TestSameFileSystem(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{"/proc", "/proc/self/root/proc", true},
		{"/proc", "/sys", false},
		{"/proc", "/no/such/place", true},
	} {
		if got := sameFileSystem(c.a, c.b); got != c.want {
			t.Errorf("%s and %s: %v", c.a, c.b, got)
		}
	}
}
