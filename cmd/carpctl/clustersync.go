package main

import (
	"context"
	"encoding/json"
	"errors"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/carpd/carpd/internal/control"
	"github.com/carpd/carpd/internal/status"
)

// clusterSyncCommand brings all nodes to one configuration now.
func clusterSyncCommand(e *env) *cli.Command {
	return &cli.Command{
		Name:  "sync",
		Usage: "compare with all nodes now, and agree on the newest configuration",
		Description: "The nodes do so by themselves when something changes, and every few seconds.\n" +
			"--push makes what runs here the newest; edits of other nodes that are not in it are\n" +
			"kept there in a file. Exit code 1: not all nodes are equal.",
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "dry-run", Usage: "show what would change on each node, and change nothing"},
			&cli.BoolFlag{Name: "push", Usage: "make this node's configuration the newest, even where another one differs"},
			outputFlag("table", "json"),
		},
		Action: func(c *cli.Context) error {
			r := status.SyncRequest{DryRun: c.Bool("dry-run"), Push: c.Bool("push")}
			report, err := e.synchronise(c, r)
			if err != nil || r.DryRun {
				return err
			}
			return allEqual(report)
		},
	}
}

// clusterDiffCommand shows what the nodes differ in.
func clusterDiffCommand(e *env) *cli.Command {
	return &cli.Command{
		Name:        "diff",
		Usage:       "show what the newest configuration would change on each node",
		Description: "The same as sync --dry-run. Passwords are not shown, only that one is another.",
		Flags:       []cli.Flag{outputFlag("table", "json")},
		Action: func(c *cli.Context) error {
			_, err := e.synchronise(c, status.SyncRequest{DryRun: true})
			return err
		},
	}
}

// synchronise asks carpd and prints its report.
func (e *env) synchronise(c *cli.Context, r status.SyncRequest) (*status.SyncReport, error) {
	if err := atMost(c, 0); err != nil {
		return nil, err
	}
	client, err := e.client(c)
	if err != nil {
		return nil, err
	}
	report, err := control.Post[status.SyncReport](context.WithoutCancel(c.Context), client, "cluster/sync", r)
	if err != nil {
		return nil, err
	}
	if c.String("output") == "json" {
		raw, err := json.Marshal(report)
		return report, errors.Join(err, writeIndented(e.stdout, raw))
	}
	return report, e.printf("%s", e.syncReport(report))
}

// allEqual is an error unless every node runs the version.
func allEqual(r *status.SyncReport) error {
	for _, n := range r.Nodes {
		if n.Sync != status.SyncEqual {
			return exit(exitError)
		}
	}
	return nil
}

// syncReport is a table of the nodes and, behind it, what would change on each.
func (e *env) syncReport(r *status.SyncReport) string {
	rows := [][]cell{head("NODE", "SYNC", "VERSION", "PROBLEM")}
	var diffs strings.Builder
	for _, n := range r.Nodes {
		rows = append(rows, []cell{{n.Node, plain}, {n.Sync, syncColour(n.Sync)}, {versionWords(n.Version), plain}, {n.Problem, plain}})
		if n.Diff != "" {
			diffs.WriteString("\non " + n.Node + " it would change:\n" + n.Diff)
		}
	}
	return "version " + versionWords(r.Version) + "\n\n" + e.table(rows) + diffs.String()
}

// versionWords are a version's number and the node that made it.
func versionWords(v status.Version) string {
	if v.Number == 0 {
		return "none"
	}
	return strconv.FormatUint(v.Number, 10) + " of " + v.Node
}

// syncColour is the colour of a state of the shared configuration.
func syncColour(sync string) colour {
	switch sync {
	case status.SyncEqual:
		return green
	case status.SyncRefused, status.SyncDrift, status.SyncUnreachable:
		return red
	}
	return yellow
}
