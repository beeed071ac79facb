package config

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// TestShown: each line of a file, and after the arrow what is shown of it.
func TestShown(t *testing.T) {
	for _, c := range []struct{ rule, file string }{
		{"harmless", "instance: lab → instance: lab\ngroups: → groups:\n  - vhid: 300 → =\n    addresses: [192.0.2.1/24, \"2001:db8::1/64\"] → =\n    password_file: /x → ="},
		{"list of addresses", "    addresses: → =\n      - 192.0.2.1/24 → =\n      - \"fe80::1%\" → - ***\n      - '2001:db8::1/64' → =\n      - ::1 → ="},
		{"password", "  - password: hunter22 → - password: ***\n    vhid: 300 → ="},
		{"password empty", "    password: → ="},
		{"misspelt", "    pasword: hunter22 → pasword: ***\n    vhid: 300 → ="},
		{"any unknown key", "    colour: red → colour: ***"},
		{"no colon", "    password hunter22 → ***"},
		{"no blank", "    password:hunter22 → ***"},
		{"equals", "    password=hunter22 → ***"},
		{"key in quotes", "    \"password\": hunter22 → \"password\": ***"},
		{"behind a harmless key", "    vhid: 1 password: hunter22 → vhid: 1 password: ***"},
		{"before a harmless key", "    hunter22 vhid: 1 → ***"},
		{"in braces", "  - {vhid: 1, password: hunter22, carpdev: eth0} → - {vhid: 1, password: ***\n  - {vhid: 2} → ="},
		{"glued in braces", "  - {vhid: 1, 0:hunter22, carpdev: eth0} → - {vhid: ***\n  - {vhid: 1, addresses: [::1/64, fe80::1]} → ="},
		{"in open braces", "  - {vhid: 1, password: hunter22, → - {vhid: 1, password: ***\n  carpdev: hunter22 → ***"},
		{"open quote", "    password: \"hunter → password: ***\nvhid: 22 → ***\n  - vhid: 3 → - ***"},
		{"block", "    password: | → password: ***\n      vhid: hunter22 → ***\n\n      advskew: 3 → ***\n    vhid: 3 → ="},
		{"plain over two lines", "    password: hunter → password: ***\n      vhid: 22 → ***\n    vhid: 3 → ="},
		{"list of secrets", "    passwords: → =\n    - vhid: hunter22 → - ***\n    vhid: 3 → ="},
		{"comment", "    vhid: 1 # hunter22 → vhid: 1 \n# hunter22 → "},
		{"complex key", "? password → ***\n: hunter22 → ***\n: deadbeef → ***"},
	} {
		var src, want []string
		for _, line := range strings.Split(c.file, "\n") {
			text, shown, _ := strings.Cut(line, " → ")
			if shown == "=" {
				shown = text
			}
			src, want = append(src, text), append(want, shown)
		}
		for i := range src {
			got := Shown([]byte(strings.Join(src, "\n")))[i]
			if strings.TrimSpace(got) != strings.TrimSpace(want[i]) {
				t.Errorf("%s: line %d is shown as %q, want %q", c.rule, i+1, got, want[i])
			}
		}
	}
}

// TestShownKeepsColumns: what is shown stands where it stands in the file.
func TestShownKeepsColumns(t *testing.T) {
	const line = "  - {vhid: 1, pasword: hunter22}"
	if got := Shown([]byte(line))[0]; !strings.HasPrefix(line, strings.TrimSuffix(got, mask)) || got != "  - {vhid: 1, pasword: ***" {
		t.Errorf("shown as %q", got)
	}
	if got := Shown([]byte("\ufeffvhid: 1\r\n")); len(got) != 2 || got[0] != "vhid: 1" {
		t.Errorf("shown as %q", got)
	}
}

// TestShownHidesPasswords: in files of all styles no line shows any of it.
func TestShownHidesPasswords(t *testing.T) {
	styles := []string{
		"password: %s", "password: \"%s\"", "password: '%s'", "password: |\n      %s\n      %[1]s", "password: >-\n      %s",
		"password: \"%s\n      %[1]s\"", "password: \"a\n%s\"", "pasword: %s", "? password\n    : %s", "password:\n      %s", "password:\n    - %s",
		"{password: %s", "password: {%s: %[1]s}", "password: @%s", "password: \"%s", "password: a: %s", "secret: %s # %[1]s", "password:\n        key: %s",
	}
	lines := []string{"vhid: 1", "carpdev: eth0", "addresses: [192.0.2.1/24]", "advskew: x"}
	rapid.Check(t, func(t *rapid.T) {
		secret := rapid.SampledFrom([]string{"hunter22", "vhid-hunter22", "hunter22: x", "x hunter22", "#hunter22"}).Draw(t, "secret")
		style := fmt.Sprintf(rapid.SampledFrom(styles).Draw(t, "style"), secret)
		style, _, _ = strings.Cut(style, "%!(EXTRA")
		all := rapid.Permutation(append(lines, style)).Draw(t, "lines")
		src := "groups:\n  - " + strings.Join(all, "\n    ") + "\n"
		for i, got := range Shown([]byte(src)) {
			if strings.Contains(got, "hunter22") {
				t.Fatalf("line %d is shown as %q of\n%s", i+1, got, src)
			}
		}
	})
}
