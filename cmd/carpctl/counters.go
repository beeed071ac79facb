package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/carpd/carpd/internal/carp"
	"github.com/carpd/carpd/internal/control"
	"github.com/carpd/carpd/internal/status"
)

func countersCommand(e *env) *cli.Command {
	return &cli.Command{
		Name:  "counters",
		Usage: "packets by group and reason",
		Flags: []cli.Flag{
			outputFlag("table", "json"),
			&cli.BoolFlag{Name: "all", Aliases: []string{"a"}, DisableDefaultText: true, Usage: "show those that are zero, too"},
		},
		Action: e.asks(0, func(c *cli.Context, client *control.Client) error {
			if c.String("output") == "json" {
				raw, err := client.Get(c.Context, "counters")
				if err != nil {
					return err
				}
				return writeIndented(e.stdout, raw)
			}
			counters, err := client.Counters(c.Context)
			if err != nil {
				return err
			}
			return e.printf("%s", e.counterTable(counters, c.Bool("all")))
		}),
	}
}

// counter is one line.
type counter struct {
	name string
	n    uint64
}

// counterTable has a part per group and one for what belongs to none.
func (e *env) counterTable(c *status.Counters, all bool) string {
	var b strings.Builder
	for _, g := range c.Groups {
		b.WriteString(e.paint(cell{g.Name, bold}) + "\n")
		b.WriteString(counterLines(slices.Concat(sent(g.Sent), byReason(g.Packets)), all))
	}
	if other := counterLines(byReason(c.Other), all); other != nothing || len(c.Groups) == 0 {
		b.WriteString(e.paint(cell{"of no group", bold}) + "\n" + other)
	}
	return b.String()
}

// sent are the counters of what left.
func sent(s status.Sent) []counter {
	return []counter{
		{"adverts sent", s.Adverts}, {"bow-outs sent", s.BowOuts},
		{"announcements sent", s.Announcements}, {"errors of sending", s.Errors},
	}
}

// byReason puts counters into the order of the list of reasons; those that a
// newer carpd may have come last.
func byReason(counts map[string]uint64) []counter {
	rank := map[string]int{}
	for r := range carp.NumReasons {
		rank[r.String()] = int(r) - int(carp.NumReasons)
	}
	var out []counter
	for name, n := range counts {
		out = append(out, counter{name, n})
	}
	slices.SortFunc(out, func(a, b counter) int {
		return cmp.Or(cmp.Compare(rank[a.name], rank[b.name]), strings.Compare(a.name, b.name))
	})
	return out
}

// nothing stands for a list without a line.
const nothing = "  all zero\n"

// counterLines are the lines of a part, with the meaning of some.
func counterLines(list []counter, all bool) string {
	var b strings.Builder
	for _, c := range list {
		if c.n == 0 && !all {
			continue
		}
		line := fmt.Sprintf("  %-19s %12d  %s", c.name, c.n, meanings[c.name])
		b.WriteString(strings.TrimRight(line, " ") + "\n")
	}
	if b.Len() == 0 {
		return nothing
	}
	return b.String()
}

// meanings helps with the reasons that do not speak for themselves.
var meanings = map[string]string{
	carp.NotOurs.String():     "protocol 112 for no group here: passed on",
	carp.IsVRRP.String():      "passed on",
	carp.BadTTL.String():      "not from this link",
	carp.BadDst.String():      "neither the group address nor ours",
	carp.BadChecksum.String(): "damaged on the way",
	carp.RingFull.String():    "carpd was too slow: lost",
	carp.BadDigest.String():   "another password or another list of addresses",
	carp.OwnEcho.String():     "the network sends our adverts back to us",
	carp.Duplicate.String():   "came again within half an interval: dropped",
	carp.Limited.String():     "more than any peer sends: replayed?",
	carp.ArpSilent.String():   "left to the MASTER",
	carp.NdSilent.String():    "left to the MASTER",
	carp.NotAccepted.String(): "to the virtual MAC while not MASTER: dropped",
	carp.Rewritten.String():   "left with the virtual MAC",
	carp.Held.String():        "from a group address while not MASTER: dropped",
	carp.Claimed.String():     "another host says that an address of ours is its own",
}
