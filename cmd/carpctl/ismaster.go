package main

import (
	"fmt"

	"github.com/urfave/cli/v2"

	"github.com/carpd/carpd/internal/status"
)

func isMasterCommand(e *env) *cli.Command {
	return &cli.Command{
		Name:      "is-master",
		Usage:     "exit 0 when this node is MASTER of GROUP, or of every group; 3 when not",
		ArgsUsage: "[GROUP]",
		Description: "Prints nothing unless asked to. MASTER means that the kernel answers for the\n" +
			"group now: a MASTER whose lease has run out does not count.",
		Flags:        []cli.Flag{&cli.BoolFlag{Name: "verbose", Aliases: []string{"v"}, DisableDefaultText: true, Usage: "print the states"}},
		BashComplete: e.completeGroups,
		Action: func(c *cli.Context) error {
			if err := atMost(c, 1); err != nil {
				return err
			}
			s, err := e.snapshot(c)
			if err != nil {
				return err
			}
			groups, err := picked(s, c.Args().First())
			if err != nil {
				return err
			}
			if c.Bool("verbose") {
				if err := e.printf("%s", states(groups)); err != nil {
					return err
				}
			}
			if !allMaster(groups) {
				return exit(exitNotMaster)
			}
			return nil
		},
	}
}

// allMaster is the question. Of no groups nobody is MASTER.
func allMaster(groups []status.Group) bool {
	for _, g := range groups {
		if g.State != "MASTER" || g.AnswerFor <= 0 {
			return false
		}
	}
	return len(groups) > 0
}

// states has a line per group.
func states(groups []status.Group) string {
	if len(groups) == 0 {
		return "no groups\n"
	}
	text := ""
	for _, g := range groups {
		state := g.State
		if state == "MASTER" && g.AnswerFor <= 0 {
			state += ", but the lease has run out"
		}
		text += fmt.Sprintf("%s %s\n", g.Name, state)
	}
	return text
}
