package main

import (
	"errors"
	"fmt"
	"path/filepath"

	"github.com/urfave/cli/v2"

	"github.com/carpd/carpd/internal/control"
	"github.com/carpd/carpd/internal/dataplane"
	"github.com/carpd/carpd/internal/iface"
	"github.com/carpd/carpd/internal/ledger"
)

// unloadCommand removes what a carpd left behind that did not end properly. The
// kernel is silent by itself by then; this tidies up.
func unloadCommand() *cli.Command {
	return &cli.Command{
		Name:  "unload",
		Usage: "after a crash: remove programs, maps, addresses and filter entries of an instance",
		Flags: []cli.Flag{&cli.StringFlag{Name: "instance", Value: "default", Usage: "`NAME` of the instance"}},
		Action: func(c *cli.Context) error {
			return unload(c.String("instance"))
		},
	}
}

// unload undoes what the ledger and the pin directory say, in this order: the
// programs keep the addresses silent until they are gone.
func unload(instance string) error {
	if _, err := control.Path(instance); err != nil {
		return cli.Exit(err, exitUsage)
	}
	lock, err := lockInstance(instance)
	if err != nil {
		return err
	}
	defer func() { _ = lock.Close() }()
	book, err := ledger.Open(filepath.Join(control.RunDir, instance, "added.json"))
	if err != nil {
		return err
	}
	keeper, err := iface.NewKeeper(book)
	if err != nil {
		return err
	}
	if err := errors.Join(keeper.UndoAll(), dataplane.Unload(instance)); err != nil {
		return fmt.Errorf("instance %s: %w", instance, err)
	}
	return nil
}
