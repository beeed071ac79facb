package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/carpd/carpd/internal/control"
	"github.com/carpd/carpd/internal/status"
)

// confirmFlag makes a change one on trial.
func confirmFlag() cli.Flag {
	return &cli.DurationFlag{Name: "confirm", Usage: "take it back after `TIME`, such as 60s, unless carpctl confirm is said before",
		Action: func(_ *cli.Context, d time.Duration) error {
			if d <= 0 || d > 24*time.Hour {
				return usage("--confirm %v: more than 0 and at most a day", d)
			}
			return nil
		}}
}

// applyFlags say what becomes of an edit.
func applyFlags() []cli.Flag {
	return []cli.Flag{
		confirmFlag(),
		&cli.BoolFlag{Name: "pending", DisableDefaultText: true, Usage: "do not apply it yet: carpctl apply does"},
		outputFlag("text", "json"),
	}
}

// change makes an edit in what is there and applies it, unless it is to be
// pending. An edit that cannot be applied is taken back, and edits of somebody
// else that are pending are not applied with it.
func (e *env) change(c *cli.Context, client *control.Client, edit func(now *status.Config) (verb string, body any, err error)) error {
	ctx := context.WithoutCancel(c.Context) // Not halfway.
	if c.Bool("pending") && c.IsSet("confirm") {
		return usage("--confirm goes with applying: say carpctl apply --confirm when all edits are made")
	}
	now, err := control.Read[status.Config](ctx, client, "config")
	if err != nil {
		return err
	}
	if now.Pending != nil && !c.Bool("pending") {
		return errors.New("other edits are pending: look at them with carpctl config diff, then carpctl apply or discard, or add --pending to this one")
	}
	verb, body, err := edit(now)
	if err != nil {
		return err
	}
	next, err := control.Post[status.Config](ctx, client, verb, body)
	switch {
	case err != nil:
		return refusal(err)
	case next.Pending == nil:
		return e.answered(c, next, "nothing to change")
	case c.Bool("pending"):
		return e.answered(c, next, "pending: %s\napply it with: carpctl apply", planWords(next.Pending.Plan))
	}
	done, err := control.Post[status.Applied](ctx, client, "apply", status.ApplyRequest{Base: next.Pending.Hash, Confirm: c.Duration("confirm").Seconds()})
	if err != nil {
		_, discardErr := control.Post[status.Applied](ctx, client, "discard", nil)
		return errors.Join(refusal(err), discardErr)
	}
	return e.applied(c, done)
}

// applied says what was done, what it costs, and until when it is to be confirmed.
func (e *env) applied(c *cli.Context, a *status.Applied) error {
	for _, w := range a.Warnings {
		fmt.Fprintln(e.stderr, w)
	}
	text := a.Done + ": " + a.What
	if len(a.Plan.Steps) > 0 {
		text = a.Done + ": " + planWords(a.Plan)
		if a.What != a.Plan.Summary {
			text = a.Done + ": " + a.What + "\n" + steps(a.Plan)
		}
	}
	if a.Confirm != nil {
		text += fmt.Sprintf("\nto be confirmed until %s: carpctl confirm; else it is taken back", a.Confirm.Until.Local().Format(time.TimeOnly))
	}
	return e.answered(c, a, "%s", text)
}

// planWords are a plan's summary and its steps, a line each.
func planWords(p status.Plan) string {
	return strings.TrimSuffix(p.Summary+"\n"+steps(p), "\n")
}

// steps are the sentences of a plan, a line each.
func steps(p status.Plan) string {
	var lines []string
	for _, s := range p.Steps {
		lines = append(lines, "  "+s)
	}
	return strings.Join(lines, "\n")
}

// refusal puts mistakes, a line each, below the sentence, and the difference that
// an edit did not know of.
func refusal(err error) error {
	var refused *control.Refused
	if !errors.As(err, &refused) {
		return err
	}
	text := strings.TrimSuffix(refused.Text+"\n"+refused.Diff, "\n")
	return fmt.Errorf("carpd refused, nothing has changed:\n%s", text)
}

// bareVerb is a command that only sends its verb.
func bareVerb(e *env, name, usage, description string) *cli.Command {
	return &cli.Command{
		Name: name, Usage: usage, Description: description, Flags: []cli.Flag{outputFlag("text", "json")},
		Action: e.asks(0, func(c *cli.Context, client *control.Client) error {
			done, err := control.Post[status.Applied](context.WithoutCancel(c.Context), client, name, nil)
			if err != nil {
				return refusal(err)
			}
			return e.applied(c, done)
		}),
	}
}

func discardCommand(e *env) *cli.Command {
	return bareVerb(e, "discard", "forget the edits that are pending", "")
}

func confirmCommand(e *env) *cli.Command {
	return bareVerb(e, "confirm", "keep the change that was applied with --confirm", "")
}

func rollbackCommand(e *env) *cli.Command {
	return bareVerb(e, "rollback", "take back the change that was applied with --confirm", "")
}

func applyCommand(e *env) *cli.Command {
	return &cli.Command{
		Name: "apply", Usage: "make the pending edits the running configuration",
		Description: "With --confirm it is on trial: unless carpctl confirm is said in time, the file and\n" +
			"the running configuration become what they were, also when carpd is killed meanwhile.",
		Flags: []cli.Flag{confirmFlag(), outputFlag("text", "json")},
		Action: e.asks(0, func(c *cli.Context, client *control.Client) error {
			r := status.ApplyRequest{Confirm: c.Duration("confirm").Seconds()}
			done, err := control.Post[status.Applied](context.WithoutCancel(c.Context), client, "apply", r)
			if err != nil {
				return refusal(err)
			}
			return e.applied(c, done)
		}),
	}
}
