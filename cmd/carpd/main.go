// Command carpd is the CARP daemon: it shares virtual IP addresses with other
// routers, answered in the driver and fenced by a lease.
package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/urfave/cli/v2"

	"github.com/carpd/carpd/internal/build"
	"github.com/carpd/carpd/internal/demo"
)

// Exit codes; docs/configuration.md and the help text name them too.
const (
	exitOK     = 0
	exitError  = 1 // something went wrong while running
	exitUsage  = 2 // the command line or the configuration is wrong
	exitInUse  = 3 // another carpd of this instance runs
	exitDenied = 4 // a privilege is missing
)

// runNeeds is said when something was not permitted.
const runNeeds = "carpd run needs the capabilities net_admin, net_raw, bpf and perfmon"

func main() { os.Exit(run(os.Args)) }

// run executes the command line and returns the exit code.
func run(args []string) int {
	if len(args) == 2 && args[1] == "--version" { // Everybody tries it.
		args = []string{args[0], "version"}
	}
	return exitCode(newApp().Run(args))
}

// newApp is the command line. Errors are returned to run, which alone prints
// them and chooses the exit code.
func newApp() *cli.App {
	app := &cli.App{
		Name:            "carpd",
		Usage:           "share virtual IP addresses: CARP with its dataplane in XDP",
		Version:         build.String(),
		HideVersion:     true,
		HideHelpCommand: true,
		Description: "Exit codes: 0 ok, 1 error, 2 wrong command line or configuration,\n" +
			"3 another carpd of this instance runs, 4 a privilege is missing.",
		Commands: []*cli.Command{
			runCommand(), checkCommand(), demo.Command(), unloadCommand(), versionCommand(),
		},
		OnUsageError:   onUsageError,
		ExitErrHandler: func(*cli.Context, error) {},
		CommandNotFound: func(_ *cli.Context, name string) {
			fmt.Fprintf(os.Stderr, "carpd: unknown command %q; see carpd --help\n", name)
			os.Exit(exitUsage)
		},
	}
	for _, c := range app.Commands {
		c.OnUsageError = onUsageError
		c.HideHelpCommand = true
		if c.ArgsUsage == "" {
			c.Before = noArguments
		}
	}
	return app
}

// onUsageError is what the parser of options complains about.
func onUsageError(_ *cli.Context, err error, _ bool) error { return cli.Exit(err, exitUsage) }

// noArguments refuses what would else be ignored: a configuration or an
// instance without its option.
func noArguments(c *cli.Context) error {
	if !c.Args().Present() {
		return nil
	}
	arg := c.Args().First()
	for _, f := range c.Command.Flags {
		if name := f.Names()[0]; name == "config" || name == "instance" {
			return cli.Exit(fmt.Sprintf("%q is too much: did you mean --%s %s?", arg, name, arg), exitUsage)
		}
	}
	return cli.Exit(fmt.Sprintf("%q is too much; see %s --help", arg, c.Command.HelpName), exitUsage)
}

// exitCode prints an error and chooses its code.
func exitCode(err error) int {
	if err == nil {
		return exitOK
	}
	if text := err.Error(); text != "" {
		fmt.Fprintln(os.Stderr, "carpd:", text)
	}
	var coder cli.ExitCoder
	switch {
	case errors.As(err, &coder):
		return coder.ExitCode()
	case errors.Is(err, os.ErrPermission):
		fmt.Fprintln(os.Stderr, "carpd: a privilege is missing: be root;", runNeeds)
		return exitDenied
	default:
		return exitError
	}
}

// versionCommand prints the version.
func versionCommand() *cli.Command {
	return &cli.Command{
		Name:  "version",
		Usage: "print the version",
		Action: func(c *cli.Context) error {
			_, err := fmt.Fprintln(c.App.Writer, "carpd", build.String())
			return err
		},
	}
}
