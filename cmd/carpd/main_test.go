package main

import (
	"bytes"
	"errors"
	"testing"

	"github.com/urfave/cli/v2"
)

// TestCommandLine: nothing of a command line is ignored, and what is wrong with
// it is one line.
func TestCommandLine(t *testing.T) {
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"run", "my.yaml"}, `"my.yaml" is too much: did you mean --config my.yaml?`},
		{[]string{"unload", "r1"}, `"r1" is too much: did you mean --instance r1?`},
		{[]string{"demo", "now"}, `"now" is too much; see carpd demo --help`},
		{[]string{"version", "now"}, `"now" is too much; see carpd version --help`},
		{[]string{"run", "--frob"}, "flag provided but not defined: -frob"},
		{[]string{"demo", "--rounds", "x"}, `invalid value "x" for flag -rounds: parse error`},
		{[]string{"check"}, "check needs a FILE"},
	} {
		var out bytes.Buffer
		app := newApp()
		app.Writer, app.ErrWriter = &out, &out
		err := app.Run(append([]string{"carpd"}, c.args...))
		if err == nil || err.Error() != c.want || out.Len() > 0 {
			t.Errorf("carpd %v: %v, printed %q\nwant: %s", c.args, err, &out, c.want)
		}
		var coder cli.ExitCoder
		if !errors.As(err, &coder) || coder.ExitCode() != exitUsage {
			t.Errorf("carpd %v: not a wrong command line: %v", c.args, err)
		}
	}
}
