package config

import (
	"fmt"
	"strings"
)

// Mistake is one mistake in the file and the place where it stands. Its texts
// never hold a secret.
type Mistake struct {
	File string
	// Line and Column count from 1; a column is a character, not a byte.
	Line, Column int
	Found        string // what stands there, in words
	Allowed      string // what may stand there
}

// Error is the form that editors and compilers understand.
func (m Mistake) Error() string {
	return fmt.Sprintf("%s:%d:%d: %s; allowed: %s", m.File, m.Line, m.Column, m.Found, m.Allowed)
}

// Errors are all the mistakes of a file, in the order of their places.
type Errors []Mistake

// Error prints one mistake on each line.
func (e Errors) Error() string {
	lines := make([]string, len(e))
	for i, m := range e {
		lines[i] = m.Error()
	}
	return strings.Join(lines, "\n")
}

// Warning is something that works and that the operator should know.
type Warning struct {
	File         string
	Line, Column int
	Text         string
}

// String is the form of Mistake.Error.
func (w Warning) String() string {
	return fmt.Sprintf("%s:%d:%d: warning: %s", w.File, w.Line, w.Column, w.Text)
}
