package config

import (
	"fmt"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

// path leads from the root of a file to a value: keys and indexes of lists.
type path []any

// surgeon makes one small cut after the other and looks at the text anew for
// each, so that none has to know what the one before it moved.
type surgeon struct{ src string }

// at reads the text and finds a value with the key that it stands behind.
func (s *surgeon) at(p path) (*layout, ast.Node, error) {
	t, err := lay(s.src)
	if err != nil {
		return nil, nil, err
	}
	n := t.root
	for _, step := range p {
		if n = child(n, step); n == nil {
			return nil, nil, fmt.Errorf("%v is not there", step)
		}
	}
	return t, n, nil
}

// child is a value inside another one.
func child(n ast.Node, step any) ast.Node {
	switch step := step.(type) {
	case string:
		if e := member(n, step); e != nil {
			return e.Value
		}
	case int:
		if list, ok := n.(*ast.SequenceNode); ok && step < len(list.Values) {
			return list.Values[step]
		}
	}
	return nil
}

// member is the entry of a key in a mapping.
func member(n ast.Node, key string) *ast.MappingValueNode {
	list, _ := pairs(n)
	for _, e := range list {
		if e.Key.GetToken().Value == key {
			return e
		}
	}
	return nil
}

// cut applies patches.
func (s *surgeon) cut(patches ...patch) error {
	s.src = patched(s.src, patches)
	return nil
}

// isFlow reports whether a value stands in brackets, its own or those around it.
func isFlow(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.MappingNode:
		return n.IsFlowStyle
	case *ast.SequenceNode:
		return n.IsFlowStyle
	}
	return false
}

// replace writes another value behind a key.
func (s *surgeon) replace(p path, key string, v any) error {
	t, n, err := s.at(p)
	if err != nil {
		return err
	}
	e := member(n, key)
	old, colon := t.value(e), t.colon(e)
	if way, ok := one(e.Value); ok && !wide(v, 0) {
		return s.cut(patch{span: old, text: inline(v, way)})
	}
	if !isFlow(n) && wide(v, t.column(t.entry(e).from)) {
		return s.cut(patch{span: span{colon.to, t.contentEnd(old.to)}, text: block(v, t.column(t.entry(e).from))})
	}
	return s.cut(patch{span: span{colon.to, max(old.to, colon.to)}, text: " " + inline(v, unquoted)})
}

// contentEnd is the end of the line of an offset.
func (t *layout) contentEnd(at int) int { return t.lineEnd(max(at-1, 0)) }

// one reports whether a value is a single word or text, and how it is written.
func one(n ast.Node) (way byte, ok bool) {
	switch n.(type) {
	case *ast.StringNode, *ast.IntegerNode, *ast.BoolNode, *ast.FloatNode:
	default:
		return 0, false
	}
	switch n.GetToken().Type {
	case token.SingleQuoteType:
		return single, true
	case token.DoubleQuoteType:
		return double, true
	}
	return unquoted, true
}

// replaceElement writes another element into a list.
func (s *surgeon) replaceElement(p path, i int, v any) error {
	t, n, err := s.at(p)
	if err != nil {
		return err
	}
	list := n.(*ast.SequenceNode)
	way, _ := one(list.Values[i])
	return s.cut(patch{span: t.element(list, i), text: inline(v, way)})
}

// insert puts a key behind the others of a mapping.
func (s *surgeon) insert(p path, key string, v any) error {
	t, n, err := s.at(p)
	if err != nil {
		return err
	}
	list, ok := pairs(n)
	switch {
	case !ok:
		return fmt.Errorf("%v is no mapping", p)
	case isFlow(n):
		return s.cut(t.insideFlow(n, spans(t, list), quoted(key, unquoted)+": "+inline(v, unquoted)))
	}
	indent := t.column(t.entry(list[0]).from)
	text := strings.Repeat(" ", indent) + quoted(key, unquoted) + ":" + block(v, indent)
	at := t.contentEnd(t.entry(list[len(list)-1]).to)
	if len(p) == 0 {
		at = t.top(list, wide(v, indent))
	}
	return s.cut(t.newLines(at, text))
}

// top is where a new key at the top of the file goes: a section to the end, all
// else before the groups, behind the keys that are there.
func (t *layout) top(list []*ast.MappingValueNode, section bool) int {
	last := len(list) - 1
	for i, e := range list {
		if e.Key.GetToken().Value != "groups" || section {
			continue
		}
		if i > 0 {
			last = i - 1
			break
		}
		if start := t.lineStart(t.entry(e).from); t.above(start, 0) > 0 {
			return t.above(start, 0)
		}
		return t.lineStart(t.entry(e).from)
	}
	end := t.contentEnd(t.entry(list[last]).to)
	if last == len(list)-1 {
		end = t.below(end, -1)
	}
	return end
}

// newLines inserts lines where a line begins, or at the end of a text whose last
// line does not end.
func (t *layout) newLines(at int, text string) patch {
	if at > 0 && t.src[at-1] != '\n' {
		text = "\n" + strings.TrimSuffix(text, "\n")
	}
	return patch{span: span{at, at}, text: text}
}

// spans are the places of the entries of a mapping.
func spans(t *layout, list []*ast.MappingValueNode) (out []span) {
	for _, e := range list {
		out = append(out, t.entry(e))
	}
	return out
}

// insideFlow puts a part behind the last one within brackets. When that one has
// a line of its own, so has the new one.
func (t *layout) insideFlow(n ast.Node, parts []span, text string) patch {
	if len(parts) == 0 {
		at := t.extent(n, 0).from + 1
		return patch{span: span{at, at}, text: text}
	}
	last := parts[len(parts)-1]
	separator := ", "
	if t.startsLine(last.from) {
		separator = ",\n" + t.src[t.lineStart(last.from):last.from]
	}
	return patch{span: span{last.to, last.to}, text: separator + text}
}

// remove takes a key out of a mapping that has others.
func (s *surgeon) remove(p path, key string) error {
	t, n, err := s.at(p)
	if err != nil {
		return err
	}
	list, _ := pairs(n)
	for i, e := range list {
		if e.Key.GetToken().Value != key {
			continue
		}
		if isFlow(n) {
			return s.cut(t.outOfFlow(spans(t, list), i))
		}
		return s.cut(t.outOfBlock(list, i))
	}
	return nil
}

// outOfBlock takes the lines of a key away. A key behind a dash gives its place
// to the next one, unless there is a comment between them.
func (t *layout) outOfBlock(list []*ast.MappingValueNode, i int) patch {
	here := t.entry(list[i])
	end := t.contentEnd(here.to)
	if t.startsLine(here.from) {
		return patch{span: span{t.lineStart(here.from), end}}
	}
	if i+1 < len(list) {
		next := t.entry(list[i+1]).from
		if !strings.Contains(t.src[here.to:next], "#") {
			return patch{span: span{here.from, next}}
		}
	}
	return patch{span: span{here.from, here.to}}
}

// outOfFlow takes one of several parts out of brackets, with its comma: the line
// when it has one of its own, else no more than is needed. A comment of another
// part stays, even if that leaves a comma more than is needed.
func (t *layout) outOfFlow(parts []span, i int) patch {
	here := parts[i]
	comma := here.to + len(t.src[here.to:]) - len(strings.TrimLeft(t.src[here.to:], blanks))
	switch {
	case comma < len(t.src) && t.src[comma] == ',':
		return t.withComma(here, comma+1)
	case i > 0 && !strings.Contains(t.src[parts[i-1].to:here.from], "#"):
		return patch{span: span{parts[i-1].to, here.to}}
	}
	return patch{span: here}
}

// withComma takes a part and the comma behind it away: with its line, the comment
// on it and those right above, when nothing else is on that line.
func (t *layout) withComma(here span, behind int) patch {
	end := t.lineEnd(behind - 1)
	if rest := strings.TrimSpace(t.src[behind:end]); t.startsLine(here.from) && (rest == "" || rest[0] == '#') {
		return patch{span: span{t.above(t.lineStart(here.from), t.column(here.from)), end}}
	}
	for behind < len(t.src) && t.src[behind] == ' ' {
		behind++
	}
	return patch{span: span{here.from, behind}}
}
