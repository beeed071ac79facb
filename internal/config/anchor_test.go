package config

import (
	"strings"
	"testing"
)

// TestShownHidesAnchors: a file with an anchor is refused and its difference is
// shown all the same, also where a password repeats what stands at a harmless key.
func TestShownHidesAnchors(t *testing.T) {
	for _, src := range []string{
		"groups:\n  - vhid: 1\n    description: &p mekmitasdigoat\n    password: *p\n",
		"groups:\n  - {description: &p mekmitasdigoat, password: *p}\n",
		"groups:\n  - vhid: 1\n    description: [&p mekmitasdigoat]\n    password: *p\n",
	} {
		if got := RedactedDiff(nil, []byte(src)) + strings.Join(Shown([]byte(src)), "\n"); strings.Contains(got, "mekmitas") {
			t.Errorf("%s", got)
		}
	}
	if got := Shown([]byte("description: R&D of A & B"))[0]; got != "description: R&D of A & B" {
		t.Errorf("%q", got)
	}
}
