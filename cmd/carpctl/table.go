package main

import (
	"strings"
	"unicode/utf8"
)

// colour is an escape sequence of a terminal; none for no colour.
type colour string

const (
	plain  colour = ""
	bold   colour = "\x1b[1m"
	red    colour = "\x1b[31m"
	green  colour = "\x1b[32m"
	yellow colour = "\x1b[33m"
	cyan   colour = "\x1b[36m"
)

// cell is one field of a table.
type cell struct {
	text string
	colour
}

// colours says whether to use them: on a terminal that can, unless the user
// does not want any (no-color.org).
func (e *env) colours() bool {
	return e.terminal && e.getenv("NO_COLOR") == "" && e.getenv("TERM") != "dumb"
}

// paint colours a text when colours are on.
func (e *env) paint(c cell) string {
	if c.colour == plain || c.text == "" || !e.colours() {
		return c.text
	}
	return string(c.colour) + c.text + "\x1b[0m"
}

// table lays rows out in columns, two blanks apart. The first row is the head.
// Widths count characters, not the bytes of colours.
func (e *env) table(rows [][]cell) string {
	var widths []int
	for _, row := range rows {
		for i, c := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], utf8.RuneCountInString(c.text))
		}
	}
	var b strings.Builder
	for _, row := range rows {
		for len(row) > 0 && row[len(row)-1].text == "" {
			row = row[:len(row)-1] // No blanks at the end of a line.
		}
		for i, c := range row {
			b.WriteString(e.paint(c))
			if i < len(row)-1 {
				b.WriteString(strings.Repeat(" ", widths[i]-utf8.RuneCountInString(c.text)+2))
			}
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// head is the first row of a table.
func head(names ...string) []cell {
	row := make([]cell, len(names))
	for i, n := range names {
		row[i] = cell{n, bold}
	}
	return row
}

// stateColour is the colour of a state.
func stateColour(state string) colour {
	switch state {
	case "MASTER":
		return green
	case "BACKUP":
		return cyan
	default:
		return red
	}
}
