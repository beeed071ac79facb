package config

import (
	"errors"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// parse turns the bytes into the root node of the only document. It returns
// nil after a mistake: what follows a syntax error has no certain meaning.
func (l *loader) parse(src []byte) ast.Node {
	src = normalise(src)
	if !l.readable(src) {
		return nil
	}
	file, err := tree(string(src))
	if err != nil {
		l.syntax(err)
		return nil
	}
	return l.only(file)
}

// tree makes a tree of a text. The parser takes quadratic time and deep
// recursion for brackets in brackets, so those are counted first.
func tree(src string) (*ast.File, error) {
	tokens := lexer.Tokenize(src)
	if tk := tooDeep(tokens); tk != nil {
		return nil, &yaml.SyntaxError{Message: "brackets nested too deeply", Token: tk}
	}
	return parser.Parse(tokens, 0, parser.AllowDuplicateMapKey())
}

// tooDeep finds the bracket that opens one level too many.
func tooDeep(tokens token.Tokens) *token.Token {
	depth := 0
	for _, tk := range tokens {
		switch tk.Type {
		case token.SequenceStartType, token.MappingStartType:
			depth++
		case token.SequenceEndType, token.MappingEndType:
			depth--
		}
		if depth > maxDepth {
			return tk
		}
	}
	return nil
}

// hints turn the parser's words into ours where ours are plainer, or where
// the parser quotes from the file, which might quote from a password.
var hints = []struct{ contains, found, allowed string }{
	{"tab", "a tab where YAML wants spaces", "spaces"},
	{"\t", "a tab where YAML wants spaces", "spaces"},
	{"reserved character", "a value that starts with a reserved character", "the value in quotes"},
	{"escape", "an unknown escape in double quotes", `\\ for a backslash, or single quotes`},
	{"UTF-", "an incomplete escape in double quotes", `\\ for a backslash, or single quotes`},
	{"directive", "a YAML directive, or a value that starts with %", "no directive; the value in quotes"},
	{"YAML version", "a YAML directive", "no directive"},
	{"tag", "a YAML tag", "the value without it"},
	{"mapping value is not allowed", "a key where none can stand", `quotes around a value that holds ": "; the keys of a mapping at one indentation`},
	{"header option", "a text behind | or > on its line", "the value in quotes"},
	{"quoted text", "a quote that is never closed", "a closing quote"},
}

// syntax notes what the parser did not understand. Its Error() would print the
// lines around the place, so only message and place are used.
func (l *loader) syntax(err error) {
	var e *yaml.SyntaxError
	if !errors.As(err, &e) {
		e = &yaml.SyntaxError{Message: "not understood"}
	}
	for _, h := range hints {
		if strings.Contains(e.Message, h.contains) {
			l.wrong(at(e.Token), h.found, h.allowed)
			return
		}
	}
	found := "YAML: " + e.Message
	if strings.Contains(found, `"`) {
		found = "no well-formed YAML" // The parser quotes from the file.
	}
	l.wrong(at(e.Token), found, "well-formed YAML")
}

// only is the root of the one document that the file may hold.
func (l *loader) only(file *ast.File) ast.Node {
	var root ast.Node
	for _, doc := range file.Docs {
		switch {
		case doc.Body == nil:
		case doc.Body.Type() == ast.DirectiveType:
			l.wrong(where(doc.Body), "a YAML directive", "no directive")
			return nil
		case root == nil:
			root = doc.Body
		default:
			l.wrong(start(doc), "a second YAML document", "one document")
			return nil
		}
	}
	if root == nil {
		l.wrong(place{1, 1}, "the file is empty", "a mapping with the key groups")
	}
	return root
}
