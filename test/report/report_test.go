package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// stream is what go test -json writes, shortened.
const stream = `{"Action":"start","Package":"github.com/carpd/carpd/internal/x"}
{"Action":"run","Package":"github.com/carpd/carpd/internal/x","Test":"TestA"}
{"Action":"pass","Package":"github.com/carpd/carpd/internal/x","Test":"TestA/part"}
{"Action":"pass","Package":"github.com/carpd/carpd/internal/x","Test":"TestA"}
{"Action":"output","Package":"github.com/carpd/carpd/internal/x","Test":"TestB","Output":"    x_test.go:9: needs root: not running as root\n"}
{"Action":"output","Package":"github.com/carpd/carpd/internal/x","Test":"TestB","Output":"--- SKIP: TestB (0.00s)\n"}
{"Action":"skip","Package":"github.com/carpd/carpd/internal/x","Test":"TestB"}
{"Action":"pass","Package":"github.com/carpd/carpd/internal/x"}
`

// broken are streams that must not pass.
var broken = map[string]string{
	"a failing test": `{"Action":"output","Package":"p","Test":"TestC","Output":"    want 1\n"}
{"Action":"fail","Package":"p","Test":"TestC"}
{"Action":"fail","Package":"p"}`,
	"a package that does not build": `{"ImportPath":"p [p.test]","Action":"build-output","Output":"p.go:1: want 1\n"}
{"ImportPath":"p [p.test]","Action":"build-fail"}
{"Action":"fail","Package":"p"}`,
	"a test that does not end": `{"Action":"output","Package":"p","Test":"TestC","Output":"    want 1\n"}
{"Action":"fail","Package":"p"}`,
}

// run reports on streams with a table.
func run(t *testing.T, table string, streams ...string) (text string, good bool) {
	t.Helper()
	old := proofTable
	proofTable = table
	defer func() { proofTable = old }()
	var files []string
	for _, s := range streams {
		f := filepath.Join(t.TempDir(), "s.json")
		if err := os.WriteFile(f, []byte(s), 0o600); err != nil {
			t.Fatal(err)
		}
		files = append(files, f)
	}
	var out strings.Builder
	good, err := report(&out, files)
	if err != nil {
		t.Fatal(err)
	}
	return out.String(), good
}

func TestReportNamesProofsAndSkips(t *testing.T) {
	text, good := run(t, "# comment\nFirst thing\n\tinternal/x TestA\n\nSecond thing\n\tinternal/x TestB Test*\n", stream)
	want := `
What is shown by which tests

  1  First thing: 1 passed, 0 failed, 0 skipped
       internal/x:TestA
  2  Second thing: 1 passed, 0 failed, 2 skipped
       internal/x:TestB  internal/x:Test*

Skipped

     internal/x TestB: x_test.go:9: needs root: not running as root

1 passed, 0 failed, 1 skipped
`
	if text != want || !good {
		t.Errorf("good %t, got:\n%s", good, text)
	}
}

func TestReportFailsWhenANamedTestDidNotRun(t *testing.T) {
	text, good := run(t, "Thing\n\tinternal/x TestA TestGone\n", stream)
	if good || !strings.Contains(text, "internal/x:TestGone (DID NOT RUN)") {
		t.Errorf("good %t, got:\n%s", good, text)
	}
}

func TestReportFailsWithTheOutput(t *testing.T) {
	for name, s := range broken {
		t.Run(name, func(t *testing.T) {
			text, good := run(t, "Thing\n\tinternal/x TestA\n", stream, s)
			if good || !strings.Contains(text, "want 1") || !strings.HasSuffix(text, "\n1 passed, 1 failed, 1 skipped\n") {
				t.Errorf("good %t, got:\n%s", good, text)
			}
		})
	}
}

func TestTheTableItselfIsReadable(t *testing.T) {
	list, err := parseProof(proofTable)
	if err != nil {
		t.Fatal(err)
	}
	if len(list) != 18 {
		t.Errorf("%d capabilities", len(list))
	}
	for _, c := range list {
		if len(c.tests) == 0 {
			t.Errorf("%s: no test proves it", c.title)
		}
	}
	for _, bad := range []string{"\tinternal/x TestA", "Thing\n\tinternal/x", "Thing\n\tx Test[\n"} {
		if _, err := parseProof(bad); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
}
