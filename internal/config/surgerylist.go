package config

import (
	"fmt"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// list finds a list.
func (s *surgeon) list(p path) (*layout, *ast.SequenceNode, error) {
	t, n, err := s.at(p)
	if err != nil {
		return nil, nil, err
	}
	list, ok := n.(*ast.SequenceNode)
	if !ok {
		return nil, nil, fmt.Errorf("%v is no list", p)
	}
	return t, list, nil
}

// elements are the places of the elements of a list in brackets.
func elements(t *layout, list *ast.SequenceNode) (out []span) {
	for i := range list.Values {
		out = append(out, t.element(list, i))
	}
	return out
}

// insertElement puts an element into a list, so that it is number i.
func (s *surgeon) insertElement(p path, i int, v any) error {
	return s.insertElements(p, i, []any{v})
}

// insertElements puts elements into a list, so that the first of them is number i.
func (s *surgeon) insertElements(p path, i int, values []any) error {
	t, list, err := s.list(p)
	if err != nil {
		return err
	}
	var patches []patch
	for _, v := range values {
		patches = append(patches, t.into(list, i, v))
	}
	return s.cut(patches...)
}

// into puts an element into a list.
func (t *layout) into(list *ast.SequenceNode, i int, v any) patch {
	switch {
	case list.IsFlowStyle && i == len(list.Values):
		return t.insideFlow(list, elements(t, list), inline(v, unquoted))
	case list.IsFlowStyle:
		at := t.element(list, i).from
		return patch{span: span{at, at}, text: inline(v, unquoted) + ", "}
	}
	return t.intoBlock(list, i, v)
}

// intoBlock puts an element into a block list in the manner of its neighbour.
func (t *layout) intoBlock(list *ast.SequenceNode, i int, v any) patch {
	beside := max(i-1, 0)
	dash := t.dash(list, beside)
	indent := t.column(dash.from)
	text := t.likeElement(list, beside, indent, v)
	if i == 0 {
		start := t.lineStart(dash.from)
		return t.newLines(t.above(start, indent), text)
	}
	end := t.below(t.contentEnd(t.element(list, beside).to), indent)
	if t.apart(list, beside, indent) {
		text = "\n" + text
	}
	return t.newLines(end, text)
}

// likeElement writes an element as another one of the list is written.
func (t *layout) likeElement(list *ast.SequenceNode, beside, indent int, v any) string {
	items, mapping := v.(Items)
	if mapping && isFlow(list.Values[beside]) {
		return strings.Repeat(" ", indent) + "- " + inline(items, unquoted) + "\n"
	}
	inner := 2
	if from := t.element(list, beside).from; t.lineStart(from) == t.lineStart(t.dash(list, beside).from) {
		inner = max(2, t.column(from)-indent)
	}
	return dashed(v, indent, inner)
}

// apart reports whether the elements of a list have a blank line between them, as
// far as one can tell from one of them.
func (t *layout) apart(list *ast.SequenceNode, i, indent int) bool {
	start := t.above(t.lineStart(t.dash(list, i).from), indent)
	return i > 0 && start > 0 && t.blank(t.lineStart(start-1))
}

// removeElement takes an element out of a list that has others.
func (s *surgeon) removeElement(p path, i int) error {
	t, list, err := s.list(p)
	switch {
	case err != nil:
		return err
	case list.IsFlowStyle:
		return s.cut(t.outOfFlow(elements(t, list), i))
	}
	dash := t.dash(list, i)
	indent := t.column(dash.from)
	from := t.above(t.lineStart(dash.from), indent)
	to := t.below(t.contentEnd(max(t.element(list, i).to, dash.to)), indent)
	return s.cut(patch{span: t.withBlanks(span{from, to})})
}

// withBlanks takes the blank lines behind a part with it when there are some
// before it too, so that no two gaps become one large one.
func (t *layout) withBlanks(s span) span {
	before := s.from > 0 && t.blank(t.lineStart(s.from-1))
	for before && t.blank(s.to) {
		s.to = t.lineEnd(s.to)
	}
	for s.to == len(t.src) && s.from > 0 && t.blank(t.lineStart(s.from-1)) {
		s.from = t.lineStart(s.from - 1)
	}
	return s
}
