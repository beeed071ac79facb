package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
)

// module is cut from the names of packages.
const module = "github.com/carpd/carpd/"

// event is a line of go test -json, which cmd/test2json describes.
type event struct {
	Action     string
	Package    string
	ImportPath string // of a package that was built
	Test       string
	Output     string
}

// key names a test; an empty test stands for the package itself.
type key struct{ pkg, test string }

// result is what became of a test.
type result struct {
	outcome string // pass, fail or skip; empty while it runs
	output  strings.Builder
}

// results are those of all packages.
type results map[key]*result

// read takes a stream. Lines that are not events come from the go command
// itself and are passed over.
func (all results) read(r io.Reader) error {
	in := bufio.NewScanner(r)
	in.Buffer(nil, 16<<20)
	for in.Scan() {
		var e event
		if json.Unmarshal(in.Bytes(), &e) != nil || e.Action == "" {
			continue
		}
		all.add(e)
	}
	return in.Err()
}

// add takes one event.
func (all results) add(e event) {
	pkg := e.Package
	if pkg == "" {
		pkg, _, _ = strings.Cut(e.ImportPath, " ") // "pkg [pkg.test]"
	}
	k := key{strings.TrimPrefix(pkg, module), e.Test}
	if all[k] == nil {
		all[k] = &result{}
	}
	switch e.Action {
	case "pass", "fail", "skip":
		all[k].outcome = e.Action
	case "build-fail":
		all[k].outcome = "fail"
	case "output", "build-output":
		all[k].output.WriteString(e.Output)
	}
}

// finish makes a failure of every test that did not come to its end.
func (all results) finish() {
	for k, r := range all {
		if r.outcome == "" && k.test != "" {
			r.outcome = "fail"
			fmt.Fprintln(&r.output, "the test did not come to its end")
		}
	}
}

// top reports whether the key is a test and not a part of one.
func (k key) top() bool { return k.test != "" && !strings.Contains(k.test, "/") }

// lonely reports whether a package failed without a test that did.
func (all results) lonely(k key) bool {
	if k.test != "" || all[k].outcome != "fail" {
		return false
	}
	for other, r := range all {
		if other.pkg == k.pkg && other.test != "" && r.outcome == "fail" {
			return false
		}
	}
	return true
}

// count sums up tests; a package that failed on its own counts as one, and a
// skipped part of a test counts as a skip.
func (all results) count() (passed, failed, skipped int) {
	for k, r := range all {
		switch {
		case all.lonely(k), k.top() && r.outcome == "fail":
			failed++
		case k.top() && r.outcome == "pass":
			passed++
		case k.test != "" && r.outcome == "skip":
			skipped++
		}
	}
	return passed, failed, skipped
}

// keys are those that match, sorted.
func (all results) keys(match func(key, *result) bool) []key {
	var list []key
	for k, r := range all {
		if match(k, r) {
			list = append(list, k)
		}
	}
	slices.SortFunc(list, func(a, b key) int {
		return strings.Compare(a.pkg+"\x00"+a.test, b.pkg+"\x00"+b.test)
	})
	return list
}
