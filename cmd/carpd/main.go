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

func main() { os.Exit(run(os.Args)) }

// run executes the command line and returns the exit code.
func run(args []string) int {
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
		OnUsageError:   func(_ *cli.Context, err error, _ bool) error { return cli.Exit(err, exitUsage) },
		ExitErrHandler: func(*cli.Context, error) {},
		CommandNotFound: func(_ *cli.Context, name string) {
			fmt.Fprintf(os.Stderr, "carpd: unknown command %q; see carpd --help\n", name)
			os.Exit(exitUsage)
		},
	}
	return exitCode(app.Run(args))
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
