package main

import (
	"fmt"
	"strings"

	"github.com/carpd/carpd/internal/status"
)

// rateTable has the counters of every group with their rates.
func (e *env) rateTable(d *status.Dataplane, all bool) string {
	var b strings.Builder
	for _, g := range d.Groups {
		b.WriteString(e.paint(cell{g.Name, bold}) + "\n" + rateLines(g.Counts, all))
	}
	if other := rateLines(d.Other, all); other != nothing || len(d.Groups) == 0 {
		b.WriteString(e.paint(cell{"of no group", bold}) + "\n" + other)
	}
	return b.String()
}

// rateLines are the counters of one part.
func rateLines(rates map[string]status.Rate, all bool) string {
	counts := map[string]uint64{}
	for name, r := range rates {
		counts[name] = r.Packets
	}
	var b strings.Builder
	for _, c := range byReason(counts) {
		if c.n > 0 || all {
			fmt.Fprintf(&b, "  %-19s %12d  %8.1f/s\n", c.name, c.n, rates[c.name].PerSecond)
		}
	}
	if b.Len() == 0 {
		return nothing
	}
	return b.String()
}

// mapTable has a line per map. An array has all of its entries from the start,
// and of a ring buffer it counts what carpd has not read.
func (e *env) mapTable(d *status.Dataplane) string {
	rows := [][]cell{head("MAP", "TYPE", "ENTRIES", "OF", "FULL", "MEMORY")}
	for _, m := range d.Maps {
		row := []cell{{text: m.Name}, {text: m.Type}, {text: "-"}, {text: fmt.Sprint(m.Max)}, {text: "-"}, {text: size(m.Memory)}}
		switch m.Type {
		case "hash":
			row[2], row[4] = cell{text: fmt.Sprint(m.Entries)}, fullCell(m.Entries, m.Max)
		case "ringbuf":
			row[2], row[4] = cell{text: size(uint64(d.RingUsed))}, fullCell(d.RingUsed, d.RingSize)
			row[3] = cell{text: size(uint64(d.RingSize))}
		}
		rows = append(rows, row)
	}
	return e.table(rows)
}

// fullCell is how full something is; from nine tenths on it is worth a look.
func fullCell(n, of int) cell {
	share := float64(n) / float64(max(1, of))
	text := fmt.Sprintf("%.1f %%", 100*share)
	if share >= 0.9 {
		return cell{text, red}
	}
	return cell{text, plain}
}
