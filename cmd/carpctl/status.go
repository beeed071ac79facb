package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/carpd/carpd/internal/control"
	"github.com/carpd/carpd/internal/status"
)

func statusCommand(e *env) *cli.Command {
	return &cli.Command{
		Name:  "status",
		Usage: "state of every group, and of the carpdevs",
		Flags: []cli.Flag{
			outputFlag("table", "json", "ifconfig"),
			&cli.BoolFlag{Name: "watch", Aliases: []string{"w"}, DisableDefaultText: true, Usage: "show it again every second"},
		},
		Action: e.asks(0, func(c *cli.Context, client *control.Client) error {
			show := func(ctx context.Context, w io.Writer) error {
				return e.showStatus(ctx, w, client, c.String("output"))
			}
			if c.Bool("watch") {
				return e.watch(c.Context, c.String("output") != "json", show)
			}
			return show(c.Context, e.stdout)
		}),
	}
}

// showStatus writes one picture in the form that was asked for.
func (e *env) showStatus(ctx context.Context, w io.Writer, client *control.Client, form string) error {
	raw, err := client.Get(ctx, "status")
	if err != nil {
		return err
	}
	if form == "json" {
		return writeIndented(w, raw)
	}
	var s status.Snapshot
	if err := json.Unmarshal(raw, &s); err != nil {
		return fmt.Errorf("read the status: %w", err)
	}
	text := e.statusTable(&s)
	if form == "ifconfig" {
		text = ifconfig(&s)
	}
	_, err = io.WriteString(w, text)
	return err
}

// writeIndented writes JSON as it came, fields that we do not know included.
func writeIndented(w io.Writer, raw json.RawMessage) error {
	var b bytes.Buffer
	if err := json.Indent(&b, raw, "", "  "); err != nil {
		return err
	}
	_, err := w.Write(append(bytes.TrimSpace(b.Bytes()), '\n'))
	return err
}

// watch shows something again and again until the user ends it. What goes wrong
// is shown in place, because a daemon may come back.
func (e *env) watch(ctx context.Context, wipe bool, show func(context.Context, io.Writer) error) error {
	tick := time.NewTicker(e.refresh)
	defer tick.Stop()
	for first := true; ; first = false {
		var b bytes.Buffer
		switch {
		case wipe && e.terminal:
			b.WriteString("\x1b[H\x1b[2J")
		case wipe && !first:
			b.WriteByte('\n')
		}
		if err := show(ctx, &b); err != nil && ctx.Err() == nil {
			fmt.Fprintln(&b, "carpctl:", err)
		}
		if ctx.Err() != nil {
			return nil
		}
		if _, err := e.stdout.Write(b.Bytes()); err != nil {
			return err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
	}
}
