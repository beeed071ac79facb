package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/carpd/carpd/internal/config"
	"github.com/carpd/carpd/internal/configfile"
)

// exitMistakes is check's code for a file that carpd would not run with.
const exitMistakes = 1

// checkCommand checks a configuration file without running it.
func checkCommand() *cli.Command {
	return &cli.Command{
		Name:      "check",
		Usage:     "check a configuration file",
		ArgsUsage: "FILE",
		Description: "Prints every mistake of the file with its line and column, and what is allowed there.\n" +
			"It needs no root and does not look at the machine, unless --live is given.\n" +
			"Exit codes: 0 no mistakes, 1 mistakes or a file that cannot be read, 2 wrong command line.",
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "live", Usage: "also look at this machine: are the interfaces there, does auto find one, and are addresses there already?"},
			&cli.StringFlag{Name: "output", Aliases: []string{"o"}, Value: "text", Usage: "`FORMAT`: text or json"},
		},
		OnUsageError: onUsageError,
		Action: func(c *cli.Context) error {
			o, err := checkOptionsOf(c)
			if err != nil {
				return cli.Exit(err, exitUsage)
			}
			return o.run(c.Context, c.App.Writer, c.App.ErrWriter)
		},
	}
}

// checkOptions is the command line of check.
type checkOptions struct {
	file   string
	live   bool
	output string
}

// checkOptionsOf reads the command line. Options may also follow the file, as
// people write them.
func checkOptionsOf(c *cli.Context) (o checkOptions, err error) {
	more := flag.NewFlagSet("check", flag.ContinueOnError)
	more.SetOutput(io.Discard)
	more.BoolVar(&o.live, "live", c.Bool("live"), "")
	more.StringVar(&o.output, "output", c.String("output"), "")
	more.StringVar(&o.output, "o", c.String("output"), "")
	o.file = c.Args().First()
	switch err = more.Parse(c.Args().Tail()); {
	case o.file == "":
		err = errors.New("check needs a FILE")
	case err != nil:
	case more.NArg() > 0:
		err = fmt.Errorf("check takes one FILE, not also %s", strings.Join(more.Args(), " "))
	case o.output != "text" && o.output != "json":
		err = fmt.Errorf("-o %s: the formats are text and json", o.output)
	}
	return o, err
}

// run checks the file and reports in the chosen format.
func (o checkOptions) run(ctx context.Context, stdout, stderr io.Writer) error {
	f, err := o.check(ctx)
	if err != nil {
		return cli.Exit(err, exitMistakes)
	}
	if o.output == "json" {
		if err := f.json(stdout); err != nil {
			return err
		}
	} else {
		f.source, _ = os.ReadFile(o.file) // Only for excerpts; none without it.
		f.text(stdout, stderr)
	}
	if !f.ok() {
		return cli.Exit("", exitMistakes)
	}
	return nil
}

// check finds out what there is to say about the file. The error is about
// what could not be looked at.
func (o checkOptions) check(ctx context.Context) (findings, error) {
	f := findings{file: o.file}
	cfg, warnings, err := configfile.Load(o.file, true)
	f.warnings = warnings
	if errors.As(err, &f.mistakes) {
		return f, nil
	}
	if err != nil {
		return f, err
	}
	f.groups = len(cfg.Groups)
	if o.live {
		f.live, f.standing, err = lookAtMachine(ctx, cfg)
	}
	return f, err
}

// findings are all that a check has found.
type findings struct {
	file     string
	source   []byte
	groups   int
	mistakes config.Errors
	warnings []config.Warning
	live     []liveProblem
	standing standing
}

// ok reports whether carpd would run with the file.
func (f findings) ok() bool { return len(f.mistakes)+len(f.live) == 0 }
