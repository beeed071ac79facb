package config

import (
	"cmp"
	"fmt"
	"regexp"
	"strings"

	"github.com/aymanbagabas/go-udiff"
)

// RedactedDiff is the unified difference of two files without anything that may
// be a secret, however broken the files are: what Shown leaves out is left out
// here. That something hidden is another one is said, and what it was is not.
// It is empty when the files are the same.
func RedactedDiff(a, b []byte) string {
	ids := map[string]int{}
	before, after := numbered(a, ids), numbered(b, ids)
	return told(udiff.Unified("before", "after", before, after))
}

// numbered are the lines of a file as they are shown, those of which something
// is hidden with a number that tells them apart. Control characters, which could
// be taken for such a number, are in no file that is shown.
func numbered(src []byte, ids map[string]int) string {
	whole := strings.Split(string(normalise(src)), "\n")
	var out strings.Builder
	for i, line := range Shown(src) {
		line = strings.Map(printable, line)
		if shown := strings.TrimRight(line, " \t"); shown != strings.TrimRight(whole[i], " \t\r") {
			shown = cmp.Or(shown, indentation(whole[i]))
			if _, known := ids[whole[i]]; !known {
				ids[whole[i]] = len(ids)
			}
			line = fmt.Sprintf("%s\x00%d\x00%t", shown, ids[whole[i]], strings.HasSuffix(shown, mask))
		}
		if i < len(whole)-1 || line != "" {
			out.WriteString(line + "\n")
		}
	}
	return out.String()
}

// indentation is the blanks at the beginning of a line.
func indentation(line string) string {
	return line[:len(line)-len(strings.TrimLeft(line, " "))]
}

// printable drops control characters.
func printable(r rune) rune {
	if r < ' ' && r != '\t' || r == 0x7f {
		return -1
	}
	return r
}

// numberedLine is a line of a difference with its number, and whether a value is
// hidden in it or only a comment.
var numberedLine = regexp.MustCompile(`(?m)^(.)(.*)\x00\d+\x00(true|false)$`)

// told takes the numbers out again and says which hidden value is meant.
func told(diff string) string {
	return numberedLine.ReplaceAllStringFunc(diff, func(line string) string {
		m := numberedLine.FindStringSubmatch(line)
		text := m[1] + m[2]
		switch {
		case m[3] == "false":
			return text + comma(m[2]) + "# …"
		case m[1] == "-":
			return text + " (the old one)"
		case m[1] == "+":
			return text + " (the new one)"
		}
		return text
	})
}

// comma is the blank between what is shown of a line and its comment.
func comma(shown string) string {
	if strings.TrimSpace(shown) == "" {
		return ""
	}
	return " "
}
