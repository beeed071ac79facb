package config

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml/ast"
)

// sentinel is the password of all seeds.
const sentinel = "S3cret-of-9"

// seeds are files of many styles, with the sentinel where a password stands.
func seeds() (out []string) {
	group := "groups:\n  - vhid: 1\n    carpdev: eth0\n    addresses: [192.0.2.1/24, \"2001:db8::1/64\"]\n    "
	out = append(out, strings.ReplaceAll(Reference, "mekmitasdigoat", sentinel), strings.ReplaceAll(good, "mekmitasdigoat", sentinel))
	for _, style := range []string{
		"password: %", "password: '%'", "password: \"%\"", "password: |-\n      %", "password: >\n      %\n      %", "password: [%]", "password: {a: %}",
		"password: {%: a}", "password: @%", "password: |%", "password: a: %", "password: *%", "password: &% x", "password: !!str %", "password: !% x", "password: \"\\%\"",
		"? password\n    : %", "password: %\n    password: %", "<<: {password: %}", "password: \"%", "pasword: %", "password:%",
	} {
		out = append(out, group+strings.ReplaceAll(style, "%", sentinel)+"\n    advskew: 255\n")
	}
	api := "api:\n  listen: ['127.0.0.1:8443']\n  key: %\n  certificate: a\n  tokens:\n    - name: nagios\n      role: read\n      hash: sha256:%\n    - {name: '% %', role: %, hash: [%], %: x}\n    - %\n  clients: [{name: a, role: admin}]\n"
	out = append(out, strings.ReplaceAll(api, "%", sentinel)+Example, strings.ReplaceAll(Reference, "\n# api:\n", "\napi:\n"))
	out = append(out, "{groups: [{vhid: 1, password: "+sentinel+", lease: 3s}], xdp: of}", "---\n...\n%YAML 1.2\n", "\ufeffgroups:\r\n- vhid: 1\r\n")
	return out
}

// innocent reports whether the sentinel stands anywhere but in the value of a
// key that is, or is taken for, a secret, so that showing it is no fault.
func innocent(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.MappingNode:
		for _, v := range n.Values {
			if innocent(v) {
				return true
			}
		}
		return false
	case *ast.MappingValueNode:
		key := n.Key.GetToken().Value
		return strings.Contains(key, sentinel) || harmless(key) && innocent(n.Value)
	case *ast.SequenceNode:
		for _, v := range n.Values {
			if innocent(v) {
				return true
			}
		}
		return false
	case *ast.AnchorNode:
		return innocent(n.Value)
	case *ast.TagNode:
		return innocent(n.Value)
	case *ast.LiteralNode, *ast.StringNode:
		return strings.Contains(n.String(), sentinel)
	}
	return false
}

// FuzzLoad: no file makes Load panic, every mistake has a place that is in the
// file, and no secret is in any text or in any line that is shown.
func FuzzLoad(f *testing.F) {
	for _, s := range seeds() {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		c, warnings, err := Load(bytes.NewReader(src), "f", Options{Mode: 0o644})
		var mistakes Errors
		errors.As(err, &mistakes)
		if (err == nil) != (c != nil) || err != nil && len(mistakes) == 0 {
			t.Fatalf("neither a configuration nor mistakes: %v", err)
		}
		lines := strings.Split(string(normalise(src)), "\n")
		said := ""
		for _, m := range mistakes {
			said += m.Error() + "\n"
			inside(t, lines, m.Line, m.Column)
		}
		for _, w := range warnings {
			said += w.String() + "\n"
			inside(t, lines, w.Line, w.Column)
		}
		file, err := tree(string(normalise(src)))
		if err == nil && slices.ContainsFunc(file.Docs, func(d *ast.DocumentNode) bool { return d.Body != nil && innocent(d.Body) }) {
			return
		}
		if strings.Contains(said, sentinel) {
			t.Fatalf("a secret is in\n%s", said)
		}
		for i, shown := range Shown(src) {
			if err == nil && strings.Contains(shown, sentinel) {
				t.Fatalf("a secret is in line %d: %s", i+1, shown)
			}
		}
	})
}

// inside checks that a place is in the file, or at most one character behind.
func inside(t *testing.T, lines []string, line, column int) {
	t.Helper()
	if line < 1 || line > len(lines) || column < 1 || column > len([]rune(lines[line-1]))+1 {
		t.Fatalf("no place %d:%d in a file of %d lines", line, column, len(lines))
	}
}
