package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/carpd/carpd/internal/control"
	"github.com/carpd/carpd/internal/status"
)

// answered writes the answer of a verb: as JSON if that was asked for, else as a
// sentence.
func (e *env) answered(c *cli.Context, answer any, format string, args ...any) error {
	if c.String("output") != "json" {
		return e.printf(format+"\n", args...)
	}
	raw, err := json.Marshal(answer)
	if err != nil {
		return err
	}
	return writeIndented(e.stdout, raw)
}

// fullName is the name of the group that people mean: they may give the VHID alone.
func fullName(ctx context.Context, client *control.Client, word string) (string, error) {
	if word == "" {
		return "", nil
	}
	s, err := client.Status(ctx)
	if err != nil {
		return "", err
	}
	g, err := pick(s.Groups, word)
	return g.Name, err
}

// ofGroup makes a verb that takes the name of a group, or none for all of them.
func ofGroup(e *env, name, usage, description, all string) *cli.Command {
	return &cli.Command{
		Name: name, Usage: usage, Description: description, ArgsUsage: "[GROUP]",
		Flags:        []cli.Flag{outputFlag("text", "json")},
		BashComplete: e.completeGroups,
		Action: e.asks(1, func(c *cli.Context, client *control.Client) error {
			group, err := fullName(c.Context, client, c.Args().First())
			if err != nil {
				return err
			}
			done, err := control.Post[status.Done](c.Context, client, name, status.GroupRequest{Group: group})
			if err != nil {
				return err
			}
			if group == "" {
				group = all
			}
			return e.answered(c, done, "%s: %s", group, done.Done)
		}),
	}
}

func disableCommand(e *env) *cli.Command {
	return ofGroup(e, "disable", "silence a group, or all of them, until they are enabled or carpd is started again",
		"A MASTER bows out, so that a peer takes over at once. Nothing is sent or\nanswered and the addresses are gone.", "every group")
}

func enableCommand(e *env) *cli.Command {
	return ofGroup(e, "enable", "let disabled groups take part again", "", "every group")
}

func announceCommand(e *env) *cli.Command {
	return ofGroup(e, "announce", "announce the addresses of MASTER groups to the network again",
		"For switches and hosts that have learnt something else: gratuitous ARP and\nunsolicited neighbour advertisements, five times within three seconds.", "every MASTER group")
}

func handoverCommand(e *env) *cli.Command {
	return &cli.Command{
		Name: "handover", Usage: "give one group to a peer now", ArgsUsage: "GROUP",
		Description: "The group is demoted by one, so that a peer takes over, and stays there until\n" +
			"the peer gives it up, the time is over or the demotion is removed. When no\n" +
			"peer takes over, nothing changes and carpctl exits with 1.",
		Flags: []cli.Flag{forFlag(), &cli.BoolFlag{Name: "force", DisableDefaultText: true,
			Usage: "bow out at once, even if nobody takes over"}, outputFlag("text", "json")},
		BashComplete: e.completeGroups,
		Action: e.asks(1, func(c *cli.Context, client *control.Client) error {
			if c.NArg() == 0 {
				return usage("which group? see %s --help", c.Command.HelpName)
			}
			group, err := fullName(c.Context, client, c.Args().First())
			if err != nil {
				return err
			}
			done, err := control.Post[status.Done](c.Context, client, "handover",
				status.HandOverRequest{Group: group, For: c.Duration("for").Seconds(), Force: c.Bool("force")})
			if err != nil {
				return err
			}
			return e.answered(c, done, "%s: %s", group, done.Done)
		}),
	}
}

// forFlag is how long something lasts.
func forFlag() cli.Flag {
	return &cli.DurationFlag{Name: "for", Usage: "end by itself after `TIME`, such as 90s, 30m or 2h",
		Action: func(_ *cli.Context, d time.Duration) error {
			if d <= 0 {
				return usage("--for %v: more than 0", d)
			}
			return nil
		}}
}

// query is a verb with its parameters; empty ones are left out.
func query(verb string, pairs ...string) string {
	q := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			q.Set(pairs[i], pairs[i+1])
		}
	}
	return fmt.Sprintf("%s?%s", verb, q.Encode())
}
