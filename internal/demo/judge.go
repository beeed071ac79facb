package demo

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/carpd/carpd/internal/carp"
	"github.com/carpd/carpd/internal/lab"
)

// row is one line of the table.
type row struct {
	step, what string
	promised   string
	measured   string
	kept       bool
}

// judge prints the table and returns ErrBroken when a promise was broken.
func (d *demo) judge() error {
	rows := []row{
		between("crash", "r1's last advert to r2's first", d.book.times[crashWire], 3350*time.Millisecond),
		atMost("", "client outage", d.outages(d.ping, crashOutage), 800*time.Millisecond),
		atMost("", "client outage, IPv6", d.outages(d.ping6, crashOutage), 800*time.Millisecond),
		between("cut off", "client outage", d.outages(d.ping, cutOutage), 3300*time.Millisecond),
		between("", "client outage, IPv6", d.outages(d.ping6, cutOutage), 3300*time.Millisecond),
		atMost("hand-over", "bow-out to r2's first advert", d.book.times[handOverWire], 20*time.Millisecond),
		d.nothingLost("requests lost", d.ping),
		d.nothingLost("requests lost, IPv6", d.ping6),
		shown("longest delay of a reply", d.delays(handOverSpan)),
		d.neverTwo("frozen", frozenSpan),
		d.neverTwo("failback", failbackSpan),
		shown("client outage", d.outages(d.ping, failbackSpan)),
		shown("longest delay of a reply", d.delays(failbackSpan)),
		d.sameMAC(),
	}
	broken := d.screen.table(rows, d.Rounds)
	if broken > 0 {
		return fmt.Errorf("%w (%d of the lines above)", ErrBroken, broken)
	}
	return nil
}

// outages are the client's longest outages, one per round.
func (d *demo) outages(p *lab.Pinger, m measure) (list []time.Duration) {
	for _, s := range d.book.spans[m] {
		list = append(list, p.Report(s.from, s.until).Outage)
	}
	return list
}

// delays are the longest times that a reply took, one per round.
func (d *demo) delays(m measure) (list []time.Duration) {
	for _, s := range d.book.spans[m] {
		list = append(list, d.ping.Report(s.from, s.until).Delay)
	}
	return list
}

// nothingLost sums up the requests lost in the hand-overs.
func (d *demo) nothingLost(what string, p *lab.Pinger) row {
	lost, sent := 0, 0
	for _, s := range d.book.spans[handOverSpan] {
		r := p.Report(s.from, s.until)
		lost, sent = lost+r.Lost, sent+r.Sent
	}
	return row{what: what, promised: "0", measured: fmt.Sprintf("%d of %d", lost, sent), kept: lost == 0 && sent > 0}
}

// neverTwo sums up the questions that two nodes answered.
func (d *demo) neverTwo(step string, m measure) row {
	two, asked := 0, 0
	for _, s := range d.book.spans[m] {
		for _, a := range []*lab.Asker{d.arp, d.nd} {
			r := a.Report(s.from, s.until)
			two, asked = two+len(r.Doubles), asked+r.Asked
		}
	}
	return row{
		step: step, what: "questions that two nodes answer", promised: "0",
		measured: fmt.Sprintf("%d of %d", two, asked), kept: two == 0 && asked > 0,
	}
}

// sameMAC looks at every MAC that the client has seen for the address.
func (d *demo) sameMAC() row {
	want := carp.VHID(1).MAC()
	r := row{step: "client", what: "MAC of the virtual address", promised: want.String(), measured: "the same", kept: len(d.book.macs) > 0}
	for _, m := range d.book.macs {
		if m != want {
			r.measured, r.kept = m.String(), false
		}
	}
	return r
}

// latest is when a BACKUP with advskew 100 has taken over at the latest: its
// master-down time is 3.39 s.
const latest = 3600 * time.Millisecond

// between promises that the median is not below a bound and not above latest.
func between(step, what string, list []time.Duration, low time.Duration) row {
	m := median(list)
	return row{step, what, fmt.Sprintf("%.2f to %.2f s", low.Seconds(), latest.Seconds()), figures(list), len(list) > 0 && m >= low && m <= latest}
}

// atMost promises that the median is not above a bound.
func atMost(step, what string, list []time.Duration, high time.Duration) row {
	return row{step, what, "up to " + short(high), figures(list), len(list) > 0 && median(list) <= high}
}

// shown promises nothing.
func shown(what string, list []time.Duration) row {
	return row{what: what, measured: figures(list), kept: true}
}

// figures are the median and all of them, or the range when there are many.
func figures(list []time.Duration) string {
	m := short(median(list))
	switch n := len(list); {
	case n < 2:
		return m
	case n > 3:
		return fmt.Sprintf("%s  (%d: %s to %s)", m, n, short(slices.Min(list)), short(slices.Max(list)))
	}
	all := make([]string, len(list))
	for i, d := range list {
		all[i] = short(d)
	}
	return m + "  (" + strings.Join(all, ", ") + ")"
}

// short prints a time with three figures or so.
func short(d time.Duration) string {
	if d < 100*time.Millisecond {
		return fmt.Sprintf("%.1f ms", float64(d)/float64(time.Millisecond))
	}
	return fmt.Sprintf("%.2f s", d.Seconds())
}
