package config

import (
	"strconv"
	"unicode/utf8"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

// at is the place of a token.
func at(tk *token.Token) place {
	if tk == nil || tk.Position == nil {
		return place{1, 1}
	}
	return place{max(tk.Position.Line, 1), max(tk.Position.Column, 1)}
}

// start is where a document begins.
func start(doc *ast.DocumentNode) place {
	if doc.Start != nil {
		return at(doc.Start)
	}
	return where(doc.Body)
}

// where is the place at which a person sees a value begin: the parser has a
// block mapping begin at its first colon, we have it begin at its first key.
func where(n ast.Node) place {
	switch n := n.(type) {
	case *ast.MappingNode:
		if !n.IsFlowStyle && len(n.Values) > 0 {
			return at(n.Values[0].Key.GetToken())
		}
	case *ast.MappingValueNode:
		return at(n.Key.GetToken())
	}
	return at(n.GetToken())
}

// pairs are the entries of a mapping.
func pairs(n ast.Node) ([]*ast.MappingValueNode, bool) {
	switch n := n.(type) {
	case *ast.MappingNode:
		return n.Values, true
	case *ast.MappingValueNode:
		return []*ast.MappingValueNode{n}, true
	}
	return nil, false
}

// kind names what a value is without a word of what it holds. It is used where
// the value might be a secret.
func kind(n ast.Node) string {
	switch n.(type) {
	case *ast.NullNode:
		return "empty"
	case *ast.MappingNode, *ast.MappingValueNode:
		return "a mapping"
	case *ast.SequenceNode:
		return "a list"
	case *ast.StringNode, *ast.LiteralNode:
		return "a text"
	case *ast.BoolNode:
		return "true or false"
	}
	return "a number"
}

// describe names a value with what it holds.
func describe(n ast.Node) string {
	tk := n.GetToken()
	switch n.(type) {
	case *ast.StringNode:
		if tk.Type == token.SingleQuoteType || tk.Type == token.DoubleQuoteType {
			return "the text " + quote(tk.Value)
		}
		return quote(tk.Value)
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode:
		return tk.Value
	}
	return kind(n)
}

// quote quotes a text for a message and shortens it when it is long.
func quote(s string) string {
	const most = 60
	if utf8.RuneCountInString(s) > most {
		s = string([]rune(s)[:most]) + "…"
	}
	return strconv.Quote(s)
}

// plain takes off what we do not allow around a value, so that mistakes inside
// are found in the same run. It is nil for an alias, which holds no value.
func (l *loader) plain(n ast.Node) ast.Node {
	for {
		switch outer := n.(type) {
		case *ast.AnchorNode:
			l.wrong(where(n), "a YAML anchor", "the value itself, written out each time")
			n = outer.Value
		case *ast.TagNode:
			l.wrong(where(n), "a YAML tag", "the value without it")
			n = outer.Value
		case *ast.AliasNode:
			l.wrong(where(n), "a YAML alias", "the value itself, written out each time")
			return nil
		default:
			return n
		}
	}
}
