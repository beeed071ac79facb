package main

import (
	"context"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/carpd/carpd/internal/control"
	"github.com/carpd/carpd/internal/status"
)

// configCommand shows the configuration as it is edited.
func configCommand(e *env) *cli.Command {
	return &cli.Command{
		Name: "config", Usage: "the configuration as it is edited: what is pending, and what waits to be confirmed",
		Subcommands: []*cli.Command{configShow(e), configDiff(e), configRebase(e)},
		Action:      noSubcommand,
	}
}

func configShow(e *env) *cli.Command {
	return &cli.Command{
		Name: "show", Usage: "settings, virtual IPs, what is pending and what is on trial", Flags: []cli.Flag{outputFlag("text", "json")},
		Action: e.asks(0, func(c *cli.Context, client *control.Client) error {
			now, err := control.Read[status.Config](c.Context, client, "config")
			if err != nil {
				return err
			}
			return e.answered(c, now, "%s", e.configWords(now))
		}),
	}
}

// configWords is the whole configuration for people.
func (e *env) configWords(now *status.Config) string {
	parts := []string{now.Path + "\n" + settingsWords(now), strings.TrimSuffix(e.vipTable(now.VIPs), "\n")}
	if now.Hash != now.Running && now.Pending == nil {
		parts = append(parts, "the file was changed and not reloaded: carpctl reload --dry-run tells what that would do")
	}
	if p := now.Pending; p != nil {
		parts = append(parts, "pending: "+planWords(p.Plan))
		if p.Stale != "" {
			parts = append(parts, p.Stale)
		}
	}
	if t := now.Confirm; t != nil {
		parts = append(parts, "on trial until "+t.Until.Local().Format(time.TimeOnly)+": carpctl confirm, or carpctl rollback")
	}
	return strings.Join(append(parts, now.Warnings...), "\n\n")
}

// settingsWords are the keys at the top of the file.
func settingsWords(now *status.Config) string {
	return "log_level: " + now.LogLevel + "\nxdp: " + now.XDP + "\ndetach_on_stop: " + now.DetachOnStop
}

func configDiff(e *env) *cli.Command {
	return &cli.Command{
		Name: "diff", Usage: "what is pending, or on trial, as a difference of files",
		Description: "Passwords are not shown, only that one is another; nor are comments.",
		Action: e.asks(0, func(c *cli.Context, client *control.Client) error {
			now, err := control.Read[status.Config](c.Context, client, "config")
			switch {
			case err != nil:
				return err
			case now.Pending != nil:
				return e.printf("%s", now.Pending.Diff)
			case now.Confirm != nil:
				return e.printf("%s", now.Confirm.Diff)
			}
			return e.printf("nothing is pending\n")
		}),
	}
}

func configRebase(e *env) *cli.Command {
	return &cli.Command{
		Name: "rebase", Usage: "make the pending edits anew in a file that was changed meanwhile",
		Flags: []cli.Flag{outputFlag("text", "json")},
		Action: e.asks(0, func(c *cli.Context, client *control.Client) error {
			now, err := control.Post[status.Config](context.WithoutCancel(c.Context), client, "rebase", nil)
			if err != nil {
				return refusal(err)
			}
			if now.Pending == nil {
				return e.answered(c, now, "the file says all of it already: nothing is pending")
			}
			return e.answered(c, now, "pending: %s", planWords(now.Pending.Plan))
		}),
	}
}

// settingsCommand shows the keys at the top of the file, or changes them.
func settingsCommand(e *env) *cli.Command {
	return &cli.Command{
		Name: "settings", Usage: "show the settings of carpd, or change them",
		Description: "They count after a restart of carpd.",
		Flags: append([]cli.Flag{
			&cli.StringFlag{Name: "log-level", Usage: "`LEVEL`: debug, info, warn or error"},
			&cli.StringFlag{Name: "xdp", Usage: "`MODE`: auto, native, generic, tcx or off"},
			&cli.StringFlag{Name: "detach-on-stop", Usage: "`WHETHER`: auto, true or false"},
		}, applyFlags()...),
		Action: e.asks(0, func(c *cli.Context, client *control.Client) error {
			edit := status.SettingsEdit{
				LogLevel: given(c, "log-level", c.String), XDP: given(c, "xdp", c.String), DetachOnStop: given(c, "detach-on-stop", c.String),
			}
			if edit != (status.SettingsEdit{}) {
				return e.change(c, client, func(now *status.Config) (string, any, error) {
					edit.Base = now.Hash
					return "settings", edit, nil
				})
			}
			now, err := control.Read[status.Config](c.Context, client, "config")
			if err != nil {
				return err
			}
			return e.answered(c, now, "%s", settingsWords(now))
		}),
	}
}
