package main

import (
	"context"
	"flag"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/rs/zerolog"
	"go.uber.org/goleak"

	"github.com/carpd/carpd/internal/control"
)

var update = flag.Bool("update", false, "rewrite the expected texts in testdata/script")

func TestMain(m *testing.M) {
	time.Local = time.UTC
	goleak.VerifyTestMain(m)
}

// TestScripts runs testdata/script. Each script may say
//
//	daemon               a carpd runs, with the files of testdata/daemon
//	impostor FILE        something runs that answers FILE to everything
//	[!] carpctl ARG...   ours, in this process
//	exits N ARG...       ours, and its exit code
//	input FILE           what the next ones read on standard input
//
// The files of the daemon lie in the work directory; a script may bring its own.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:           "testdata/script",
		UpdateScripts: *update,
		Setup:         bringFiles,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"daemon": runDaemon, "impostor": runImpostor, "carpctl": runCarpctl, "exits": runExits, "input": setInput,
		},
	})
}

// bringFiles copies the daemon's files unless the script has them.
func bringFiles(ts *testscript.Env) error {
	files, err := filepath.Glob("testdata/daemon/*.json")
	if err != nil {
		return err
	}
	for _, f := range files {
		to := filepath.Join(ts.WorkDir, filepath.Base(f))
		if _, err := os.Lstat(to); err == nil {
			continue
		}
		text, err := os.ReadFile(f)
		if err != nil {
			return err
		}
		if err := os.WriteFile(to, text, 0o600); err != nil {
			return err
		}
	}
	ts.Setenv("SOCK", filepath.Join(ts.WorkDir, "run", "default.sock"))
	return nil
}

// runDaemon serves until the script ends.
func runDaemon(ts *testscript.TestScript, _ bool, _ []string) {
	s, err := control.Listen(ts.Getenv("SOCK"), newDaemon(ts.MkAbs(".")), zerolog.Nop())
	ts.Check(err)
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	ts.Defer(func() { stop(); ts.Check(<-ended) })
}

// runImpostor answers one text to everything.
func runImpostor(ts *testscript.TestScript, _ bool, args []string) {
	body := ts.ReadFile(args[0])
	ts.Check(os.MkdirAll(filepath.Dir(ts.Getenv("SOCK")), 0o750))
	l, err := net.Listen("unix", ts.Getenv("SOCK"))
	ts.Check(err)
	srv := &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(
		func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(body)) })}
	ended := make(chan struct{})
	go func() { defer close(ended); _ = srv.Serve(l) }()
	ts.Defer(func() { _ = srv.Close(); <-ended })
}

// inScript is the environment of a command in a script. With TERMINAL set the
// output counts as one.
func inScript(ts *testscript.TestScript) *env {
	return &env{
		stdin: strings.NewReader(ts.Getenv("STDIN")), stdout: ts.Stdout(), stderr: ts.Stderr(), getenv: ts.Getenv, terminal: ts.Getenv("TERMINAL") != "",
		dial: func(path string) *control.Client {
			if path == "/run/carpd/default.sock" {
				path = ts.Getenv("SOCK")
			}
			return control.Dial(path)
		},
	}
}

// setInput is what commands read on standard input from now on.
func setInput(ts *testscript.TestScript, _ bool, args []string) {
	ts.Setenv("STDIN", ts.ReadFile(args[0]))
}

// one keeps scripts, which run in parallel, from running the command line
// library at once: its option --help is one variable for all.
var one sync.Mutex

// execute runs ours in a script.
func execute(ts *testscript.TestScript, args []string) int {
	one.Lock()
	defer one.Unlock()
	return run(context.Background(), inScript(ts), args)
}

func runCarpctl(ts *testscript.TestScript, neg bool, args []string) {
	code := execute(ts, args)
	if neg != (code != exitOK) {
		ts.Fatalf("carpctl %q exits with %d", args, code)
	}
}

func runExits(ts *testscript.TestScript, _ bool, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	if code := execute(ts, args[1:]); code != want {
		ts.Fatalf("carpctl %q exits with %d, want %d", args[1:], code, want)
	}
}
