package web

import "strings"

// diffLine is one line of a unified difference.
type diffLine struct {
	Kind string // add, del, hunk, head or same
	Text string
}

// diffLines takes a unified difference apart, so that a page can colour it. The
// signs stay, for who sees no colours.
func diffLines(diff string) []diffLine {
	var out []diffLine
	for line := range strings.Lines(diff) {
		line = strings.TrimRight(line, "\r\n")
		out = append(out, diffLine{diffKind(line, len(out)), line})
	}
	return out
}

// diffKind tells a line by its sign. The names of the files are in the first
// two lines: further down three signs are a line that itself begins with two.
func diffKind(line string, before int) string {
	switch {
	case before < 2 && (strings.HasPrefix(line, "--- ") || strings.HasPrefix(line, "+++ ")):
		return "head"
	case strings.HasPrefix(line, "@@"):
		return "hunk"
	case strings.HasPrefix(line, "+"):
		return "add"
	case strings.HasPrefix(line, "-"):
		return "del"
	}
	return "same"
}
