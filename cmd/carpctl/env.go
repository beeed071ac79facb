package main

import (
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/urfave/cli/v2"
	"golang.org/x/term"

	"github.com/carpd/carpd/internal/control"
)

// env is everything that a command has of the world, so that tests can run it
// in their own process.
type env struct {
	stdout, stderr io.Writer
	stdin          io.Reader
	getenv         func(string) string
	dial           func(path string) *control.Client
	terminal       bool          // stdout is one
	refresh        time.Duration // of --watch
}

// usualWidth is for what is no terminal.
const usualWidth = 80

// width is how many characters a line has room for: $COLUMNS, or what the
// terminal says.
func (e *env) width() int {
	if n, err := strconv.Atoi(e.getenv("COLUMNS")); err == nil && n > 0 {
		return n
	}
	if out, ok := e.stdout.(*os.File); ok && e.terminal {
		if n, _, err := term.GetSize(int(out.Fd())); err == nil && n > 0 {
			return n
		}
	}
	return usualWidth
}

// processEnv is the real world.
func processEnv() *env {
	return &env{
		stdin:    os.Stdin,
		stdout:   os.Stdout,
		stderr:   os.Stderr,
		getenv:   os.Getenv,
		dial:     control.Dial,
		terminal: term.IsTerminal(int(os.Stdout.Fd())),
		refresh:  time.Second,
	}
}

// asks is the start of every command that asks carpd: it refuses more arguments
// than the command takes and makes a client.
func (e *env) asks(most int, do func(*cli.Context, *control.Client) error) cli.ActionFunc {
	return func(c *cli.Context) error {
		if err := atMost(c, most); err != nil {
			return err
		}
		client, err := e.client(c)
		if err != nil {
			return err
		}
		return do(c, client)
	}
}

// client is the one for the server, the socket or the instance that was asked for.
func (e *env) client(c *cli.Context) (*control.Client, error) {
	if server := e.option(c, "server"); server != "" {
		client, err := control.Connect(control.Address{
			Server: server, TokenFile: e.option(c, "token-file"), CA: e.option(c, "ca"),
			Certificate: e.option(c, "cert"), Key: e.option(c, "key"),
		})
		if err != nil {
			return nil, usage("%v", err)
		}
		return client, nil
	}
	if path := c.String("socket"); path != "" {
		return e.dial(path), nil
	}
	path, err := control.Path(c.String("instance"))
	if err != nil {
		return nil, usage("%v", err)
	}
	return e.dial(path), nil
}

// option is a global option that may be set in the environment too, unless the
// socket was asked for: --token-file is $CARPCTL_TOKEN_FILE.
func (e *env) option(c *cli.Context, name string) string {
	if c.IsSet(name) {
		return c.String(name)
	}
	if c.IsSet("socket") || c.IsSet("instance") {
		return ""
	}
	return e.getenv("CARPCTL_" + strings.ToUpper(strings.ReplaceAll(name, "-", "_")))
}
