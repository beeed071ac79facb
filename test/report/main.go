package main

import (
	_ "embed"
	"errors"
	"fmt"
	"io"
	"os"
)

// proofTable is the table of capabilities.
//
//go:embed proof.txt
var proofTable string

func main() {
	good, err := report(os.Stdout, os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "report:", err)
	}
	if err != nil || !good {
		os.Exit(1)
	}
}

// report reads the files and prints; good means that nothing failed and that
// everything named has run.
func report(w io.Writer, files []string) (good bool, err error) {
	if len(files) == 0 {
		return false, errors.New("usage: report FILE.json …")
	}
	capabilities, err := parseProof(proofTable)
	if err != nil {
		return false, err
	}
	all := results{}
	for _, name := range files {
		f, err := os.Open(name)
		if err != nil {
			return false, err
		}
		err = all.read(f)
		f.Close()
		if err != nil {
			return false, fmt.Errorf("%s: %w", name, err)
		}
	}
	all.finish()
	printFailures(w, all)
	unproved := printProof(w, capabilities, all)
	printSkips(w, all)
	passed, failed, skipped := all.count()
	fmt.Fprintf(w, "\n%d passed, %d failed, %d skipped\n", passed, failed, skipped)
	return failed == 0 && unproved == 0, nil
}
