package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/carpd/carpd/internal/control"
	"github.com/carpd/carpd/internal/status"
	"github.com/carpd/carpd/internal/words"
)

func demoteCommand(e *env) *cli.Command {
	return &cli.Command{
		Name: "demote", Usage: "named reasons why this node, or one group of it, is less fit to be MASTER",
		Description: "All that count for a group are added up. Peers hear the sum with the next\n" +
			"advert, which is sent at once, and one that is less demoted takes over.",
		Subcommands: []*cli.Command{demoteAdd(e), demoteRemove(e), demoteList(e)},
		Action:      noSubcommand,
	}
}

// groupFlag restricts a demotion to one group.
func groupFlag() cli.Flag {
	return &cli.StringFlag{Name: "group", Aliases: []string{"g"}, Usage: "only `GROUP` and not the whole node"}
}

func demoteAdd(e *env) *cli.Command {
	return &cli.Command{
		Name: "add", Usage: "raise a demotion, or replace the one of that name", ArgsUsage: "NAME",
		Flags: []cli.Flag{
			groupFlag(),
			&cli.IntFlag{Name: "weight", Value: 1, Usage: "`N` from 1 to 255"},
			&cli.StringFlag{Name: "reason", Usage: "`TEXT` for people"},
			forFlag(),
			&cli.BoolFlag{Name: "persistent", DisableDefaultText: true, Usage: "keep it over a restart of carpd"},
			outputFlag("text", "json"),
		},
		Action: e.asks(1, e.addDemotion),
	}
}

// addDemotion raises what the command line says.
func (e *env) addDemotion(c *cli.Context, client *control.Client) error {
	if c.NArg() == 0 {
		return usage("a demotion needs a name; see %s --help", c.Command.HelpName)
	}
	if n := c.Int("weight"); n < 1 || n > 255 {
		return usage("--weight %d: 1 to 255", n)
	}
	group, err := fullName(c.Context, client, c.String("group"))
	if err != nil {
		return err
	}
	all, err := control.Post[status.Demotions](c.Context, client, "demotions", status.DemoteRequest{
		Name: c.Args().First(), Group: group, Weight: c.Int("weight"), Reason: c.String("reason"),
		For: c.Duration("for").Seconds(), Persistent: c.Bool("persistent"),
	})
	if err != nil {
		return err
	}
	return e.answered(c, all, "demoted by %d because of %s", c.Int("weight"), ofWhat(c.Args().First(), group))
}

// ofWhat is a demotion in messages.
func ofWhat(name, group string) string {
	if group == "" {
		return name
	}
	return name + " of " + group
}

func demoteRemove(e *env) *cli.Command {
	return &cli.Command{
		Name: "remove", Usage: "end a demotion", ArgsUsage: "NAME",
		Flags: []cli.Flag{groupFlag(), outputFlag("text", "json")},
		Action: e.asks(1, func(c *cli.Context, client *control.Client) error {
			if c.NArg() == 0 {
				return usage("which demotion? see %s --help", c.Command.HelpName)
			}
			group, err := fullName(c.Context, client, c.String("group"))
			if err != nil {
				group = c.String("group") // Of a group that the configuration has no more.
			}
			done, err := control.Delete[status.Done](c.Context, client, query("demotions", "name", c.Args().First(), "group", group))
			if err != nil {
				return err
			}
			return e.answered(c, done, "%s: removed", ofWhat(c.Args().First(), group))
		}),
	}
}

func demoteList(e *env) *cli.Command {
	return &cli.Command{
		Name: "list", Usage: "every demotion, and the sum that counts for every group",
		Flags: []cli.Flag{outputFlag("table", "json")},
		Action: e.asks(0, func(c *cli.Context, client *control.Client) error {
			if c.String("output") == "json" {
				raw, err := client.Get(c.Context, "demotions")
				if err != nil {
					return err
				}
				return writeIndented(e.stdout, raw)
			}
			s, err := client.Status(c.Context) // It has the daemon's clock too.
			if err != nil {
				return err
			}
			if len(s.Demotions) == 0 {
				return e.printf("not demoted\n")
			}
			return e.printf("%s\ndemotion of every group: %d\n", e.demotionTable(s.Demotions, askedAt(s)), s.Demotion)
		}),
	}
}

// demotionTable has a line per demotion.
func (e *env) demotionTable(list []status.Demotion, now time.Time) string {
	rows := [][]cell{head("DEMOTION", "GROUP", "WEIGHT", "OWNER", "SINCE", "ENDS", "REASON")}
	for _, d := range list {
		group := d.Group
		if group == "" {
			group = "all"
		}
		rows = append(rows, []cell{
			{d.Name, yellow}, {text: group}, {text: fmt.Sprint(d.Weight)}, {text: d.Owner},
			{text: words.Span(now.Sub(d.Since))}, {text: ends(d, now)}, {text: d.Reason},
		})
	}
	return e.table(rows)
}

// ends says when a demotion ends by itself, and whether a restart ends it.
func ends(d status.Demotion, now time.Time) string {
	var parts []string
	if d.Until != nil {
		parts = append(parts, "in "+words.Span(d.Until.Sub(now)))
	}
	if !d.Persistent {
		parts = append(parts, "at a restart")
	}
	return orDash(strings.Join(parts, ", "))
}

// noSubcommand is run when a command that only has others below it gets none.
func noSubcommand(c *cli.Context) error {
	if c.Args().Present() {
		return usage("unknown command %q; see %s --help", c.Args().First(), c.Command.HelpName)
	}
	return usage("what of it? see %s --help", c.Command.HelpName)
}
