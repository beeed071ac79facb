package main

import (
	"bytes"
	"context"
	"os"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/carpd/carpd/internal/control"
	"github.com/carpd/carpd/internal/status"
)

func docs(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../../docs/carpctl.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestDocsNameEveryCommandAndOption(t *testing.T) {
	text := docs(t)
	app := newApp(&env{})
	for _, c := range app.Commands {
		_, section, found := strings.Cut(text, "\n## carpctl "+c.Name+"\n")
		if !found {
			t.Errorf("no section of carpctl %s", c.Name)
			continue
		}
		section, _, _ = strings.Cut(section, "\n## ")
		for _, f := range allFlags(c) {
			long, short := "`--"+f.Names()[0], "`-"+f.Names()[len(f.Names())-1]
			if !strings.Contains(section, long) && !strings.Contains(section, short) {
				t.Errorf("carpctl %s: nothing of %v", c.Name, f.Names())
			}
		}
	}
	for code := range exitNotMaster + 1 {
		if !strings.Contains(text, "\n| "+strconv.Itoa(code)+" | ") {
			t.Errorf("exit code %d is not listed", code)
		}
	}
}

// allFlags are those of a command and of the ones below it.
func allFlags(c *cli.Command) []cli.Flag {
	flags := slices.Clone(c.Flags)
	for _, sub := range c.Subcommands {
		flags = append(flags, allFlags(sub)...)
	}
	return flags
}

func TestDocsNameEveryField(t *testing.T) {
	_, text, _ := strings.Cut(docs(t), "\n## JSON\n")
	for _, v := range []any{status.Snapshot{}, status.Counters{}, status.Dataplane{}, status.Events{}, status.EventLine{}, status.Cluster{}} {
		checkDocumented(t, text, reflect.TypeOf(v))
	}
}

func checkDocumented(t *testing.T, text string, typ reflect.Type) {
	t.Helper()
	switch typ.Kind() {
	case reflect.Slice, reflect.Map, reflect.Pointer:
		checkDocumented(t, text, typ.Elem())
	case reflect.Struct:
		if typ == reflect.TypeFor[time.Time]() {
			return
		}
		for f := range typ.Fields() {
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			if !f.Anonymous && !strings.Contains(text, "`"+name+"`") && !strings.Contains(text, "`"+name+"[]`") {
				t.Errorf("the field %s of %s is not documented", name, typ)
			}
			checkDocumented(t, text, f.Type)
		}
	}
}

// TestDocsShowWhatIsPrinted runs every command of the docs against the daemon
// of the tests.
func TestDocsShowWhatIsPrinted(t *testing.T) {
	l := start(t)
	l.up(t)
	blocks := strings.Split(docs(t), "```console\n")[1:]
	for _, block := range blocks {
		block, _, _ = strings.Cut(block, "```")
		code := 0
		for _, shown := range strings.Split(block, "$ ")[1:] {
			command, want, _ := strings.Cut(shown, "\n")
			got := strconv.Itoa(code) + "\n"
			if command != "echo $?" {
				got, code = l.output(command)
			}
			if got != want {
				t.Errorf("$ %s\n%s\nthe docs say\n%s", command, got, want)
			}
		}
	}
	if len(blocks) < 7 {
		t.Errorf("only %d samples", len(blocks))
	}
}

// output runs a command line of the docs.
func (l *live) output(command string) (text string, code int) {
	var b bytes.Buffer
	e := &env{stdout: &b, stderr: &b, getenv: os.Getenv, dial: control.Dial}
	args := strings.Fields(strings.TrimPrefix(command, "carpctl "))
	code = run(context.Background(), e, append(args, "--socket", l.sock))
	return b.String(), code
}
