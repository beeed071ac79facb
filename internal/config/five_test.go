package config

import (
	"errors"
	"fmt"
	"regexp"
	"sort"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// lapse is a mistake that can be put into a group: a line instead of, or
// beside, the group's own. ‹name› marks the place that must be found; where a
// mark stands twice, the second one is it.
type lapse struct {
	name string
	// lines by key; an empty text takes the key away.
	lines map[string]string
	found string
	// pair is put into a second group, for mistakes that need two.
	pair map[string]string
}

// lapses are 17 different mistakes. ‹start› marks the group itself.
var lapses = []lapse{
	{name: "range", lines: map[string]string{"advskew": "advskew: ‹range›255"}, found: "advskew is 255"},
	{name: "type", lines: map[string]string{"preempt": "preempt: ‹type›maybe"}, found: `preempt is "maybe"`},
	{name: "quoted", lines: map[string]string{"vhid": "vhid: ‹quoted›'7'"}, found: `vhid is the text "7"`},
	{name: "unknown", lines: map[string]string{"colour": "‹unknown›colour: red"}, found: `unknown key "colour" in a group`},
	{name: "meant", lines: map[string]string{"password": "‹meant›pasword: x"}, found: `unknown key "pasword" in a group (did you mean password?)`},
	{name: "missing", lines: map[string]string{"carpdev": ""}, found: "carpdev is missing in a group"},
	{name: "none", lines: map[string]string{"password": ""}, found: "password is missing in a group"},
	{name: "twice", lines: map[string]string{"timers": "timers: shared\n‹twice›timers: shared"}, found: `"timers" is given twice, first on line *`},
	{name: "zero", lines: map[string]string{"advbase": "advbase: ‹zero›0"}, found: "advbase is 0"},
	{name: "null", lines: map[string]string{"lease": "‹null›lease:"}, found: "lease is empty"},
	{name: "often", lines: map[string]string{"announce_every": "announce_every: ‹often›1s"}, found: `announce_every is "1s"`},
	{name: "network", lines: map[string]string{"addresses": "addresses: [198.51.100.9/24, ‹network›198.51.100.0/24]"}, found: "198.51.100.0/24 is the network address of its subnet"},
	{name: "item", lines: map[string]string{"addresses": "addresses:\n- ‹item›router\n- \"2001:db8:1::9/64\""}, found: `"router" is no address`},
	{name: "alias", lines: map[string]string{"master_down": "master_down: ‹alias›*x"}, found: "a YAML alias"},
	{name: "long", lines: map[string]string{"password": "password: ‹long›" + strings.Repeat("é", 65)}, found: "password has more than 128 bytes"},
	{name: "vhids", lines: map[string]string{"vhid": "vhid: ‹vhids›200", "carpdev": "carpdev: eth200"},
		pair: map[string]string{"vhid": "vhid: ‹vhids›200", "carpdev": "carpdev: eth200"}, found: "vhid 200 is on carpdev eth200 already, by line *"},
	{name: "address", lines: map[string]string{"addresses": "addresses: [‹address›203.0.113.9/24]"},
		pair: map[string]string{"addresses": "addresses: [‹address›203.0.113.9/25]"}, found: "address 203.0.113.9 is there already, on line *"},
}

// group renders a group with a mistake in it, its keys in any order.
func group(t *rapid.T, indent string, n int, name string, instead map[string]string) string {
	lines := map[string]string{
		"vhid":      fmt.Sprintf("vhid: %d", n+1),
		"carpdev":   fmt.Sprintf("carpdev: eth%d", n),
		"addresses": fmt.Sprintf("addresses: [10.0.%d.1/24, \"2001:db8::%x/64\"]", n, n+1),
		"password":  `password: "mekmitas: dïgoat"`,
	}
	for k, line := range instead {
		lines[k] = line
	}
	var chunks []string
	for _, k := range sortedKeys(lines) {
		if lines[k] != "" {
			chunks = append(chunks, lines[k])
		}
	}
	chunks = rapid.Permutation(chunks).Draw(t, "keys")
	noise := rapid.SampledFrom([]string{"", "# a comment: with a key\n", "\n"})
	text := ""
	for _, c := range chunks {
		text += noise.Draw(t, "noise") + c + "\n"
	}
	text = strings.TrimLeft(strings.TrimPrefix(text, "# a comment: with a key\n"), "\n")
	return indent + "- ‹start:" + name + "›" + strings.ReplaceAll(strings.TrimRight(text, "\n"), "\n", "\n"+indent+"  ") + "\n"
}

func sortedKeys(m map[string]string) (keys []string) {
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}

var mark = regexp.MustCompile(`‹[^›]*›`)

// places finds the marks and takes them out.
func places(text string) (clean string, at map[string]place) {
	at = map[string]place{}
	for i, line := range strings.Split(text, "\n") {
		for m := mark.FindString(line); m != ""; m = mark.FindString(line) {
			before, after, _ := strings.Cut(line, m)
			at[strings.Trim(m, "‹›")] = place{i + 1, len([]rune(before)) + 1}
			line = before + after
		}
		clean += line + "\n"
	}
	return clean, at
}

// TestEveryMistakeInOneRun: any subset of the mistakes, in groups of any order
// with keys of any order, gives exactly these mistakes with line and column.
func TestEveryMistakeInOneRun(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		some := rapid.Permutation(lapses).Draw(t, "lapses")[:rapid.IntRange(1, len(lapses)).Draw(t, "how many")]
		checkLapses(t, some)
	})
}

// TestFiveMistakes is the same with five.
func TestFiveMistakes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		checkLapses(t, rapid.Permutation(lapses).Draw(t, "lapses")[:5])
	})
}

func checkLapses(t *rapid.T, some []lapse) {
	indent := rapid.SampledFrom([]string{"", "  "}).Draw(t, "indent")
	var groups []string
	for i, m := range some {
		groups = append(groups, group(t, indent, 2*i, m.name, m.lines))
		if m.pair != nil {
			groups = append(groups, group(t, indent, 2*i+1, m.name+" pair", m.pair))
		}
	}
	text, at := places("groups:\n" + strings.Join(rapid.Permutation(groups).Draw(t, "groups"), ""))
	var want, got []string
	for _, m := range some {
		p, marked := at[m.name]
		if !marked {
			p = at["start:"+m.name]
		}
		want = append(want, fmt.Sprintf("%d:%d: %s", p.line, p.column, m.found))
	}
	_, _, err := Load(strings.NewReader(text), "f", Options{})
	var mistakes Errors
	errors.As(err, &mistakes)
	for _, m := range mistakes {
		found := regexp.MustCompile(`on line \d+$|by line \d+$`).ReplaceAllStringFunc(m.Found, func(s string) string {
			return strings.TrimRight(s, "0123456789") + "*"
		})
		got = append(got, fmt.Sprintf("%d:%d: %s", m.Line, m.Column, found))
	}
	sort.Strings(want)
	sort.Strings(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("-want +got:\n%s\n%s", diff, text)
	}
}
