package config

import (
	"bytes"
	"strings"
	"testing"
)

// FuzzRewrite: no file makes an edit panic; what comes out loads with the other
// groups as they were; and neither errors nor differences hold a secret.
func FuzzRewrite(f *testing.F) {
	for _, s := range append(seeds(), office, "groups: []\n", "groups:\n", "{groups: [{vhid: 1, carpdev: a}], xdp: off}") {
		f.Add([]byte(s), "1@eth0", "descr: \"x\"")
	}
	f.Fuzz(func(t *testing.T, src []byte, name, text string) {
		before, _, _ := Load(bytes.NewReader(src), "f", Options{})
		for _, e := range []Edit{
			EditGroup{Name: name, Set: Items{{"description", text}, {"addresses", []any{"192.0.2.7/24"}}}},
			AddGroup{Items{{"vhid", 250}, {"carpdev", "eth9"}, {"addresses", []any{"192.0.2.250/24"}}, {"password", Hidden(text)}}},
			RemoveGroup{name}, SetTop{"xdp", text}, UnsetTop{"xdp"},
		} {
			got, err := Rewrite(src, e)
			if err != nil {
				if strings.Contains(err.Error(), sentinel) && !strings.Contains(name, sentinel) && Shown(src) != nil && !shownAnyway(src) {
					t.Fatalf("a secret is in %q", err)
				}
				continue
			}
			after, _, err := Load(bytes.NewReader(got), "f", Options{})
			if before == nil || err != nil {
				continue
			}
			for _, g := range after.Groups {
				old, there := byName(before)[g.Name()]
				if there && g.Name() != name && len(aspects(old, g)) > 0 {
					t.Fatalf("%s changed group %s:\n%s\nis now\n%s", e, g.Name(), src, got)
				}
			}
		}
	})
}

// shownAnyway reports whether the sentinel stands where it is no secret.
func shownAnyway(src []byte) bool {
	return strings.Contains(strings.Join(Shown(src), "\n"), sentinel)
}

// TestRewriteLarge: an edit of a file with as many groups as there may be takes
// no longer than a person waits.
func TestRewriteLarge(t *testing.T) {
	var b strings.Builder
	b.WriteString("groups:\n")
	for i := range 4096 {
		b.WriteString("  - {vhid: " + string(rune('1'+i%9)) + ", carpdev: eth" + string(rune('a'+i/256)) + string(rune('a'+i%256/16)) + string(rune('a'+i%16)) + ", addresses: [192.0.2.1/24], password: abcdefgh}\n")
	}
	if _, err := Rewrite([]byte(b.String()), EditGroup{Name: "1@ethaaa", Set: Items{{"description", "x"}}}); err != nil {
		t.Fatal(err)
	}
}
