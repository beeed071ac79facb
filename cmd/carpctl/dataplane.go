package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/carpd/carpd/internal/control"
	"github.com/carpd/carpd/internal/status"
	"github.com/carpd/carpd/internal/words"
)

func dataplaneCommand(e *env) *cli.Command {
	return &cli.Command{
		Name:      "dataplane",
		Usage:     "what the kernel holds: programs, deadlines, counters with rates, maps",
		ArgsUsage: "[GROUP]",
		Flags: []cli.Flag{
			outputFlag("table", "json"),
			&cli.BoolFlag{Name: "all", Aliases: []string{"a"}, DisableDefaultText: true, Usage: "show counters that are zero, too"},
			&cli.BoolFlag{Name: "watch", Aliases: []string{"w"}, DisableDefaultText: true, Usage: "show it again and again"},
		},
		BashComplete: e.completeGroups,
		Action: e.asks(1, func(c *cli.Context, client *control.Client) error {
			show := func(ctx context.Context, w io.Writer) error { return e.showDataplane(ctx, w, client, c) }
			if c.Bool("watch") {
				return e.watch(c.Context, c.String("output") != "json", show)
			}
			return show(c.Context, e.stdout)
		}),
	}
}

// showDataplane writes one picture in the form that was asked for.
func (e *env) showDataplane(ctx context.Context, w io.Writer, client *control.Client, c *cli.Context) error {
	raw, err := client.Get(ctx, "dataplane")
	if err != nil {
		return err
	}
	if c.String("output") == "json" {
		return writeIndented(w, raw)
	}
	var d status.Dataplane
	if err := json.Unmarshal(raw, &d); err != nil {
		return fmt.Errorf("read the dataplane: %w", err)
	}
	if name := c.Args().First(); name != "" {
		if d.Groups, err = kernelGroups(d.Groups, name); err != nil {
			return err
		}
	}
	_, err = io.WriteString(w, e.dataplaneText(&d, c.Bool("all")))
	return err
}

// kernelGroups are those of a name: VHID@carpdev, or a VHID on any carpdev.
func kernelGroups(all []status.KernelGroup, name string) ([]status.KernelGroup, error) {
	some := slices.DeleteFunc(all, func(g status.KernelGroup) bool {
		return g.Name != name && !strings.HasPrefix(g.Name, name+"@")
	})
	if len(some) == 0 {
		return nil, fmt.Errorf("no group %q", name)
	}
	return some, nil
}

// hearing is what an operator must know who looks for adverts in nftables.
const hearing = `The programs hear adverts before nftables does: nftables cannot filter adverts, and
an advert that was taken in is not seen by it at all.
`

// dataplaneText is the picture for people.
func (e *env) dataplaneText(d *status.Dataplane, all bool) string {
	parts := []string{
		fmt.Sprintf("carpd %s: layout %d, %s, pinned in %s\n", d.Instance, d.Layout, size(d.Memory), d.Pins),
		e.programTable(d), e.carpdevTable(d.Carpdevs), e.deadlineTable(d.Groups), e.rateTable(d, all), e.mapTable(d), hearing,
	}
	if len(d.Carpdevs) == 0 {
		parts = slices.Delete(parts, 2, 3)
	}
	return strings.Join(parts, "\n")
}

// programTable has a line per program.
func (e *env) programTable(d *status.Dataplane) string {
	rows := [][]cell{head("PROGRAM", "ID", "TAG", "LOADED", "RUNS", "NS A RUN")}
	for _, p := range d.Programs {
		runs, each := "-", "-"
		if p.Runs > 0 {
			runs, each = fmt.Sprint(p.Runs), fmt.Sprintf("%.0f", p.RunNs)
		}
		rows = append(rows, []cell{
			{text: p.Name}, {text: fmt.Sprint(p.ID)}, {text: p.Tag}, {text: words.Span(d.TakenAt.Sub(p.LoadedAt)) + " ago"},
			{text: runs}, {text: each},
		})
	}
	hint := ""
	if !d.Timed {
		hint = "(runs are counted and timed while kernel.bpf_stats_enabled is 1)\n"
	}
	return e.table(rows) + hint
}

// deadlineTable has a line per group.
func (e *env) deadlineTable(groups []status.KernelGroup) string {
	if len(groups) == 0 {
		return "no groups\n"
	}
	rows := [][]cell{head("GROUP", "SLOT", "STATE", "ANSWERS FOR", "TAKES FRAMES FOR")}
	for _, g := range groups {
		slot := "-"
		if g.Slot > 0 {
			slot = fmt.Sprint(g.Slot)
		}
		rows = append(rows, []cell{
			{text: g.Name}, {text: slot}, {g.State, stateColour(g.State)}, deadlineCell(g.Answer, g.State), deadlineCell(g.Accept, g.State),
		})
	}
	return e.table(rows)
}

// deadlineCell tells a deadline by its age. One that ran out was not renewed:
// a MASTER is in trouble then.
func deadlineCell(left *float64, state string) cell {
	switch {
	case left == nil:
		return cell{"silent", plain}
	case *left > 0:
		return cell{short(words.Seconds(*left)), green}
	case state == "MASTER":
		return cell{"silent since " + short(words.Seconds(-*left)), red}
	default:
		return cell{"silent since " + short(words.Seconds(-*left)), plain}
	}
}

// short is a duration with hundredths where they matter.
func short(d time.Duration) string {
	if d < 10*time.Second {
		return fmt.Sprintf("%.2f s", d.Seconds())
	}
	return words.Span(d)
}

// size is a number of bytes as people say it.
func size(n uint64) string {
	switch {
	case n < 1<<10:
		return fmt.Sprintf("%d bytes", n)
	case n < 1<<20:
		return fmt.Sprintf("%.1f KiB", float64(n)/(1<<10))
	default:
		return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20))
	}
}
