package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/carpd/carpd/internal/status"
)

func eventsCommand(e *env) *cli.Command {
	return &cli.Command{
		Name:  "events",
		Usage: "what happened last: transitions with their causes, and warnings",
		Flags: []cli.Flag{
			outputFlag("table", "json"),
			&cli.IntFlag{Name: "lines", Aliases: []string{"n"}, Value: 20, Usage: "the last `N`"},
			&cli.BoolFlag{Name: "follow", Aliases: []string{"f"}, DisableDefaultText: true, Usage: "go on with what happens now"},
		},
		Action: func(c *cli.Context) error {
			if err := atMost(c, 0); err != nil {
				return err
			}
			if c.Int("lines") < 0 {
				return usage("-n %d: 0 or more", c.Int("lines"))
			}
			return e.events(c)
		},
	}
}

// events prints the end of the history, then what happens.
func (e *env) events(c *cli.Context) error {
	client, err := e.client(c)
	if err != nil {
		return err
	}
	show := e.eventPrinter(c.String("output"))
	past, err := client.Events(c.Context, 0)
	if err != nil {
		return err
	}
	after := uint64(0)
	for i, event := range past.Events {
		after = event.ID
		if i < len(past.Events)-c.Int("lines") {
			continue
		}
		line := status.EventLine{SchemaVersion: past.SchemaVersion, Instance: past.Instance, Event: event}
		if err := show(line); err != nil {
			return err
		}
	}
	if !c.Bool("follow") {
		return nil
	}
	err = client.Follow(c.Context, after, show)
	if errors.Is(err, context.Canceled) {
		return nil // The user ended it.
	}
	return err
}

// eventPrinter is how one event is written. Each is a line of its own, so that
// a stream can be read while it grows.
func (e *env) eventPrinter(form string) func(status.EventLine) error {
	if form == "json" {
		enc := json.NewEncoder(e.stdout)
		enc.SetEscapeHTML(false)
		return func(line status.EventLine) error { return enc.Encode(line) }
	}
	return func(line status.EventLine) error { return e.printf("%s\n", e.eventText(line.Event)) }
}

// eventText has time, group, what happened and why.
func (e *env) eventText(ev status.Event) string {
	what, why := cell{fmt.Sprintf("%-16s", ev.Kind), yellow}, ev.Text
	switch {
	case ev.Kind == "maintenance": // its phases are no states of a group: the text has them in words
		why += inBrackets(ev.Cause)
	case ev.To != "":
		what = cell{fmt.Sprintf("%-16s", strings.TrimSpace(ev.From+" -> "+ev.To)), stateColour(ev.To)}
		why = ev.Cause
	}
	if why == "" {
		why = ev.Cause
	}
	when := ev.At.Local().Format("2006-01-02 15:04:05.000")
	return fmt.Sprintf("%s  %-10s  %s  %s", when, orDash(ev.Group), e.paint(what), orDash(why))
}

// inBrackets is a cause behind a sentence.
func inBrackets(cause string) string {
	if cause == "" {
		return ""
	}
	return " (" + cause + ")"
}
