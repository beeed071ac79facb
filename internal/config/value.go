package config

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

// value is what stands behind a key, with what may stand there.
type value struct {
	l       *loader
	name    string // as messages call it
	allowed string
	node    ast.Node
	at      place
	hidden  bool // it, and what is in it, is never shown
}

// value takes a node for a value. One that is left out stands where its key or
// its dash stands.
func (l *loader) value(name, allowed string, n ast.Node, before place) (value, bool) {
	if n = l.plain(n); n == nil {
		return value{}, false
	}
	v := value{l: l, name: name, allowed: allowed, node: n, at: where(n)}
	if n.GetToken().Type == token.ImplicitNullType {
		v.at = before
	}
	return v, true
}

// refuse notes that the value is not what is allowed. It is always false.
func (v value) refuse() bool {
	if v.hidden {
		v.l.wrong(v.at, v.name+" is something else", v.allowed)
		return false
	}
	v.l.wrong(v.at, fmt.Sprintf("%s is %s", v.name, describe(v.node)), v.allowed)
	return false
}

// decimal is the only way to write a number: YAML readers do not agree on
// what 010 is.
var decimal = regexp.MustCompile(`^(0|[1-9][0-9]*)$`)

// number reads a whole number from lo to hi.
func (v value) number(lo, hi int) (int, bool) {
	if _, ok := v.node.(*ast.IntegerNode); ok && decimal.MatchString(v.node.GetToken().Value) {
		n, err := strconv.Atoi(v.node.GetToken().Value)
		if err == nil && n >= lo && n <= hi {
			return n, true
		}
	}
	return 0, v.refuse()
}

// byte reads a number that fits in 8 bits.
func (v value) byte(lo, hi int, into *uint8) bool {
	n, ok := v.number(lo, hi)
	*into = uint8(n)
	return ok
}

// flag reads true or false.
func (v value) flag(into *bool) bool {
	b, ok := v.node.(*ast.BoolNode)
	if !ok {
		return v.refuse()
	}
	*into = b.Value
	return true
}

// flagOr reads true, false, or a word that stands beside them.
func (v value) flagOr(into *string, word string) bool {
	if b, ok := v.node.(*ast.BoolNode); ok {
		*into = strconv.FormatBool(b.Value)
		return true
	}
	return v.choice(into, word)
}

// text is a text, in quotes or not, but no number that looks like one. It
// notes no mistake: the caller knows whether the value may be shown.
func (v value) text() (string, bool) {
	switch n := v.node.(type) {
	case *ast.StringNode:
		return n.Value, true
	case *ast.LiteralNode:
		return n.Value.Value, true
	}
	return "", false
}

// choice reads one of some words.
func (v value) choice(into *string, words ...string) bool {
	s, ok := v.text()
	if !ok || !slices.Contains(words, s) {
		return v.refuse()
	}
	*into = s
	return true
}

// match reads a text that matches a pattern.
func (v value) match(into *string, pattern *regexp.Regexp) bool {
	s, ok := v.text()
	if !ok || !pattern.MatchString(s) {
		return v.refuse()
	}
	*into = s
	return true
}

// line reads a text of one line with at most so many characters.
func (v value) line(most int, into *string) bool {
	s, ok := v.text()
	if !ok || strings.ContainsAny(s, "\n\r") || utf8.RuneCountInString(s) > most {
		return v.refuse()
	}
	*into = s
	return true
}

// duration reads a duration as Go writes it.
func (v value) duration(into *time.Duration) bool {
	s, _ := v.text()
	d, err := time.ParseDuration(s)
	if err != nil {
		return v.refuse()
	}
	*into = d
	return true
}

// durationOrNever reads a duration between two bounds, or 0, with or without a unit.
func (v value) durationOrNever(lo, hi time.Duration, into *time.Duration) bool {
	if n, ok := v.node.(*ast.IntegerNode); ok && n.GetToken().Value == "0" {
		*into = 0
		return true
	}
	var d time.Duration
	if !v.duration(&d) {
		return false
	}
	if d != 0 && (d < lo || d > hi) {
		return v.refuse()
	}
	*into = d
	return true
}

// list reads a list of at least one entry. It is false when an entry is none,
// beside those that are.
func (v value) list(name string) (entries []value, ok bool) {
	s, ok := v.node.(*ast.SequenceNode)
	switch {
	case !ok:
		v.l.wrong(v.at, fmt.Sprintf("%s is %s", v.name, kind(v.node)), v.allowed)
		return nil, false
	case len(s.Values) == 0:
		v.l.wrong(v.at, v.name+" is an empty list", v.allowed)
		return nil, false
	}
	for i, n := range s.Values {
		e, good := v.l.value(name, v.allowed, n, at(s.Entries[i].Start))
		if good {
			entries = append(entries, e)
		}
		ok = ok && good
	}
	return entries, ok
}
