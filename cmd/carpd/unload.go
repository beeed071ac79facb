package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/urfave/cli/v2"

	"github.com/carpd/carpd/internal/control"
	"github.com/carpd/carpd/internal/dataplane"
)

// unloadCommand removes what a carpd left behind that did not end properly. The
// kernel is silent by itself by then; this tidies up.
func unloadCommand() *cli.Command {
	return &cli.Command{
		Name:  "unload",
		Usage: "after a crash: remove programs, maps, addresses and filter entries of an instance",
		Description: "Not needed before another carpd run of the instance, which goes on with what there is.\n" +
			"It also takes off an idle XDP program that stayed when carpd was stopped (detach_on_stop).\n" +
			"An instance that runs is left alone (exit code 3). Nothing to remove is no error.",
		Flags: []cli.Flag{&cli.StringFlag{Name: "instance", Value: "default", Usage: "`NAME` of the instance"}},
		Action: func(c *cli.Context) error {
			done, err := unload(c.String("instance"))
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(c.App.Writer, "instance %s: %s\n", c.String("instance"), done)
			return err
		},
	}
}

// unload undoes what the ledger and the pin directory say, in this order: the
// programs keep the addresses silent until they are gone. It says what it did.
func unload(instance string) (done string, err error) {
	sock, err := control.Path(instance)
	if err != nil {
		return "", cli.Exit(err, exitUsage)
	}
	_, err = os.Stat(lockPath(instance))
	unknown := errors.Is(err, fs.ErrNotExist)
	lock, err := lockInstance(instance)
	if err != nil {
		return "", err
	}
	defer func() { _ = lock.Close() }()
	keeper, err := openKeeper(instance)
	if err != nil {
		return "", err
	}
	if err := errors.Join(keeper.UndoAll(), dataplane.Unload(instance), keeper.UndoOffloads(), removeSocket(sock)); err != nil {
		return "", fmt.Errorf("instance %s: %w", instance, err)
	}
	if unknown {
		return "no carpd of this name has run since the machine started", nil
	}
	return "nothing is left of it", nil
}

// removeSocket removes a socket on which nobody listens any more: the caller
// has the lock.
func removeSocket(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
