package demo

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/urfave/cli/v2"

	"github.com/carpd/carpd/internal/lab"
)

// Command is carpd demo.
func Command() *cli.Command {
	return &cli.Command{
		Name:  "demo",
		Usage: "show a failover in network namespaces, measured beside what is promised",
		Description: "Makes two routers, a switch and a client in network namespaces, runs carpd on both\n" +
			"routers, and crashes, cuts off, stops and freezes the MASTER while the client sends one\n" +
			"request per millisecond. Needs root; touches nothing of this machine's own network.\n" +
			"Ends with 0 when everything promised was measured.",
		Flags: []cli.Flag{
			&cli.IntFlag{Name: "rounds", Value: 3, Usage: "run the scenario `N` times; medians are judged"},
			&cli.BoolFlag{Name: "keep", Usage: "leave the network and both carpd running, and say how to explore them"},
			&cli.BoolFlag{Name: "down", Usage: "remove what demos with --keep left, and do nothing else"},
		},
		Action: func(c *cli.Context) error {
			if c.Bool("down") {
				return down(c)
			}
			if c.Int("rounds") < 1 {
				return cli.Exit("--rounds: at least 1", 2)
			}
			ctx, stop := signal.NotifyContext(c.Context, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
			defer stop()
			return run(ctx, c)
		},
	}
}

// run turns flags into options.
func run(ctx context.Context, c *cli.Context) error {
	program, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find the own program: %w", err)
	}
	o := Options{Program: program, Rounds: c.Int("rounds"), Keep: c.Bool("keep"), Out: c.App.Writer}
	if f, ok := c.App.Writer.(*os.File); ok {
		o.detect(f)
	}
	return Run(ctx, o)
}

// down removes kept labs.
func down(c *cli.Context) error {
	n, err := lab.Down()
	if err == nil {
		fmt.Fprintf(c.App.Writer, "%d kept network(s) removed\n", n)
	}
	return err
}
