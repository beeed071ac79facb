package web

import (
	"context"
	"fmt"

	"github.com/carpd/carpd/internal/status"
	"github.com/carpd/carpd/internal/words"
)

// syncOutcome is what was done with each node, or would be.
type syncOutcome struct {
	*status.SyncReport
	Dry  bool
	Rows []resultRow
}

// resultRow is one node of it.
type resultRow struct {
	status.SyncResult
	Word, Mood string
}

// syncNow compares with all nodes, and agrees with them unless it is only asked
// what would change. The answer shows each node.
func syncNow(ctx context.Context, a *ask) (string, error) {
	how := a.form.Get("form")
	r := status.SyncRequest{DryRun: how == "dry" || how == "push-dry", Push: how == "push" || how == "push-dry"}
	if how == "push" && a.form.Get("sure") == "" {
		return "", badField("sure", "Tick that you are sure. Nothing was changed.")
	}
	report, err := a.src.Sync(ctx, r)
	if err != nil {
		return "", err
	}
	o := &syncOutcome{SyncReport: report, Dry: r.DryRun}
	for _, n := range report.Nodes {
		w := syncWordOf(n.Sync)
		o.Rows = append(o.Rows, resultRow{n, w.word, w.mood})
	}
	a.result = o
	return o.told(), nil
}

// told counts the nodes that agree. A node counts as agreed only by its own word.
func (o *syncOutcome) told() string {
	if o.Dry {
		return "Compared. Nothing was changed."
	}
	agreed := 0
	for _, n := range o.Nodes {
		if n.Sync == status.SyncEqual {
			agreed++
		}
	}
	return fmt.Sprintf("%d of %d %s run version %d.", agreed, len(o.Nodes), words.Plural(len(o.Nodes), "node"), o.Version.Number)
}
