// Command carpctl shows and steers a running carpd over its local socket. Nouns
// read, verbs change. It never touches kernel state itself.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/urfave/cli/v2"
)

// Exit codes; the help text and docs/carpctl.md name them too.
const (
	exitOK        = 0
	exitError     = 1
	exitUsage     = 2 // the command line is wrong
	exitNotMaster = 3 // is-master: no
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, processEnv(), os.Args[1:])
	stop()
	os.Exit(code)
}

// run executes a command line and returns its exit code.
func run(ctx context.Context, e *env, args []string) int {
	app := newApp(e)
	if asks(args) {
		offer(app, args)
	} else {
		args = flagsFirst(app, args)
	}
	err := app.RunContext(ctx, append([]string{app.Name}, args...))
	if err == nil {
		return exitOK
	}
	if text := err.Error(); text != "" {
		fmt.Fprintln(e.stderr, "carpctl:", text)
	}
	var coder cli.ExitCoder
	if errors.As(err, &coder) {
		return coder.ExitCode()
	}
	return exitError
}

// usage is the error for a command line that is wrong.
func usage(format string, args ...any) error {
	return cli.Exit(fmt.Sprintf(format, args...), exitUsage)
}
