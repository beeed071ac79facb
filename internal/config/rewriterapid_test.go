package config

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// written is a file with what each of its lines belongs to and what it means.
type written struct {
	lines  []writtenLine
	groups []Items
	end    string // of each line
	open   bool   // the last one has none
	notes  int
}

// writtenLine belongs to a key of a group, to a group, or to the file.
type writtenLine struct {
	text  string
	group int    // -1 is the file
	key   string // "" is the group as a whole, or a comment
}

func (w *written) line(group int, key, format string, a ...any) {
	w.lines = append(w.lines, writtenLine{fmt.Sprintf(format, a...), group, key})
}

// note is a comment that is there only once.
func (w *written) note() string {
	w.notes++
	return fmt.Sprintf("# note %d: password: 'x", w.notes)
}

// behind is perhaps a comment behind a value.
func (w *written) behind(t *rapid.T) string {
	if rapid.IntRange(0, 3).Draw(t, "behind") > 0 {
		return ""
	}
	return " " + w.note()
}

func (w *written) text() []byte {
	var b strings.Builder
	for _, l := range w.lines {
		b.WriteString(l.text + w.end)
	}
	if w.open {
		return []byte(strings.TrimSuffix(b.String(), w.end))
	}
	return []byte(b.String())
}

// between writes comments and blank lines that belong to a group or to the file.
func (w *written) between(t *rapid.T, group int, indent string) {
	for range rapid.IntRange(0, 2).Draw(t, "between") {
		if rapid.Bool().Draw(t, "blank") {
			w.line(-1, "", "")
		} else {
			w.line(group, "", "%s%s", indent, w.note())
		}
	}
}

var passwords = []string{"mekmitasdigoat", "it's", `a "b" \n c`, "# no comment", "a: b", "{x", "[x", "x]", "ü €", "*a", "&a", "!a", "%a", "@a", "`a", "|", ">", "- a", "? a",
	"yes", "null", "~", "12", "1.5", "0x1f", "2026-11-22", " a ", "a,b", "", "=", "<<", "a#b", "a #b", `\`, `'`, `"`, "''", "${x}", "--- a", "...", "\u00a0", "\u2028a", "a\tb"}

// drawn are the keys of a group with their values.
func drawn(t *rapid.T, vhid int) Items {
	addresses := []any{}
	for i := range rapid.IntRange(1, 4).Draw(t, "addresses") {
		if rapid.Bool().Draw(t, "v6") {
			addresses = append(addresses, fmt.Sprintf("2001:db8:%x::%x/64", vhid, i+1))
		} else {
			addresses = append(addresses, fmt.Sprintf("10.0.%d.%d/24", vhid, i+1))
		}
	}
	items := Items{{"vhid", vhid}, {"carpdev", rapid.SampledFrom([]string{"eth0", "auto", "vlan.12"}).Draw(t, "carpdev")},
		{"addresses", addresses}, {"password", Hidden(rapid.SampledFrom(passwords).Draw(t, "password"))}}
	for _, more := range []Item{{"advskew", 100}, {"preempt", true}, {"lease", "2s"}, {"description", "the office's: \"one\""}, {"sync", false}} {
		if rapid.Bool().Draw(t, more.Key) {
			items = append(items, more)
		}
	}
	return rapid.Permutation(items).Draw(t, "order")
}

// style is how the groups of a file are written.
type style struct {
	dash, inner int
	flow        bool
}

// group writes one.
func (w *written) group(t *rapid.T, n int, items Items, s style) {
	dash := strings.Repeat(" ", s.dash)
	w.between(t, n, dash)
	if s.flow {
		w.line(n, "", "%s- %s%s", dash, inline(items, unquoted), w.behind(t))
		return
	}
	first := dash + "-" + strings.Repeat(" ", s.inner-1)
	other := strings.Repeat(" ", s.dash+s.inner)
	for i, item := range items {
		if i > 0 {
			w.between(t, n, other)
			first = other
		}
		w.item(t, n, first, other, item)
	}
	if rapid.IntRange(0, 4).Draw(t, "below") == 0 {
		w.line(n, "", "%s%s", other, w.note())
	}
}

// item writes a key of a group in one of the ways that there are.
func (w *written) item(t *rapid.T, n int, first, other string, item Item) {
	list, isList := item.Value.([]any)
	way := rapid.SampledFrom([]byte{unquoted, single, double}).Draw(t, "way")
	switch rapid.IntRange(0, 2).Draw(t, "list") {
	case 0:
		if !isList {
			break
		}
		w.line(n, item.Key, "%s%s:%s", first, item.Key, w.behind(t))
		for _, e := range list {
			w.line(n, item.Key, "%s  -  %s%s", other, inline(e, way), w.behind(t))
		}
		return
	case 1:
		if !isList {
			break
		}
		w.line(n, item.Key, "%s%s: [%s", first, item.Key, w.behind(t))
		for _, e := range list {
			w.line(n, item.Key, "%s  %s,%s", other, inline(e, way), w.behind(t))
		}
		w.line(n, item.Key, "%s]%s", other, w.behind(t))
		return
	}
	blanks := strings.Repeat(" ", rapid.IntRange(1, 3).Draw(t, "blanks"))
	w.line(n, item.Key, "%s%s:%s%s%s", first, item.Key, blanks, inline(item.Value, way), w.behind(t))
}

// draw writes a file.
func draw(t *rapid.T) *written {
	w := &written{open: rapid.Bool().Draw(t, "open"), end: rapid.SampledFrom([]string{"\n", "\r\n"}).Draw(t, "end")}
	w.between(t, -1, "")
	if rapid.Bool().Draw(t, "top") {
		w.line(-1, "", "log_level: 'info'%s", w.behind(t))
		w.between(t, -1, "")
	}
	w.line(-1, "", "groups:%s", w.behind(t))
	s := style{rapid.IntRange(0, 4).Draw(t, "dash"), rapid.IntRange(2, 4).Draw(t, "inner"), rapid.IntRange(0, 4).Draw(t, "flow") == 0}
	for n := range rapid.IntRange(1, 4).Draw(t, "groups") {
		items := drawn(t, n+1)
		w.groups = append(w.groups, items)
		w.group(t, n, items, s)
	}
	if rapid.Bool().Draw(t, "bottom") {
		w.line(-1, "", "xdp: off")
	}
	return w
}

// nameOf is the name of a drawn group.
func nameOf(items Items) string { return items.Text("vhid") + "@" + items.Text("carpdev") }

// TestRewriteLeavesTheRest: after a random edit of a random file every line that
// it was not about is there as it was, in its order; the comments of other groups
// and keys are; and what comes out means what was asked and nothing else.
func TestRewriteLeavesTheRest(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := draw(t)
		src := w.text()
		n := rapid.IntRange(0, len(w.groups)-1).Draw(t, "which")
		name, next := nameOf(w.groups[n]), drawn(t, n+1)
		touched := func(writtenLine) bool { return false }
		var edit Edit
		want := slices.Clone(w.groups)
		switch kind := rapid.SampledFrom([]string{"add", "edit", "unset", "remove", "top"}).Draw(t, "kind"); {
		case kind == "remove" && len(want) > 1:
			edit, want = RemoveGroup{name}, slices.Delete(want, n, n+1)
			touched = func(l writtenLine) bool { return l.group == n || l.text == "" }
		case kind == "edit":
			item := next[rapid.IntRange(0, len(next)-1).Draw(t, "key")]
			edit, want[n] = EditGroup{Name: name, Set: Items{item}}, want[n].with(item.Key, item.Value)
			touched = func(l writtenLine) bool {
				return l.group == n && (l.key == item.Key || l.key == "") && !strings.HasPrefix(strings.TrimSpace(l.text), "#")
			}
		case kind == "unset":
			key := rapid.SampledFrom(w.groups[n]).Draw(t, "key").Key
			edit, want[n] = EditGroup{Name: name, Unset: []string{key}}, want[n].without(key)
			// The first key gives its place behind the dash to the next one.
			touched = func(l writtenLine) bool {
				return l.text == "" || l.group == n && (l.key == key || w.groups[n][0].Key == key && len(want[n]) > 0 && l.key == want[n][0].Key || strings.Contains(l.text, "- {"))
			}
		case kind == "top":
			edit = SetTop{"log_level", "warn"}
			touched = func(l writtenLine) bool { return strings.HasPrefix(l.text, "log_level") }
		default:
			items := drawn(t, 200)
			edit, want = AddGroup{items}, append(want, items)
		}
		edits := []Edit{edit}
		for range rapid.IntRange(0, 2).Draw(t, "more") {
			items := drawn(t, 201+len(edits))
			edits, want = append(edits, AddGroup{items}), append(want, items)
		}
		got, err := Rewrite(src, edits...)
		if err != nil {
			t.Fatalf("%s: %v\n%s", edit, err, src)
		}
		checkRest(t, w, touched, got)
		checkMeaning(t, want, got)
	})
}

// checkRest looks for each untouched line in its order.
func checkRest(t *rapid.T, w *written, touched func(writtenLine) bool, got []byte) {
	rest := bytes.SplitAfter(got, []byte("\n"))
	for _, l := range w.lines {
		if touched(l) {
			continue
		}
		i := slices.IndexFunc(rest, func(have []byte) bool { return strings.TrimSuffix(string(have), w.end) == l.text })
		if i < 0 {
			t.Fatalf("this line is gone:\n%s\nof\n%s\nin\n%s", l.text, w.text(), got)
		}
		rest = rest[i+1:]
	}
	if w.end == "\r\n" && bytes.Count(got, []byte("\n")) != bytes.Count(got, []byte("\r\n")) {
		t.Fatalf("lines end in two ways:\n%q", got)
	}
}

// checkMeaning compares what was written with what is wanted, through the other
// way of reading a file.
func checkMeaning(t *rapid.T, want []Items, got []byte) {
	o, err := ReadOutline(got)
	if err != nil {
		t.Fatalf("%v\n%s", err, got)
	}
	if len(o.Groups) != len(want) {
		t.Fatalf("%d groups, want %d:\n%s", len(o.Groups), len(want), got)
	}
	for i := range want {
		if !sameItems(o.Groups[i].Items, want[i]) {
			t.Fatalf("group %d is not what was asked\n%s", i, got)
		}
	}
}

// TestRewriteAtOnce: many edits come out as they would one after the other.
func TestRewriteAtOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := draw(t)
		one, edits := w.text(), []Edit{}
		for n := range w.groups {
			name := nameOf(w.groups[n])
			for _, item := range drawn(t, n+1) {
				if item.Key == "carpdev" || rapid.Bool().Draw(t, "skip") {
					continue
				}
				edits = append(edits, EditGroup{Name: name, Set: Items{item}})
			}
		}
		all, err := Rewrite(one, edits...)
		if err != nil {
			t.Fatalf("%v\n%s", err, one)
		}
		for _, e := range edits {
			if one, err = Rewrite(one, e); err != nil {
				t.Fatal(err)
			}
		}
		if strings.TrimSuffix(string(one), w.end) != strings.TrimSuffix(string(all), w.end) { // The last line may have got its end.
			t.Fatalf("at once\n%s\none after the other\n%s", all, one)
		}
	})
}
