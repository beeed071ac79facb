package main

import (
	"github.com/urfave/cli/v2"

	"github.com/carpd/carpd/internal/control"
	"github.com/carpd/carpd/internal/status"
)

func reloadCommand(e *env) *cli.Command {
	return &cli.Command{
		Name:  "reload",
		Usage: "make carpd read its configuration again",
		Description: "A configuration with a mistake changes nothing; its mistakes are printed.\n" +
			"Groups that did not change keep state, timers and counters.",
		Flags: []cli.Flag{&cli.BoolFlag{Name: "dry-run", DisableDefaultText: true,
			Usage: "only say what would change, and what that costs on the wire"}},
		Action: e.asks(0, func(c *cli.Context, client *control.Client) error {
			done, err := client.Reload(c.Context, status.ReloadRequest{DryRun: c.Bool("dry-run")})
			if err != nil {
				return refusal(err)
			}
			if c.Bool("dry-run") {
				return e.printf("would apply: %s\n", planWords(done.Plan))
			}
			if done.What == "" { // An older carpd does not say.
				return e.printf("reloaded\n")
			}
			return e.printf("reloaded: %s\n", done.What)
		}),
	}
}
