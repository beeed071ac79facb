package test

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/carpd/carpd/internal/carp"
	"github.com/carpd/carpd/internal/lab"
)

// TestKeysAreNotShown: what carpctl prints has no password in it, and none of
// the words that the kernel is given in its place, in hex or decimal. Nor has the
// log.
func TestKeysAreNotShown(t *testing.T) {
	t.Parallel()
	s := newSite(t, lab.Topology{Routers: 1})
	c := s.carpd(s.Routers[0], group{})
	c.is("MASTER", masterDown0+2*time.Second)
	var shown strings.Builder
	for _, args := range []string{"status", "status -o json", "counters -a", "counters -o json", "dataplane", "dataplane -o json"} {
		shown.WriteString(c.carpctl(strings.Fields(args)...))
	}
	shown.WriteString(c.log())
	text := strings.ToLower(shown.String())
	secret, _ := carp.NewSecret([]byte(password))
	leaks := []string{password}
	for _, m := range carp.NewKey(secret, 1, []netip.Addr{lab.Virtual4.Addr()}).Midstates() {
		for _, w := range append(m.Inner[:], m.Outer[:]...) {
			leaks = append(leaks, fmt.Sprint(w), fmt.Sprintf("%08x", w))
		}
	}
	if len(leaks) != 21 || !strings.Contains(text, "carp_") {
		t.Fatalf("%d words to look for, in %d bytes", len(leaks), len(text))
	}
	for _, leak := range leaks {
		if strings.Contains(text, leak) {
			t.Errorf("%s is shown", leak)
		}
	}
}
