package config

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

// key is one key of the file: its name, what may stand behind it, and how it
// is read. Messages, documentation and the reference file use this one table.
type key[T any] struct {
	name     string
	allowed  string
	def      string // the default as it would be written; empty when there is none
	required bool
	unless   string   // the key beside which it is not required
	secret   bool     // the value is never shown
	also     []string // what other programs call it, for "did you mean"
	// read checks the value and stores it; false after a mistake.
	read func(v value, into *T) bool
}

// seen is what walk learned of each key: its place and whether it was read.
type seen map[string]struct {
	at place
	ok bool
}

// spoiled reports whether the key is there and wrong, so that a rule that
// needs its value keeps quiet.
func (s seen) spoiled(name string) bool {
	k, there := s[name]
	return there && !k.ok
}

// note remembers a key.
func (s seen) note(name string, at place, ok bool) {
	s[name] = struct {
		at place
		ok bool
	}{at, ok}
}

// walk reads a mapping by its table: unknown keys, keys given twice and
// missing keys are mistakes, everything else is the business of key.read. It
// is false only when v is no mapping.
func walk[T any](v value, keys []key[T], into *T) (seen, bool) {
	entries, ok := pairs(v.node)
	if !ok {
		v.l.wrong(v.at, v.name+" is "+kind(v.node), "a mapping with the keys "+names(keys))
		return nil, false
	}
	s := seen{}
	first := map[string]place{}
	for _, e := range entries {
		name := v.l.name(e)
		if name == "" {
			s.note("", place{}, false)
			continue
		}
		if before, twice := first[name]; twice {
			v.l.wrong(where(e), fmt.Sprintf("%s is given twice, first on line %d", v.quote(name), before.line), "each key once")
			continue
		}
		first[name] = where(e)
		readKey(v, e, name, keys, into, s)
	}
	missing(v, keys, s)
	return s, true
}

// name is the name of a key, empty after a mistake.
func (l *loader) name(e *ast.MappingValueNode) string {
	switch k := e.Key.(type) {
	case *ast.MergeKeyNode:
		l.wrong(where(e), "a YAML merge key", "the keys themselves, written out")
		return ""
	case ast.ScalarNode:
		if name := k.GetToken().Value; name != "" {
			return name
		}
	}
	l.wrong(where(e), "a key that is no word", "a word and a colon")
	return ""
}

// readKey finds the key in the table and reads its value.
func readKey[T any](v value, e *ast.MappingValueNode, name string, keys []key[T], into *T, s seen) {
	for _, k := range keys {
		if k.name != name {
			continue
		}
		inner, ok := v.l.value(k.name, k.allowed, e.Value, where(e))
		inner.hidden = v.hidden
		ok = ok && inner.apart(e)
		s.note(name, inner.at, ok && k.read(inner, into))
		return
	}
	found := fmt.Sprintf("unknown key %s in %s", v.quote(name), v.name)
	if better := suggest(name, keys); better != "" {
		found += fmt.Sprintf(" (did you mean %s?)", better)
		if _, there := s[better]; !there {
			s.note(better, where(e), false) // One mistake, not a second one that it is missing.
		}
	}
	v.l.wrong(where(e), found, names(keys))
}

// quote is the name of a key in v, unless nothing of v is shown.
func (v value) quote(name string) string {
	if v.hidden {
		return mask
	}
	return word(name)
}

// apart refuses {password:abc}: our parser takes abc for the value, while YAML
// takes the whole for a key. Behind a key in quotes no blank is needed.
func (v value) apart(e *ast.MappingValueNode) bool {
	colon, key := at(e.Start), e.Key.GetToken().Type
	glued := v.at == place{colon.line, colon.column + 1}
	if !glued || key == token.SingleQuoteType || key == token.DoubleQuoteType {
		return true
	}
	v.l.wrong(v.at, fmt.Sprintf("no blank between %s: and its value", v.name), "a blank")
	return false
}

// missing notes required keys that are not there. After a key that could not
// be read at all nobody can say what is missing.
func missing[T any](v value, keys []key[T], s seen) {
	if s.spoiled("") {
		return
	}
	for _, k := range keys {
		_, there := s[k.name]
		_, instead := s[k.unless]
		if k.required && !there && !instead {
			v.l.wrong(v.at, fmt.Sprintf("%s is missing in %s", k.name, v.name), k.allowed)
		}
	}
}

var leadingWord = regexp.MustCompile(`^[A-Za-z0-9_-]{1,40}`)

// word shows the beginning of a key as far as it is a word: in password:abc,
// without the blank, YAML takes the whole for a key.
func word(name string) string {
	w := leadingWord.FindString(name)
	if w != name {
		w += "…"
	}
	return `"` + w + `"`
}

// names lists the keys of a table.
func names[T any](keys []key[T]) string {
	var list []string
	for _, k := range keys {
		list = append(list, k.name)
	}
	return strings.Join(list, ", ")
}
