package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/urfave/cli/v2"

	"github.com/carpd/carpd/internal/carp"
	"github.com/carpd/carpd/internal/control"
	"github.com/carpd/carpd/internal/status"
)

func balanceCommand(e *env) *cli.Command {
	return &cli.Command{
		Name:  "balance",
		Usage: "who carries which share of addresses that several groups have",
		Flags: []cli.Flag{
			outputFlag("table", "json"),
			&cli.BoolFlag{Name: "watch", Aliases: []string{"w"}, DisableDefaultText: true, Usage: "show what came since the last picture, every second"},
		},
		Action: e.asks(0, func(c *cli.Context, client *control.Client) error {
			b := balance{env: e, client: client, json: c.String("output") == "json"}
			if c.Bool("watch") {
				b.before = map[string]uint64{}
				return e.watch(c.Context, !b.json, b.show)
			}
			return b.show(c.Context, e.stdout)
		}),
	}
}

// balance shows shares; with before it shows what came since the last picture.
type balance struct {
	*env
	client *control.Client
	json   bool
	before map[string]uint64
}

// Shares is what -o json prints.
type Shares struct {
	SchemaVersion int     `json:"schema_version"`
	Instance      string  `json:"instance"`
	Shares        []Share `json:"shares"`
}

// Share is one list of addresses and the groups that have it.
type Share struct {
	Balancing string      `json:"balancing"`
	Carpdev   string      `json:"carpdev"`
	Addresses []string    `json:"addresses"`
	Nodes     []ShareNode `json:"nodes"`
}

// ShareNode is one of the groups, and what came for it: frames in the kinds of
// IP, questions with ARP.
type ShareNode struct {
	Name    string  `json:"name"`
	State   string  `json:"state"`
	Here    bool    `json:"here"`  // the kernel of this node acts for it now
	Seen    uint64  `json:"seen"`  // frames or questions of its share
	Taken   uint64  `json:"taken"` // of these, those that this node took
	Percent float64 `json:"percent"`
}

// show writes one picture in the form that was asked for.
func (b *balance) show(ctx context.Context, w io.Writer) error {
	s, err := b.client.Status(ctx)
	if err != nil {
		return err
	}
	counters, err := b.client.Counters(ctx)
	if err != nil {
		return err
	}
	shares := Shares{SchemaVersion: status.SchemaVersion, Instance: s.Instance, Shares: sharesOf(s, b.since(counters))}
	if b.json {
		raw, err := json.Marshal(shares)
		if err != nil {
			return err
		}
		return writeIndented(w, raw)
	}
	_, err = io.WriteString(w, b.text(shares.Shares))
	return err
}

// since is what was counted, since the last picture if there is one.
func (b *balance) since(c *status.Counters) map[string]map[string]uint64 {
	out := map[string]map[string]uint64{}
	for _, g := range c.Groups {
		out[g.Name] = map[string]uint64{}
		for reason, n := range g.Packets {
			key := g.Name + " " + reason
			out[g.Name][reason] = n - min(n, b.before[key])
			if b.before != nil {
				b.before[key] = n
			}
		}
	}
	return out
}

// sharesOf puts groups that have the same addresses together.
func sharesOf(s *status.Snapshot, counted map[string]map[string]uint64) []Share {
	shares := []Share{}
	index := map[string]int{}
	for _, g := range s.Groups {
		if len(g.Carpnodes) == 0 {
			continue
		}
		key := fmt.Sprint(g.Carpdev, g.Balancing, g.Carpnodes)
		i, known := index[key]
		if !known {
			i = len(shares)
			index[key] = i
			shares = append(shares, Share{Balancing: g.Balancing, Carpdev: g.Carpdev, Addresses: g.Addresses})
		}
		shares[i].Nodes = append(shares[i].Nodes, nodeOf(g, counted[g.Name]))
	}
	for _, sh := range shares {
		slices.SortFunc(sh.Nodes, func(a, b ShareNode) int { return vhidIn(a.Name) - vhidIn(b.Name) })
		percentages(sh.Nodes)
	}
	return shares
}

// vhidIn is the VHID of a group's name.
func vhidIn(name string) (vhid int) {
	_, _ = fmt.Sscanf(name, "%d@", &vhid)
	return vhid
}

// nodeOf is one group of a share. In the kinds of IP questions are no share: one
// node answers them all.
func nodeOf(g status.Group, counted map[string]uint64) ShareNode {
	taken := counted[carp.ArpAnswered.String()] + counted[carp.NdAnswered.String()]
	if g.Balancing != carp.BalanceARP.String() {
		taken = counted[carp.Accepted.String()]
	}
	return ShareNode{
		Name: g.Name, State: g.State, Here: g.AnswerFor > 0,
		Seen: taken + counted[carp.OtherShare.String()], Taken: taken,
	}
}

// percentages fills in each node's part of the whole.
func percentages(nodes []ShareNode) {
	var sum uint64
	for _, n := range nodes {
		sum += n.Seen
	}
	for i := range nodes {
		if sum > 0 {
			nodes[i].Percent = 100 * float64(nodes[i].Seen) / float64(sum)
		}
	}
}

// text is the picture for people.
func (b *balance) text(shares []Share) string {
	if len(shares) == 0 {
		return "no shared addresses\n"
	}
	var parts []string
	for _, s := range shares {
		title := b.paint(cell{strings.Join(s.Addresses, " "), bold}) + " on " + s.Carpdev + ", balancing " + s.Balancing + "\n"
		parts = append(parts, title+b.nodeTable(s))
	}
	return strings.Join(parts, "\n")
}

// nodeTable has a line per node, with a bar as long as there is room for.
func (b *balance) nodeTable(s Share) string {
	what := "FRAMES"
	if s.Balancing == carp.BalanceARP.String() {
		what = "QUESTIONS"
	}
	rows := [][]cell{head("NODE", "STATE", what, "TAKEN HERE", "SHARE")}
	for _, n := range s.Nodes {
		rows = append(rows, []cell{
			{text: n.Name}, {n.State, stateColour(n.State)}, {text: fmt.Sprint(n.Seen)}, {text: fmt.Sprint(n.Taken)},
			{text: fmt.Sprintf("%5.1f %%", n.Percent)},
		})
	}
	room := b.width() - tableWidth(rows) - 2
	if room = min(room, mostBar); room >= leastBar {
		for i, n := range s.Nodes {
			rows[i+1] = append(rows[i+1], b.bar(n, room))
		}
	}
	return b.table(rows)
}

// Bars shorter than leastBar tell less than the number beside them.
const (
	leastBar = 8
	mostBar  = 40
)

// bar is a node's share of the room; one that is not carried here is hollow.
func (b *balance) bar(n ShareNode, room int) cell {
	mark, c := "-", plain
	if n.Here {
		mark, c = "#", green
	}
	return cell{strings.Repeat(mark, int(n.Percent*float64(room)/100+0.5)), c}
}

// tableWidth is how wide env.table makes rows.
func tableWidth(rows [][]cell) (sum int) {
	for i := range rows[0] {
		widest := 0
		for _, r := range rows {
			widest = max(widest, utf8.RuneCountInString(r[i].text))
		}
		sum += widest + 2
	}
	return sum - 2
}
