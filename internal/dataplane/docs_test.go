package dataplane

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/carpd/carpd/internal/carp"
)

// page is docs/bpftool.md.
func page(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../../docs/bpftool.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// The page on bpftool shows every map that is pinned, as bpftool was told to
// show it, and never the one with the keys.
func TestDocsShowEveryMapButTheSecretOne(t *testing.T) {
	spec, err := loadBpf()
	if err != nil {
		t.Fatal(err)
	}
	text := page(t)
	for name := range spec.Maps {
		_, section, found := strings.Cut(text, "\n## "+name+"\n")
		section, _, _ = strings.Cut(section, "\n## ")
		_, shown, dumped := strings.Cut(section, "```\n# bpftool map ")
		shown, _, _ = strings.Cut(shown, "```")
		switch secret := name == bpfMapCarpSecret; {
		case secret && found:
			t.Errorf("there is a section of %s", name)
		case !secret && (!dumped || !strings.Contains(shown, "/sys/fs/bpf/carpd/default/"+name)):
			t.Errorf("no dump of %s", name)
		case !secret && len(strings.TrimSpace(section)) < len(shown)+40:
			t.Errorf("nothing says what to read from %s", name)
		}
	}
	if !strings.Contains(text, bpfMapCarpSecret) {
		t.Errorf("the page does not say that %s is left out", bpfMapCarpSecret)
	}
	for i, block := range strings.Split(text, "```") {
		for _, secret := range []string{bpfMapCarpSecret, secretDir + "/", `"inner": [`, `"outer"`} {
			if i%2 == 1 && strings.Contains(block, secret) {
				t.Errorf("a dump has %s:\n%s", secret, block)
			}
		}
	}
}

// The page tells which place in the list of counters is which reason.
func TestDocsNameEveryReasonAtItsPlace(t *testing.T) {
	text := strings.Join(strings.Fields(page(t)), " ")
	for r := range carp.NumReasons {
		if want := fmt.Sprintf(" %d %v", r, r); !strings.Contains(text, want+",") && !strings.Contains(text, want+".") {
			t.Errorf("reason %d is not called %v", r, r)
		}
	}
}
