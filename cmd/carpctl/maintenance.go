package main

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/carpd/carpd/internal/control"
	"github.com/carpd/carpd/internal/status"
)

func maintenanceCommand(e *env) *cli.Command {
	return &cli.Command{
		Name: "maintenance", Usage: "keep this node from being MASTER while you work on it",
		Description: "The node is demoted until a peer has taken over every group; nothing is lost\n" +
			"on the way. It stays in maintenance over restarts, until it is left or its\ntime is over.",
		Subcommands: []*cli.Command{maintenanceEnter(e), maintenanceLeave(e), maintenanceStatus(e)},
		Action:      noSubcommand,
	}
}

func maintenanceEnter(e *env) *cli.Command {
	return &cli.Command{
		Name: "enter", Usage: "demote this node until a peer has taken over",
		Description: "When no peer takes over in time it is withdrawn, and nothing has changed.",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "reason", Usage: "`TEXT` for people"},
			forFlag(),
			&cli.BoolFlag{Name: "wait", DisableDefaultText: true, Usage: "until a peer has taken over, or carpd gives up"},
			&cli.BoolFlag{Name: "force", DisableDefaultText: true, Usage: "stay demoted even if no peer takes over"},
			outputFlag("text", "json"),
		},
		Action: e.asks(0, func(c *cli.Context, client *control.Client) error {
			m, err := control.Post[status.Maintenance](c.Context, client, "maintenance", status.MaintenanceRequest{
				Reason: c.String("reason"), For: c.Duration("for").Seconds(), Force: c.Bool("force"),
			})
			if err == nil && c.Bool("wait") {
				m, err = e.awaitMaintenance(c.Context, client)
			}
			if err != nil {
				return err
			}
			return e.answered(c, m, "%s", maintenanceText(m))
		}),
	}
}

// awaitLook is how often a command that waits looks how far carpd is.
const awaitLook = 100 * time.Millisecond

// awaitMaintenance waits until no group is MASTER. That it is refused is an error.
func (e *env) awaitMaintenance(ctx context.Context, client *control.Client) (*status.Maintenance, error) {
	tick := time.NewTicker(awaitLook)
	defer tick.Stop()
	for {
		m, err := control.Read[status.Maintenance](ctx, client, "maintenance")
		switch {
		case err != nil:
			return nil, err
		case m.Phase == status.MaintenanceOff && m.Refused != "":
			return nil, errors.New("maintenance refused, nothing has changed: " + m.Refused)
		case m.Phase == status.MaintenanceOff:
			return nil, errors.New("maintenance was left meanwhile")
		case m.Phase == status.MaintenanceOn || m.Alone:
			return m, nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

func maintenanceLeave(e *env) *cli.Command {
	return &cli.Command{
		Name: "leave", Usage: "end maintenance; with preempt the node takes its groups back",
		Flags: []cli.Flag{outputFlag("text", "json")},
		Action: e.asks(0, func(c *cli.Context, client *control.Client) error {
			done, err := control.Delete[status.Done](c.Context, client, "maintenance")
			if err != nil {
				return err
			}
			return e.answered(c, done, "%s", done.Done)
		}),
	}
}

func maintenanceStatus(e *env) *cli.Command {
	return &cli.Command{
		Name: "status", Usage: "whether this node is in maintenance",
		Flags: []cli.Flag{outputFlag("text", "json")},
		Action: e.asks(0, func(c *cli.Context, client *control.Client) error {
			m, err := control.Read[status.Maintenance](c.Context, client, "maintenance")
			if err != nil {
				return err
			}
			return e.answered(c, m, "%s", maintenanceText(m))
		}),
	}
}

// maintenanceText is the whole of it in one line.
func maintenanceText(m *status.Maintenance) string {
	text := "not in maintenance"
	switch m.Phase {
	case status.MaintenanceEntering:
		text = "entering maintenance: no peer serves " + strings.Join(m.Waiting, ", ") + " yet"
	case status.MaintenanceOn:
		text = "in maintenance: no group is MASTER here"
	}
	if m.Alone {
		text += "; forced, and nobody has taken over"
	}
	if m.Reason != "" {
		text += "; " + m.Reason
	}
	if m.Until != nil {
		text += "; ends at " + m.Until.Local().Format("2006-01-02 15:04:05")
	}
	if m.Refused != "" {
		text += "; the last attempt was refused: " + m.Refused
	}
	return text
}
