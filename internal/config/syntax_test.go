package config

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestSyntax holds files that are no YAML, or YAML that we do not take.
func TestSyntax(t *testing.T) {
	for _, c := range []struct {
		rule, src string
		want      []string
	}{
		{"empty", "", []string{"1:1: the file is empty; allowed: a mapping with the key groups"}},
		{"only a comment", "# groups:\n", []string{"1:1: the file is empty; allowed: a mapping with the key groups"}},
		{"only a document mark", "---\n", []string{"1:1: the file is empty; allowed: a mapping with the key groups"}},
		{"null", "~\n", []string{"1:1: the file is empty; allowed: a mapping with the keys instance, log_level, xdp, detach_on_stop, api, cluster, groups"}},
		{"a text", "\nhello\n", []string{"2:1: the file is a text; allowed: a mapping with the keys instance, log_level, xdp, detach_on_stop, api, cluster, groups"}},
		{"a list", "- vhid: 1\n", []string{"1:1: the file is a list; allowed: a mapping with the keys instance, log_level, xdp, detach_on_stop, api, cluster, groups"}},
		{"two documents", good + "---\n" + good, []string{"13:1: a second YAML document; allowed: one document"}},
		{"a directive", "%YAML 1.2\n---\n" + good, []string{"1:1: a YAML directive; allowed: no directive"}},
		{"a tab", "groups:\n\t- vhid: 1\n", []string{"2:1: a tab where YAML wants spaces; allowed: spaces"}},
		{"a tab behind spaces", "groups:\n  - vhid: 1\n  \tcarpdev: eth0\n", []string{"3:3: a tab where YAML wants spaces; allowed: spaces"}},
		{"open bracket", "groups: [\n", []string{"1:9: YAML: sequence end token ']' not found; allowed: well-formed YAML"}},
		{"open brace", "groups: [{vhid: 1]\n", []string{"1:18: YAML: ',' or '}' must be specified; allowed: well-formed YAML"}},
		{"open quote", "instance: \"lab\ngroups: []\n", []string{"1:11: a quote that is never closed; allowed: a closing quote"}},
		{"colon in a plain text", "groups:\n  - password: a: b\n", []string{`2:15: a key where none can stand; allowed: quotes around a value that holds ": "; the keys of a mapping at one indentation`}},
		{"reserved character", "groups:\n  - password: @home\n", []string{"2:15: a value that starts with a reserved character; allowed: the value in quotes"}},
		{"percent", "instance: %home\n", []string{"1:11: a YAML directive, or a value that starts with %; allowed: no directive; the value in quotes"}},
		{"escape", "groups:\n  - password: \"a\\zb\"\n", []string{`2:18: an unknown escape in double quotes; allowed: \\ for a backslash, or single quotes`}},
		{"not UTF-8", "instance: l\xe4b\n", []string{"1:12: a byte that is not UTF-8; allowed: UTF-8 text without control characters; any bytes in a password_file"}},
		{"control character", "a: b\ninstance: l\x00b\n", []string{"2:12: the control character U+0000; allowed: UTF-8 text without control characters; any bytes in a password_file"}},
		{"lone carriage return", "a: b\rinstance: lab\n", []string{"1:5: the control character U+000D; allowed: UTF-8 text without control characters; any bytes in a password_file"}},
		{"byte order mark inside", "a: b\n\ufeffinstance: lab\n", []string{"2:1: a byte order mark inside the file; allowed: UTF-8 text without control characters; any bytes in a password_file"}},
		{"too many brackets", "groups: " + strings.Repeat("[", 5000), []string{"1:25: YAML: brackets nested too deeply; allowed: well-formed YAML"}},
		{"too long a line", "#\n#" + strings.Repeat("x", 16<<10), []string{"2:1: the line is too long; allowed: at most 16384 bytes"}},
		{"too long a file", strings.Repeat("#\n", 1<<19) + "#", []string{"1:1: the file is too long; allowed: at most 1048576 bytes"}},
		{"anchor and alias", "instance: &i lab\nlog_level: *i\n", []string{
			"1:1: groups is missing in the file; allowed: a list of at least one group",
			"1:11: a YAML anchor; allowed: the value itself, written out each time",
			"2:12: a YAML alias; allowed: the value itself, written out each time"}},
		{"a mistake behind an anchor", "log_level: &i loud\ngroups: &g []\n", []string{
			"1:12: a YAML anchor; allowed: the value itself, written out each time",
			`1:15: log_level is "loud"; allowed: debug, info, warn or error`,
			"2:9: a YAML anchor; allowed: the value itself, written out each time",
			"2:12: groups is an empty list; allowed: a list of at least one group"}},
		{"merge key", "x-base: &b {advskew: 3}\ngroups:\n  - <<: *b\n    vhid: 1\n", []string{
			`1:1: unknown key "x-base" in the file; allowed: instance, log_level, xdp, detach_on_stop, api, cluster, groups`,
			"3:5: a YAML merge key; allowed: the keys themselves, written out"}},
		{"tag", "instance: !!str lab\ngroups: []\n", []string{
			"1:11: a YAML tag; allowed: the value without it",
			"2:9: groups is an empty list; allowed: a list of at least one group"}},
		{"complex key", "? instance\n: lab\n", []string{"1:1: a key that is no word; allowed: a word and a colon"}},
		{"empty key", "\"\": lab\n", []string{"1:1: a key that is no word; allowed: a word and a colon"}},
		{"no blank behind the colon", "groups: [{vhid: 1, carpdev: a, addresses: [10.0.0.1], password:mekmitasdigoat}]\n", []string{
			"1:64: no blank between password: and its value; allowed: a blank"}},
		{"a text behind a block mark", "groups:\n  - password: |mekmitas\n", []string{"2:15: a text behind | or > on its line; allowed: the value in quotes"}},
		{"keys at two indentations", "groups:\n  - vhid: 1\n    carpdev: a\n     password: b\n", []string{
			`3:14: a key where none can stand; allowed: quotes around a value that holds ": "; the keys of a mapping at one indentation`}},
	} {
		t.Run(c.rule, func(t *testing.T) {
			var want []string
			for _, w := range c.want {
				want = append(want, "carpd.yaml:"+w)
			}
			if diff := cmp.Diff(want, load(t, c.src)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// TestColumns: a column is a character, whatever it is made of, and line ends
// and a byte order mark count for nothing.
func TestColumns(t *testing.T) {
	const src = "groups: [{vhid: 1, carpdev: eth0, addresses: [10.0.0.1/24],\n password: \"pä ss wörd 日本\", preempt: 3}]\n"
	want := []string{"carpd.yaml:2:38: preempt is 3; allowed: true or false"}
	for name, text := range map[string]string{
		"plain": src, "CRLF": strings.ReplaceAll(src, "\n", "\r\n"), "byte order mark": "\ufeff" + src,
	} {
		if diff := cmp.Diff(want, load(t, text)); diff != "" {
			t.Errorf("%s: -want +got:\n%s", name, diff)
		}
	}
}

// TestReadError: a reader that breaks is no mistake in the file.
func TestReadError(t *testing.T) {
	broken := errors.New("disk on fire")
	_, _, err := Load(failing{broken}, "carpd.yaml", Options{})
	if !errors.Is(err, broken) || err.Error() != "read carpd.yaml: disk on fire" {
		t.Errorf("got %v", err)
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }
