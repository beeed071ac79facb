package main

import (
	"fmt"
	"strings"

	"github.com/carpd/carpd/internal/status"
	"github.com/carpd/carpd/internal/words"
)

// statusTable is the picture for people.
func (e *env) statusTable(s *status.Snapshot) string {
	var b strings.Builder
	fmt.Fprintf(&b, "carpd %s on %s: version %s, pid %d, up %s", s.Instance, s.Hostname, s.Version, s.PID, since(s, s.StartedAt))
	if s.Demotion != 0 {
		b.WriteString(e.paint(cell{fmt.Sprintf(", demotion %d", s.Demotion), yellow}))
	}
	b.WriteString("\n")
	for _, text := range []string{old(s), kept(s)} {
		if text != "" {
			b.WriteString(e.paint(cell{text, yellow}) + "\n")
		}
	}
	b.WriteString("\n" + e.groupTable(s))
	if len(s.Demotions) > 0 {
		b.WriteString("\n" + e.demotionTable(s.Demotions, askedAt(s)))
	}
	if len(s.Carpdevs) > 0 {
		b.WriteString("\n" + e.carpdevTable(s.Carpdevs))
	}
	if list := e.complaints(s); list != "" {
		b.WriteString("\n" + list)
	}
	return b.String()
}

// kept is what keeps the node from being MASTER on purpose.
func kept(s *status.Snapshot) string {
	var lines []string
	if m := s.Maintenance; m.Phase == status.MaintenanceEntering || m.Phase == status.MaintenanceOn || m.Refused != "" {
		lines = append(lines, maintenanceText(&m))
	}
	if s.Disabled {
		lines = append(lines, "every group is disabled, until enabled or carpd is started again")
	}
	return strings.Join(lines, "\n")
}

// groupTable has a line per group.
func (e *env) groupTable(s *status.Snapshot) string {
	if len(s.Groups) == 0 {
		return "no groups\n"
	}
	rows := [][]cell{head("GROUP", "STATE", "SINCE", "CAUSE", "MASTER", "LEASE", "ADDRESSES")}
	for _, g := range s.Groups {
		rows = append(rows, []cell{
			{text: g.Name}, stateCell(g), {text: since(s, g.Since)}, {text: orDash(g.Cause)},
			{text: masterText(g)}, leaseCell(g), {text: strings.Join(g.Addresses, " ")},
		})
	}
	return e.table(rows)
}

// stateCell is the state, and whether the node is just leaving it.
func stateCell(g status.Group) cell {
	text := g.State
	if g.Leaving {
		text += ", leaving"
	}
	if g.Disabled {
		text += ", disabled"
	}
	return cell{text, stateColour(g.State)}
}

// masterText says who is MASTER as far as this node knows.
func masterText(g status.Group) string {
	switch {
	case g.State == "MASTER":
		return "this node"
	case g.Master == nil:
		return "-"
	}
	text := fmt.Sprintf("%s advskew %d", g.Master.Address, g.Master.Advskew)
	if g.Master.Demotion != 0 {
		text += fmt.Sprintf(" demotion %d", g.Master.Demotion)
	}
	return text
}

// leaseCell says for how long the kernel goes on by itself. A MASTER without a
// lease answers nobody.
func leaseCell(g status.Group) cell {
	switch {
	case g.AnswerFor > 0:
		return cell{words.Span(words.Seconds(g.AnswerFor)), plain}
	case g.State == "MASTER":
		return cell{"none", red}
	case g.AcceptFor > 0:
		return cell{"accepts " + words.Span(words.Seconds(g.AcceptFor)), yellow}
	default:
		return cell{"-", plain}
	}
}

// carpdevTable has a line per interface: what is attached to it and why so.
func (e *env) carpdevTable(devs []status.Carpdev) string {
	rows := [][]cell{head("CARPDEV", "LINK", "XDP", "TCX INGRESS", "TCX EGRESS", "WHY THIS XDP MODE")}
	for _, d := range devs {
		link := cell{"up", green}
		if !d.Up {
			link = cell{"down", red}
		}
		rows = append(rows, []cell{
			{text: d.Name}, link, {text: orDash(d.XDP)}, {text: orDash(d.Ingress)}, {text: orDash(d.Egress)}, {text: whyXDP(d)},
		})
	}
	return e.table(rows)
}

// whyXDP is why the mode is what it is, and what becomes of it at the end.
func whyXDP(d status.Carpdev) string {
	if d.XDPStays {
		return orDash(d.XDPWhy) + "; stays, idle, when carpd is stopped"
	}
	return orDash(d.XDPWhy)
}

// complaints are the warnings of all parts, a line each.
func (e *env) complaints(s *status.Snapshot) string {
	var b strings.Builder
	line := func(of, text string) {
		if text != "" {
			b.WriteString(e.paint(cell{"warning:", yellow}) + " " + of + ": " + text + "\n")
		}
	}
	for _, w := range s.Warnings {
		line("carpd", w)
	}
	for _, g := range s.Groups {
		for _, w := range g.Warnings {
			line(g.Name, w)
		}
	}
	for _, d := range s.Carpdevs {
		line(d.Name, d.Problem)
		for _, w := range d.Warnings {
			line(d.Name, w)
		}
	}
	return b.String()
}

// orDash keeps a column from being empty.
func orDash(text string) string {
	if text == "" {
		return "-"
	}
	return text
}
