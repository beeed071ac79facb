package browser

import (
	_ "embed" // axe-core
	"encoding/json"
	"fmt"
	"strings"

	"github.com/chromedp/chromedp"
)

//go:embed testdata/axe/axe.min.js
var axe string

// Finding is a rule of axe-core that a page breaks.
type Finding struct {
	ID     string
	Impact string // minor, moderate, serious or critical
	Help   string
	Nodes  []struct {
		HTML           string
		FailureSummary string
	}
}

// Serious reports whether it keeps somebody from using the page.
func (f Finding) Serious() bool { return f.Impact == "serious" || f.Impact == "critical" }

// String is the rule and where it is broken.
func (f Finding) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s (%s): %s", f.ID, f.Impact, f.Help)
	for _, n := range f.Nodes {
		fmt.Fprintf(&b, "\n    %s\n    %s", n.HTML, strings.ReplaceAll(n.FailureSummary, "\n", "\n    "))
	}
	return b.String()
}

// Axe lets axe-core judge the page as it is now.
func (t *Tab) Axe() ([]Finding, error) {
	// The policy of the page does not hold for what the debugger runs.
	if _, err := ask(t, "load axe-core", chromedp.Evaluate[int](axe+"\n;0")); err != nil {
		return nil, err
	}
	text, err := ask(t, "run axe-core", chromedp.Evaluate[string](
		`axe.run(document, {resultTypes: ["violations"]}).then(r => JSON.stringify(r.violations))`, chromedp.EvalAwaitPromise))
	if err != nil {
		return nil, err
	}
	var list []Finding
	return list, json.Unmarshal([]byte(text), &list)
}
