package main

import (
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/carpd/carpd/internal/status"
	"github.com/carpd/carpd/internal/words"
)

func explainCommand(e *env) *cli.Command {
	return &cli.Command{
		Name:         "explain",
		Usage:        "why this node is what it is, with the numbers of the step that decided",
		ArgsUsage:    "[GROUP]",
		BashComplete: e.completeGroups,
		Action: func(c *cli.Context) error {
			if err := atMost(c, 1); err != nil {
				return err
			}
			s, err := e.snapshot(c)
			if err != nil {
				return err
			}
			groups, err := picked(s, c.Args().First())
			if err != nil {
				return err
			}
			if text := old(s); text != "" {
				if err := e.printf("%s\n", e.paint(cell{text, yellow})); err != nil {
					return err
				}
			}
			for _, g := range groups {
				if err := e.printf("%s", e.explanation(s, g)); err != nil {
					return err
				}
			}
			return nil
		},
	}
}

// explanation is the sentence, and what goes with it.
func (e *env) explanation(s *status.Snapshot, g status.Group) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s\n", e.paint(cell{g.Name, bold}), orDash(g.Why))
	line := func(what, format string, args ...any) {
		fmt.Fprintf(&b, "  %-9s  %s\n", what, fmt.Sprintf(format, args...))
	}
	line("since", "%s, %s ago (%s)", g.Since.Local().Format("2006-01-02 15:04:05"), since(s, g.Since), orDash(g.Cause))
	line("settings", "%s", settings(s, g))
	line("timers", "master down after %.2f s, lease %.2f s%s", g.MasterDown, g.Lease, left(g))
	if p := g.Master; p != nil {
		line("master", "%s advbase %d advskew %d demotion %d, heard %s ago", p.Address, p.Advbase, p.Advskew, p.Demotion, since(s, p.LastSeen))
	}
	line("addresses", "%s as %s%s", strings.Join(g.Addresses, " "), g.VirtualMAC, present(g))
	for _, w := range g.Warnings {
		line("warning", "%s", w)
	}
	return b.String()
}

// present says that the addresses are there although this node may be silent.
func present(g status.Group) string {
	if g.Address == "always" {
		return ", on the carpdev in every state"
	}
	return ""
}

// left is what is left of the lease, on a node that has one.
func left(g status.Group) string {
	switch {
	case g.AnswerFor > 0:
		return fmt.Sprintf(" (%s left)", words.Span(words.Seconds(g.AnswerFor)))
	case g.State == "MASTER":
		return " (none: the kernel answers nobody)"
	default:
		return ""
	}
}

// settings are what this node brings into the election.
func settings(s *status.Snapshot, g status.Group) string {
	text := fmt.Sprintf("advbase %d advskew %d", g.Advbase, g.Advskew)
	if g.SentSkew != g.Advskew {
		text += fmt.Sprintf(" (sent as %d)", g.SentSkew)
	}
	if sum := max(g.Demotion, s.Demotion); sum != 0 {
		text += fmt.Sprintf(", demotion %d", sum)
	}
	if g.Preempt {
		return text + ", preempt"
	}
	return text + ", no preempt"
}
