package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
)

const description = `Nouns read, verbs change. GROUP is VHID@carpdev, such as 1@eth0, or the VHID
alone where it is on one carpdev only.

Exit codes: 0 ok, 1 error, 2 wrong command line, 3 not MASTER (is-master).`

// commands are all there are, in the order of the help text.
func commands(e *env) []*cli.Command {
	return []*cli.Command{
		statusCommand(e), countersCommand(e), dataplaneCommand(e), balanceCommand(e), eventsCommand(e), isMasterCommand(e), explainCommand(e),
		decodeCommand(e),
		demoteCommand(e), maintenanceCommand(e), handoverCommand(e), disableCommand(e), enableCommand(e), announceCommand(e),
		vipCommand(e), settingsCommand(e), configCommand(e), applyCommand(e), discardCommand(e), confirmCommand(e), rollbackCommand(e),
		reloadCommand(e),
		clusterCommand(e),
		webCommand(e), tokenCommand(e),
		versionCommand(e), completionCommand(e),
	}
}

// newApp is the command line. Errors are returned to run, which alone prints
// them and chooses the exit code.
func newApp(e *env) *cli.App {
	app := &cli.App{
		Name:                 "carpctl",
		HelpName:             "carpctl",
		Usage:                "show and steer a running carpd",
		UsageText:            "carpctl [--instance NAME] COMMAND [options] [arguments]",
		Description:          description,
		Flags:                globalFlags(),
		Commands:             commands(e),
		Writer:               e.stdout,
		ErrWriter:            e.stderr,
		HideVersion:          true,
		EnableBashCompletion: true,
		OnUsageError:         onUsageError,
		ExitErrHandler:       func(*cli.Context, error) {},
		Action:               noCommand,
	}
	dress(app.Commands)
	return app
}

// dress makes all commands, those below others too, speak as the rest does.
func dress(commands []*cli.Command) {
	for _, c := range commands {
		c.HideHelpCommand = true
		c.OnUsageError = onUsageError
		dress(c.Subcommands)
	}
}

func globalFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "instance", Usage: "the carpd of this `NAME`", Value: "default"},
		&cli.StringFlag{Name: "socket", Usage: "the carpd that listens on `PATH` (instead of --instance)"},
		&cli.StringFlag{Name: "server", Usage: "the carpd at `URL`, such as https://192.0.2.11:8443"},
		&cli.StringFlag{Name: "token-file", Usage: "`FILE` with a token for --server"},
		&cli.StringFlag{Name: "ca", Usage: "`FILE` with the CA of --server, if the system does not know it"},
		&cli.StringFlag{Name: "cert", Usage: "`FILE` with a certificate for --server"},
		&cli.StringFlag{Name: "key", Usage: "`FILE` with the key of --cert"},
	}
}

// onUsageError is what the parser of options complains about.
func onUsageError(c *cli.Context, err error, _ bool) error {
	if strings.HasPrefix(err.Error(), "invalid boolean value") && strings.Contains(err.Error(), "for -password:") {
		return usage("--password takes no value: %s", noPasswordHere)
	}
	if value, name, ok := badTime(err.Error()); ok {
		return usage("--%s %s: a time such as 90s, 30m or 2h; see %s --help", name, value, c.Command.HelpName)
	}
	return usage("%v; see %s --help", err, c.Command.HelpName)
}

// timeOptions are the options that take a time.
var timeOptions = []string{"for", "confirm"}

// badTime is a value that is no time, and its option: the words of the library do not say what is allowed.
func badTime(text string) (value, name string, bad bool) {
	rest, ok := strings.CutPrefix(text, `invalid value "`)
	value, rest, found := strings.Cut(rest, `" for flag -`)
	name, _, _ = strings.Cut(rest, ":")
	return value, name, ok && found && slices.Contains(timeOptions, name)
}

// noCommand is run when no command fits.
func noCommand(c *cli.Context) error {
	if c.Args().Present() {
		return usage("unknown command %q; see carpctl --help", c.Args().First())
	}
	c.App.Writer = c.App.ErrWriter
	if err := cli.ShowAppHelp(c); err != nil {
		return err
	}
	return cli.Exit("", exitUsage)
}

// atMost refuses more arguments than a command takes.
func atMost(c *cli.Context, n int) error {
	if c.NArg() > n {
		return usage("%q is too much; see %s --help", c.Args().Get(n), c.Command.HelpName)
	}
	return nil
}

// outputFlag chooses the form; the first is the default.
func outputFlag(forms ...string) cli.Flag {
	return &cli.StringFlag{
		Name: "output", Aliases: []string{"o"}, Value: forms[0],
		Usage: "`FORM`: " + strings.Join(forms, ", "),
		Action: func(_ *cli.Context, form string) error {
			for _, f := range forms {
				if f == form {
					return nil
				}
			}
			return usage("-o %s: one of %s", form, strings.Join(forms, ", "))
		},
	}
}

// exit says nothing and ends with a code.
func exit(code int) error { return cli.Exit("", code) }

// printf writes to people; an error of the terminal is returned like others.
func (e *env) printf(format string, args ...any) error {
	_, err := fmt.Fprintf(e.stdout, format, args...)
	return err
}
