package main

import (
	"errors"
	"fmt"

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
		Action: e.asks(0, func(c *cli.Context, client *control.Client) error {
			done, err := client.Reload(c.Context, status.ReloadRequest{})
			if err != nil {
				return reloadError(err)
			}
			if done.What == "" { // An older carpd does not say.
				return e.printf("reloaded\n")
			}
			return e.printf("reloaded: %s\n", done.What)
		}),
	}
}

// reloadError puts mistakes, a line each, below the sentence.
func reloadError(err error) error {
	var refused *control.Refused
	if errors.As(err, &refused) {
		return fmt.Errorf("carpd refused, nothing has changed:\n%s", refused.Text)
	}
	return err
}
