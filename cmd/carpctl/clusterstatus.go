package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/carpd/carpd/internal/control"
	"github.com/carpd/carpd/internal/status"
	"github.com/carpd/carpd/internal/words"
)

func clusterStatusCommand(e *env) *cli.Command {
	return &cli.Command{
		Name:   "status",
		Usage:  "show all nodes, what they run, and how the whole is doing",
		Flags:  []cli.Flag{outputFlag("table", "json")},
		Action: e.clusterStatus,
	}
}

// clusterStatus asks carpd for all nodes.
func (e *env) clusterStatus(c *cli.Context) error {
	if err := atMost(c, 0); err != nil {
		return err
	}
	client, err := e.client(c)
	if err != nil {
		return err
	}
	if c.String("output") == "json" {
		raw, err := client.Get(c.Context, "cluster")
		if err != nil {
			return err
		}
		return writeIndented(e.stdout, raw)
	}
	all, err := control.Read[status.Cluster](c.Context, client, "cluster")
	if err != nil {
		return err
	}
	return e.printf("%s", e.clusterTable(all))
}

// clusterTable is the verdict with its reasons, the nodes, and the groups.
func (e *env) clusterTable(c *status.Cluster) string {
	var b strings.Builder
	head := "this node is in no cluster"
	if c.Enabled {
		head = fmt.Sprintf("%s of %d nodes", c.Node, len(c.Nodes))
	}
	fmt.Fprintf(&b, "%s: %s\n", head, e.paint(cell{c.Verdict, clusterColour(c.Verdict)}))
	for _, r := range c.Reasons {
		b.WriteString("  " + r + "\n")
	}
	if len(c.Nodes) > 0 {
		b.WriteString("\n" + e.nodeTable(c) + "\n" + e.stateTable(c))
	}
	for _, l := range c.Lost {
		fmt.Fprintf(&b, "\nlost: version %s, to version %s; it is kept in %s until that is removed\n", versionWords(l.Version), versionWords(l.Winner), l.Path)
	}
	if text := refusedWords(c.Refused); text != "" {
		b.WriteString("\nrefused: " + text + "\n")
	}
	return b.String()
}

// nodeTable has a line per node. What carpd says of itself is of now.
func (e *env) nodeTable(c *status.Cluster) string {
	now := c.Nodes[0].LastSeen
	rows := [][]cell{head("NODE", "RANK", "ADDRESS", "SEEN", "SYNC", "VERSION", "PROBLEM")}
	for _, n := range c.Nodes {
		rows = append(rows, []cell{
			{text: n.Name}, {text: strconv.Itoa(n.Rank)}, {text: n.Address}, {text: seenWords(n, now)},
			{n.Sync, syncColour(n.Sync)}, {text: versionWords(n.Version)}, {text: orDash(n.Problem)},
		})
	}
	return e.table(rows)
}

// seenWords is when a node answered last.
func seenWords(n status.Node, now time.Time) string {
	switch {
	case n.Self:
		return "this node"
	case n.LastSeen.IsZero():
		return "never"
	}
	return words.Span(max(0, now.Sub(n.LastSeen))) + " ago"
}

// stateTable has a line per group with its state on each node.
func (e *env) stateTable(c *status.Cluster) string {
	titles := []string{"GROUP"}
	var groups []string
	states := map[string]map[string]string{}
	for _, n := range c.Nodes {
		titles = append(titles, n.Name)
		if n.Status == nil {
			continue
		}
		for _, g := range n.Status.Groups {
			if states[g.Name] == nil {
				states[g.Name] = map[string]string{}
				groups = append(groups, g.Name)
			}
			states[g.Name][n.Name] = g.State
		}
	}
	rows := [][]cell{head(titles...)}
	for _, g := range groups {
		row := []cell{{text: g}}
		for _, n := range c.Nodes {
			row = append(row, cell{orDash(states[g][n.Name]), stateColour(states[g][n.Name])})
		}
		rows = append(rows, row)
	}
	return e.table(rows)
}

// clusterColour is the colour of how the whole is doing.
func clusterColour(verdict string) colour {
	switch verdict {
	case status.ClusterOK:
		return green
	case status.ClusterSplit:
		return red
	}
	return yellow
}

// refusedWords are the counts of who was not let in.
func refusedWords(counts map[string]uint64) string {
	var list []string
	for reason, n := range counts {
		list = append(list, fmt.Sprintf("%s %d", reason, n))
	}
	slices.Sort(list)
	return strings.Join(list, ", ")
}
