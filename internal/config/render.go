package config

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// plainly is what is written without quotes, if it reads as a text then.
var plainly = regexp.MustCompile(`^[A-Za-z0-9_./][A-Za-z0-9_./@+-]*( [A-Za-z0-9_./@+-]+)*$`)

// Ways to write a text.
const (
	unquoted = 0
	single   = '\''
	double   = '"'
)

// inline writes a value on one line, so that it can stand within brackets too.
// Lists and mappings get brackets. A text is written the way that is asked for
// where that reads as the same text.
func inline(v any, way byte) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case bool:
		return strconv.FormatBool(v)
	case int:
		return strconv.Itoa(v)
	case string:
		return quoted(v, way)
	case Hidden:
		if way == unquoted {
			way = double
		}
		return quoted(v.Reveal(), way)
	case Items:
		var parts []string
		for _, item := range v {
			parts = append(parts, quoted(item.Key, unquoted)+": "+inline(item.Value, unquoted))
		}
		return "{" + strings.Join(parts, ", ") + "}"
	case []any:
		var parts []string
		for _, e := range v {
			parts = append(parts, inline(e, unquoted))
		}
		return "[" + strings.Join(parts, ", ") + "]"
	}
	return fmt.Sprintf("%q", fmt.Sprint(v)) // What is read again is then not what was asked.
}

// quoted writes a text: the way that is asked for, or the first that reads as
// the same text inside brackets and outside.
func quoted(text string, way byte) string {
	ways := map[byte]string{
		unquoted: text,
		single:   "'" + strings.ReplaceAll(text, "'", "''") + "'",
		double:   `"` + text + `"`,
	}
	for _, w := range []byte{way, double, single} {
		written := ways[w]
		if w == unquoted && !plainly.MatchString(text) || w == double && strings.ContainsAny(text, `"\`) {
			continue
		}
		if reads("["+written+"]", text) && reads(written, text) {
			return written
		}
	}
	return escaped(text)
}

// escaped writes a text in double quotes with escapes, which can hold anything.
func escaped(text string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range text {
		switch {
		case r == '"' || r == '\\':
			b.WriteString(`\` + string(r))
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		case r < ' ' || r >= 0x7f && r < 0xa0:
			fmt.Fprintf(&b, `\x%02x`, r)
		case r == '\ufeff' || r == '\u2028' || r == '\u2029':
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// reads reports whether a value, alone or as the only one in brackets, is this text.
func reads(written, text string) bool {
	file, err := tree("k: " + written + "\n")
	if err != nil || len(file.Docs) != 1 {
		return false
	}
	list, ok := pairs(file.Docs[0].Body)
	if !ok || len(list) != 1 {
		return false
	}
	n := list[0].Value
	if s, ok := n.(*ast.SequenceNode); ok && len(s.Values) == 1 {
		n = s.Values[0]
	}
	s, ok := n.(*ast.StringNode)
	return ok && s.Value == text
}

// longLine is where a list is written over several lines.
const longLine = 100

// wide reports whether a value is too much for one line.
func wide(v any, indent int) bool {
	switch v := v.(type) {
	case Items:
		return true
	case []any:
		for _, e := range v {
			if _, mapping := e.(Items); mapping {
				return true
			}
		}
		return indent+len(inline(v, unquoted)) > longLine
	}
	return false
}

// block writes what follows the colon of a key at an indentation: a blank and
// the value, or lines below it. Each line ends.
func block(v any, indent int) string {
	switch v := v.(type) {
	case Items:
		if len(v) > 0 {
			return "\n" + lines(v, indent+2)
		}
	case []any:
		if len(v) > 0 && wide(v, indent) {
			return "\n" + listed(v, indent+2)
		}
	}
	return " " + inline(v, unquoted) + "\n"
}

// lines writes a mapping, a line for each key or more.
func lines(items Items, indent int) string {
	var b strings.Builder
	for _, item := range items {
		b.WriteString(strings.Repeat(" ", indent) + quoted(item.Key, unquoted) + ":" + block(item.Value, indent))
	}
	return b.String()
}

// listed writes a list, a dash for each element.
func listed(list []any, indent int) string {
	var b strings.Builder
	for _, v := range list {
		b.WriteString(dashed(v, indent, 2))
	}
	return b.String()
}

// dashed writes one element of a block list. Its keys stand so many characters
// behind the dash.
func dashed(v any, indent, inner int) string {
	items, mapping := v.(Items)
	if !mapping || len(items) == 0 {
		return strings.Repeat(" ", indent) + "- " + inline(v, unquoted) + "\n"
	}
	text := lines(items, indent+inner)
	return strings.Repeat(" ", indent) + "-" + strings.Repeat(" ", inner-1) + text[indent+inner:]
}
