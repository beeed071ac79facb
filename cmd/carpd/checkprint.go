package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"

	"github.com/carpd/carpd/internal/config"
)

// text prints what was found for people: mistakes and warnings to stderr, each
// with its line of the file, and one closing line.
func (f findings) text(stdout, stderr io.Writer) {
	p := printer{w: stderr, colour: colourful(stderr), lines: config.Shown(f.source)}
	for _, w := range f.warnings {
		p.finding(w.String(), yellow)
		p.excerpt(w.Line, w.Column)
	}
	for _, m := range f.mistakes {
		p.finding(m.Error(), red)
		p.excerpt(m.Line, m.Column)
	}
	for _, l := range f.live {
		p.finding(fmt.Sprintf("%s:%d: %s: %s", f.file, l.line, l.Group, l.Problem), red)
	}
	f.standing.text(p, f.file)
	warnings := len(f.warnings) + len(f.standing.found)
	switch {
	case !f.ok():
		fmt.Fprintf(stderr, "%s: %s\n", f.file, count(len(f.mistakes)+len(f.live), "mistake"))
	case warnings > 0:
		fmt.Fprintf(stdout, "configuration OK: %s, %s\n", count(f.groups, "group"), count(warnings, "warning"))
	default:
		fmt.Fprintf(stdout, "configuration OK: %s\n", count(f.groups, "group"))
	}
}

// count is a number with its word.
func count(n int, word string) string {
	if n == 1 {
		return "1 " + word
	}
	return fmt.Sprintf("%d %ss", n, word)
}

// colourful reports whether w is a terminal of somebody who wants colours
// (https://no-color.org).
func colourful(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && os.Getenv("NO_COLOR") == "" && term.IsTerminal(int(f.Fd()))
}

// The colours that are used, as terminals number them.
const (
	red    = "31"
	yellow = "33"
)

// printer prints findings with their lines.
type printer struct {
	w      io.Writer
	colour bool
	lines  []string
}

// paint colours a text on a terminal.
func (p printer) paint(text, colour string) string {
	if !p.colour {
		return text
	}
	return "\x1b[" + colour + "m" + text + "\x1b[0m"
}

// finding prints one line. The place comes first, where editors look for it.
func (p printer) finding(line, colour string) {
	fmt.Fprintln(p.w, p.paint(line, colour))
}

// excerpt prints the line and a caret under the column. What may be a secret
// is masked; the caret then points at the mask.
func (p printer) excerpt(line, column int) {
	if line > len(p.lines) || strings.TrimSpace(p.lines[line-1]) == "" {
		return
	}
	shown := p.lines[line-1]
	before := []rune(shown)
	if column-1 < len(before) {
		before = before[:column-1]
	} else if masked, ok := strings.CutSuffix(shown, "***"); ok {
		before = []rune(masked)
	}
	blank := strings.Map(func(r rune) rune {
		if r == '\t' {
			return r
		}
		return ' '
	}, string(before))
	fmt.Fprintf(p.w, "%5d | %s\n      | %s%s\n", line, shown, blank, p.paint("^", red))
}

// checkSchema is the version of the JSON below; it counts up when a field
// goes away or changes its meaning.
const checkSchema = 1

// checkReport is the JSON of a check.
type checkReport struct {
	SchemaVersion int               `json:"schema_version"`
	File          string            `json:"file"`
	OK            bool              `json:"ok"`
	Groups        int               `json:"groups"`
	Mistakes      []checkEntry      `json:"mistakes"`
	Warnings      []checkEntry      `json:"warnings"`
	Live          []liveProblem     `json:"live"`
	Standing      []standingAddress `json:"standing"`
	BootRules     string            `json:"boot_rules"`
}

// checkEntry is one mistake or warning.
type checkEntry struct {
	Line    int    `json:"line"`
	Column  int    `json:"column"`
	Found   string `json:"found,omitempty"`
	Allowed string `json:"allowed,omitempty"`
	Text    string `json:"text,omitempty"`
}

// json prints what was found for programs. Lists are never null.
func (f findings) json(stdout io.Writer) error {
	r := checkReport{
		SchemaVersion: checkSchema, File: f.file, OK: f.ok(), Groups: f.groups,
		Mistakes: []checkEntry{}, Warnings: []checkEntry{}, Live: append([]liveProblem{}, f.live...),
		Standing: append([]standingAddress{}, f.standing.found...), BootRules: f.standing.rules.String(),
	}
	for _, m := range f.mistakes {
		r.Mistakes = append(r.Mistakes, checkEntry{Line: m.Line, Column: m.Column, Found: m.Found, Allowed: m.Allowed})
	}
	for _, w := range f.warnings {
		r.Warnings = append(r.Warnings, checkEntry{Line: w.Line, Column: w.Column, Text: w.Text})
	}
	e := json.NewEncoder(stdout)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(r)
}
