package main

import (
	"fmt"
	"io"
	"strings"
)

// width is how long lines with names of tests get.
const width = 100

// printFailures prints the output of everything that failed.
func printFailures(w io.Writer, all results) {
	failed := all.keys(func(k key, r *result) bool {
		return r.outcome == "fail" && (k.test != "" || all.lonely(k))
	})
	for _, k := range failed {
		fmt.Fprintf(w, "\nFAILED %s %s\n", k.pkg, k.test)
		for line := range strings.Lines(all[k].output.String()) {
			fmt.Fprint(w, "    "+line)
		}
	}
}

// printProof prints each capability with its tests and returns how many of the
// named tests did not run.
func printProof(w io.Writer, list []capability, all results) (unproved int) {
	fmt.Fprint(w, "\nWhat is shown by which tests\n\n")
	for i, c := range list {
		tally := map[string]int{}
		var names []string
		for _, p := range c.tests {
			ran := all.keys(func(k key, r *result) bool { return p.matches(k) && r.outcome != "" })
			for _, k := range ran {
				tally[all[k].outcome]++
			}
			name := p.pkg + ":" + p.test
			if len(ran) == 0 {
				unproved++
				name += " (DID NOT RUN)"
			}
			names = append(names, name)
		}
		fmt.Fprintf(w, "%3d  %s: %d passed, %d failed, %d skipped\n", i+1, c.title, tally["pass"], tally["fail"], tally["skip"])
		wrap(w, names)
	}
	return unproved
}

// wrap prints names separated by blanks in indented lines.
func wrap(w io.Writer, names []string) {
	const indent = "       "
	line := indent
	for _, n := range names {
		if len(line) > len(indent) && len(line)+len(n) > width {
			fmt.Fprintln(w, strings.TrimRight(line, " "))
			line = indent
		}
		line += n + "  "
	}
	fmt.Fprintln(w, strings.TrimRight(line, " "))
}

// printSkips prints what was skipped and why.
func printSkips(w io.Writer, all results) {
	skipped := all.keys(func(k key, r *result) bool { return r.outcome == "skip" && k.test != "" })
	for i, k := range skipped {
		if i == 0 {
			fmt.Fprint(w, "\nSkipped\n\n")
		}
		fmt.Fprintf(w, "     %s %s: %s\n", k.pkg, k.test, reasonOf(all[k].output.String()))
	}
}

// reasonOf finds what the test said when it skipped: the last line that is not
// from the framework.
func reasonOf(output string) string {
	reason := "no reason given"
	for line := range strings.Lines(output) {
		line = strings.TrimSpace(line)
		if line != "" && !strings.HasPrefix(line, "---") && !strings.HasPrefix(line, "===") {
			reason = line
		}
	}
	return reason
}
