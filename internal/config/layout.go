package config

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// layout is a text with the place of each of its tokens, for surgery.
type layout struct {
	src    string
	root   ast.Node
	tokens map[*token.Token]span
	order  []span
}

// span is a part of a text: the bytes from and up to, not with, to.
type span struct{ from, to int }

// lay reads a text and places its tokens in it. The parser is given one with plain
// line ends, while what is placed and cut is the text as it is in the file.
func lay(src string) (*layout, error) {
	tokens := lexer.Tokenize(string(normalise([]byte(src))))
	if tooDeep(tokens) != nil {
		return nil, fmt.Errorf("brackets nested too deeply")
	}
	t := &layout{src: src, tokens: make(map[*token.Token]span, len(tokens))}
	at := len(src) - len(strings.TrimPrefix(src, "\ufeff"))
	for _, tk := range tokens {
		where, ok := find(src, at, tk.Origin)
		if !ok {
			return nil, fmt.Errorf("the text around line %d is written in a way that cannot be edited: edit the file by hand", tk.Position.Line)
		}
		t.tokens[tk], at = where, where.to
		t.order = append(t.order, where)
	}
	file, err := parser.Parse(tokens, 0, parser.AllowDuplicateMapKey())
	if err != nil { // Its words quote from the file, which may hold a password.
		return nil, fmt.Errorf("the text cannot be read")
	}
	if t.root = (&loader{}).only(file); t.root == nil {
		return nil, fmt.Errorf("no single document")
	}
	return t, nil
}

// blanks count for nothing when tokens are placed.
const blanks = " \t\r\n"

// find places the text of a token behind an offset. The lexer drops blanks here
// and there, so they count for nothing.
func find(src string, at int, text string) (s span, ok bool) {
	s.from = -1
	for _, want := range text {
		if strings.ContainsRune(blanks, want) {
			continue
		}
		for at < len(src) && strings.IndexByte(blanks, src[at]) >= 0 {
			at++
		}
		have, size := utf8.DecodeRuneInString(src[at:])
		if have != want {
			return s, false
		}
		if s.from < 0 {
			s.from = at
		}
		at += size
		s.to = at
	}
	if s.from < 0 {
		s = span{at, at}
	}
	return s, true
}

// of is the place of a token; an empty place at the end of before when there is
// none in the text.
func (t *layout) of(tk *token.Token, before int) span {
	if s, ok := t.tokens[tk]; ok {
		return s
	}
	return span{before, before}
}

// extent is what a value takes up, from its first token to its last. A value
// that is left out is empty, behind what stands before it.
func (t *layout) extent(n ast.Node, before int) span {
	switch n := n.(type) {
	case *ast.MappingNode:
		s := t.of(n.Start, before)
		if n.IsFlowStyle {
			return span{s.from, t.of(n.End, s.to).to}
		}
		return t.around(t.entry(n.Values[0]), t.entry(n.Values[len(n.Values)-1]))
	case *ast.MappingValueNode:
		return t.entry(n)
	case *ast.SequenceNode:
		s := t.of(n.Start, before)
		if n.IsFlowStyle {
			return span{s.from, t.of(n.End, s.to).to}
		}
		last := len(n.Values) - 1
		return t.around(t.of(n.Entries[0].Start, before), t.element(n, last))
	case *ast.LiteralNode:
		s := t.of(n.Start, before)
		return t.around(s, t.of(n.Value.GetToken(), s.to))
	}
	return t.of(n.GetToken(), before)
}

// around is from the beginning of one part to the end of another.
func (t *layout) around(a, b span) span { return span{a.from, max(a.to, b.to)} }

// entry is what a key and its value take up.
func (t *layout) entry(e *ast.MappingValueNode) span {
	key := t.of(e.Key.GetToken(), 0)
	return t.around(key, t.value(e))
}

// value is what the value of a key takes up.
func (t *layout) value(e *ast.MappingValueNode) span {
	return t.extent(e.Value, t.colon(e).to)
}

// colon is the place of the colon of a key.
func (t *layout) colon(e *ast.MappingValueNode) span {
	key := t.of(e.Key.GetToken(), 0)
	return t.of(e.Start, key.to)
}

// element is what the value of an element of a list takes up.
func (t *layout) element(s *ast.SequenceNode, i int) span {
	before := 0
	if !s.IsFlowStyle {
		before = t.dash(s, i).to
	}
	return t.extent(s.Values[i], before)
}

// dash is the place of the dash of an element of a block list.
func (t *layout) dash(s *ast.SequenceNode, i int) span { return t.of(s.Entries[i].Start, 0) }

// lineStart is where the line of an offset begins.
func (t *layout) lineStart(at int) int { return strings.LastIndexByte(t.src[:at], '\n') + 1 }

// lineEnd is behind the line of an offset, its end included.
func (t *layout) lineEnd(at int) int {
	if i := strings.IndexByte(t.src[at:], '\n'); i >= 0 {
		return at + i + 1
	}
	return len(t.src)
}

// column is how far an offset is from the beginning of its line, in characters.
func (t *layout) column(at int) int {
	return utf8.RuneCountInString(t.src[t.lineStart(at):at])
}

// startsLine reports whether only blanks stand before an offset on its line.
func (t *layout) startsLine(at int) bool {
	return strings.TrimLeft(t.src[t.lineStart(at):at], " ") == ""
}

// remark is a line that holds a comment and nothing else: its indentation, or -1
// when it is something else.
func (t *layout) remark(start int) int {
	line := t.src[start:t.lineEnd(start)]
	if text := strings.TrimLeft(line, " \t"); strings.HasPrefix(text, "#") {
		return len(line) - len(text)
	}
	return -1
}

// blank reports whether a line is empty.
func (t *layout) blank(start int) bool {
	return start < len(t.src) && strings.TrimSpace(t.src[start:t.lineEnd(start)]) == ""
}

// above goes up over the comments right above a line that are not indented
// deeper than a column, and returns where they begin.
func (t *layout) above(start, column int) int {
	for start > 0 {
		previous := t.lineStart(start - 1)
		if in := t.remark(previous); in < 0 || in > column {
			break
		}
		start = previous
	}
	return start
}

// below goes down over the comments that are indented deeper than a column, with
// blank lines between them, and returns the end of the last one.
func (t *layout) below(end, column int) int {
	for next := end; next < len(t.src); next = t.lineEnd(next) {
		if in := t.remark(next); in > column {
			end = t.lineEnd(next)
		} else if !t.blank(next) {
			break
		}
	}
	return end
}
