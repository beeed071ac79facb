package config

import (
	"regexp"
	"slices"
	"strings"
)

// Shown is the lines of a file for messages, without anything that may be a
// secret: values are shown only of keys that are known and hold none, and of
// entries that look like addresses. All else is "***". Comments are left out.
// It works on the text, because a file may be broken in any way.
//
// A line is hidden whole while it goes on with a value that began above and may
// be a secret: it is indented deeper than that key, or a quote or bracket was
// left open, which we take to stay open to the end.
func Shown(src []byte) []string {
	lines := strings.Split(string(normalise(src)), "\n")
	column, open := -1, false
	for i, line := range lines {
		if open || column >= 0 && belongs(line, column) {
			lines[i] = masked(line, 0)
			continue
		}
		column, open = opens(line)
		lines[i] = shown(line)
	}
	return lines
}

const mask = "***"

var (
	// aKey is a key as YAML sees it: a word, a colon, and a blank or the end.
	aKey = regexp.MustCompile(`["']?([A-Za-z0-9_-]+)["']?\s*:(?:\s|$)`)
	// glued is a word with a colon in it, as the parser takes for a key and its
	// value within braces, and anAddress what is none of that.
	glued     = regexp.MustCompile(`[^\s,{}\[\]"']*:[^\s,{}\[\]"']+`)
	anAddress = regexp.MustCompile(`^[0-9A-Fa-f:.]+(/[0-9]+)?$`)
	// lead is what may stand before the first key of a line.
	lead = regexp.MustCompile(`^[\s{\[-]*$`)
	// addresses is a line of a list of addresses.
	addresses = regexp.MustCompile(`^[\s\["'-]*([0-9A-Fa-f]*[.:][0-9A-Fa-f.:]*(/[0-9]+)?[\s,"'\]]*)+$`)
	// anchor is a value that a secret further down may repeat by its name.
	anchor  = regexp.MustCompile(`(^|[\s\[{,])&\S`)
	comment = regexp.MustCompile(`(^|\s)#.*$`)
)

// shown is a line that is in no secret that began above it.
func shown(line string) string {
	line = comment.ReplaceAllString(line, "")
	keys := aKey.FindAllStringSubmatchIndex(line, -1)
	if len(keys) == 0 {
		if addresses.MatchString(line) {
			return line
		}
		return masked(line, 0)
	}
	if !lead.MatchString(line[:keys[0][0]]) {
		return masked(line, 0)
	}
	for _, g := range glued.FindAllStringIndex(line, -1) {
		if !anAddress.MatchString(line[g[0]:g[1]]) {
			return masked(line, min(g[0], keys[0][1]))
		}
	}
	if a := anchor.FindStringIndex(line); a != nil {
		return masked(line, min(a[1]-2, keys[0][1]))
	}
	for _, k := range keys {
		if !harmless(line[k[2]:k[3]]) {
			return masked(line, k[1])
		}
	}
	return line
}

// masked keeps the beginning of a line, at least its indentation.
func masked(line string, keep int) string {
	keep = max(keep, len(line)-len(strings.TrimLeft(line, " \t-")))
	if strings.TrimSpace(line[keep:]) == "" {
		return line
	}
	return line[:keep] + mask
}

// harmless reports whether a key is one of ours whose value may be shown.
func harmless(name string) bool {
	return shows(fileKeys, name) || shows(groupKeys, name) || shows(apiKeys, name) || shows(clientKeys, name) || shows(clusterKeys, name)
}

// shows reports whether a table has a key whose value may be shown.
func shows[T any](keys []key[T], name string) bool {
	return slices.ContainsFunc(keys, func(k key[T]) bool { return k.name == name && !k.secret })
}

// belongs reports whether a line is part of the value of a key at this column:
// it is blank, deeper, or an entry of a list.
func belongs(line string, column int) bool {
	indent := len(line) - len(strings.TrimLeft(line, " "))
	return strings.TrimSpace(line) == "" || indent > column || indent == column && strings.HasPrefix(line[indent:], "-")
}

// opens finds the first key of a line whose value may be a secret: its column,
// or -1, and whether its value stays open beyond indentation.
func opens(line string) (column int, open bool) {
	for _, k := range aKey.FindAllStringSubmatchIndex(line, -1) {
		if harmless(line[k[2]:k[3]]) {
			continue
		}
		value := strings.TrimSpace(line[k[1]:])
		return k[0], unclosed(value) || !lead.MatchString(line[:k[0]]) && !closed(line)
	}
	return -1, false
}

// unclosed reports whether a value begins with a quote or bracket that does
// not end on its line.
func unclosed(value string) bool {
	if value == "" {
		return false
	}
	switch q := value[0]; q {
	case '"', '\'':
		return strings.Count(value, string(q)) < 2
	case '[', '{':
		return !closed(value)
	}
	return false
}

// closed reports whether all brackets of a line are closed on it.
func closed(line string) bool {
	return strings.Count(line, "{") == strings.Count(line, "}") && strings.Count(line, "[") == strings.Count(line, "]")
}
