package main

import (
	"io"
	"os"
	"time"

	"github.com/urfave/cli/v2"
	"golang.org/x/term"

	"github.com/carpd/carpd/internal/control"
)

// env is everything that a command has of the world, so that tests can run it
// in their own process.
type env struct {
	stdout, stderr io.Writer
	getenv         func(string) string
	dial           func(path string) *control.Client
	terminal       bool          // stdout is one
	refresh        time.Duration // of --watch
}

// processEnv is the real world.
func processEnv() *env {
	return &env{
		stdout:   os.Stdout,
		stderr:   os.Stderr,
		getenv:   os.Getenv,
		dial:     control.Dial,
		terminal: term.IsTerminal(int(os.Stdout.Fd())),
		refresh:  time.Second,
	}
}

// client is the one for the instance or the socket that was asked for.
func (e *env) client(c *cli.Context) (*control.Client, error) {
	if path := c.String("socket"); path != "" {
		return e.dial(path), nil
	}
	path, err := control.Path(c.String("instance"))
	if err != nil {
		return nil, usage("%v", err)
	}
	return e.dial(path), nil
}
