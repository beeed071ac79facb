package main

import (
	"slices"
	"strings"
	"testing"

	"github.com/urfave/cli/v2"
)

func TestFlagsFirst(t *testing.T) {
	app := newApp(&env{})
	for in, want := range map[string]string{
		"":                                  "",
		"--help":                            "--help",
		"status":                            "status --",
		"is-master 1@eth0 -v":               "is-master -v -- 1@eth0",
		"is-master -v 1@eth0":               "is-master -v -- 1@eth0",
		"events -n -1":                      "events -n -1 --",
		"events -o json -f":                 "events -o json -f --",
		"events --output=json x":            "events --output=json -- x",
		"status --instance b -w":            "--instance b status -w --",
		"status --instance=b":               "--instance=b status --",
		"--instance b status":               "--instance b status --",
		"status --unknown 1":                "status --unknown -- 1",
		"is-master -- -v":                   "is-master -- -v",
		"-- status":                         "status",
		"nonsense -v 1":                     "nonsense -v 1",
		"help status":                       "help status",
		"status -o":                         "status -o --",
		"explain -":                         "explain -- -",
		"--socket /a --unknown status -o x": "--socket /a --unknown status -o x --",
	} {
		if got := flagsFirst(app, strings.Fields(in)); !slices.Equal(got, strings.Fields(want)) {
			t.Errorf("%q becomes %q, want %q", in, strings.Join(got, " "), want)
		}
	}
}

// TestFlagsFirstBelowCommands: options of a command below another one.
func TestFlagsFirstBelowCommands(t *testing.T) {
	app := newApp(&env{})
	app.Commands = append(app.Commands, &cli.Command{Name: "upper", Subcommands: []*cli.Command{
		{Name: "lower", Flags: []cli.Flag{&cli.StringFlag{Name: "reason"}}},
	}})
	for in, want := range map[string]string{
		"upper":                            "upper --",
		"upper lower":                      "upper lower --",
		"upper lower a --reason b":         "upper lower --reason b -- a",
		"upper lower --reason lower lower": "upper lower --reason lower -- lower",
		"upper lower a --instance x":       "--instance x upper lower -- a",
		"upper other lower":                "upper -- other lower",
	} {
		if got := flagsFirst(app, strings.Fields(in)); !slices.Equal(got, strings.Fields(want)) {
			t.Errorf("%q becomes %q, want %q", in, strings.Join(got, " "), want)
		}
	}
}
