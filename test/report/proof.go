package main

import (
	"fmt"
	"path"
	"strings"
)

// capability is one thing that carpd can do, and the tests that prove it.
type capability struct {
	title string
	tests []pattern
}

// pattern names tests of one package; * in the name stands for any characters.
type pattern struct{ pkg, test string }

// matches reports whether the pattern names this test.
func (p pattern) matches(k key) bool {
	ok, _ := path.Match(p.test, k.test)
	return ok && p.pkg == k.pkg && k.top()
}

// parseProof reads the table: a title per line, and under it, indented, a
// package and its tests. Lines that begin with # are comments.
func parseProof(text string) ([]capability, error) {
	var list []capability
	n := 0
	for line := range strings.Lines(text) {
		n++
		words := strings.Fields(line)
		switch {
		case len(words) == 0 || words[0][0] == '#':
		case line[0] != ' ' && line[0] != '\t':
			list = append(list, capability{title: strings.Join(words, " ")})
		case len(list) == 0 || len(words) < 2:
			return nil, fmt.Errorf("proof.txt:%d: want a title, or under one a package and its tests", n)
		default:
			c := &list[len(list)-1]
			for _, test := range words[1:] {
				if _, err := path.Match(test, ""); err != nil {
					return nil, fmt.Errorf("proof.txt:%d: %s: %w", n, test, err)
				}
				c.tests = append(c.tests, pattern{words[0], test})
			}
		}
	}
	return list, nil
}
