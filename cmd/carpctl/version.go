package main

import (
	"errors"

	"github.com/urfave/cli/v2"

	"github.com/carpd/carpd/internal/build"
	"github.com/carpd/carpd/internal/control"
)

func versionCommand(e *env) *cli.Command {
	return &cli.Command{
		Name:  "version",
		Usage: "print the versions of carpctl and of the running carpd",
		Action: func(c *cli.Context) error {
			if err := atMost(c, 0); err != nil {
				return err
			}
			if err := e.printf("carpctl %s\n", build.String()); err != nil {
				return err
			}
			s, err := e.snapshot(c)
			if errors.Is(err, control.ErrNotRunning) {
				return e.printf("%v\n", err)
			}
			if err != nil {
				return err
			}
			return e.printf("carpd %s (instance %s, pid %d)\n", s.Version, s.Instance, s.PID)
		},
	}
}
