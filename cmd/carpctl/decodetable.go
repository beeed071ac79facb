package main

import (
	"cmp"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"

	"github.com/carpd/carpd/internal/capture"
	"github.com/carpd/carpd/internal/carp"
	"github.com/carpd/carpd/internal/words"
)

// decodeFormat lays out one line before its verdict. Widths are fixed, so that
// a line can be written when its packet comes.
const decodeFormat = "%6v  %-23s  %-25s  %-7s  %4v  %7v  %7v  %8v  %-16s  "

// decodeTable writes one line for each advert, and on stderr what there was.
func (e *env) decodeTable(records iter.Seq2[capture.Record, error], haveKeys bool) (err error) {
	seen := map[string]int{}
	for r, last := range records {
		if err = last; err != nil {
			break
		}
		if len(seen) == 0 {
			if err := e.printf("%s\n", e.paint(cell{decodeHead(), bold})); err != nil {
				return err
			}
		}
		seen[r.Verdict]++
		if err := e.printf("%s%s\n", decodeLine(r), e.verdict(r)); err != nil {
			return err
		}
	}
	if err == nil || len(seen) > 0 { // Of what cannot be read there is none to count.
		fmt.Fprintln(e.stderr, summary(seen, haveKeys))
	}
	return err
}

func decodeHead() string {
	return fmt.Sprintf(decodeFormat, "PACKET", "TIME", "SOURCE", "KIND", "VHID", "ADVBASE", "ADVSKEW", "DEMOTION", "COUNTER") + "VERDICT"
}

// decodeLine is a line without its verdict. The VRID of VRRP stands where the
// VHID does: they share the virtual MAC.
func decodeLine(r capture.Record) string {
	vhid, advbase, advskew, demotion, counter := any("-"), any("-"), any("-"), any("-"), "-"
	switch {
	case r.Advert != nil:
		vhid, advbase, advskew, demotion, counter = r.VHID, r.Advbase, r.Advskew, r.Demotion, r.Counter
	case r.VRRP != nil:
		vhid = r.VRID
	}
	when := "-"
	if !r.Time.IsZero() {
		when = r.Time.Local().Format("2006-01-02 15:04:05.000")
	}
	return fmt.Sprintf(decodeFormat, r.Packet, when, r.Src, r.Kind, vhid, advbase, advskew, demotion, counter)
}

// verdict is the verdict with what explains it.
func (e *env) verdict(r capture.Record) string {
	text := e.paint(cell{r.Verdict, verdictColour(r.Verdict)})
	if notes := verdictNotes(r); len(notes) > 0 {
		text += " (" + strings.Join(notes, ", ") + ")"
	}
	return text
}

func verdictColour(verdict string) colour {
	switch verdict {
	case carp.OK.String():
		return green
	case capture.NoKey, capture.Truncated:
		return yellow
	case carp.IsVRRP.String():
		return cyan
	}
	return red
}

// verdictNotes are what a person wants to know beside the verdict.
func verdictNotes(r capture.Record) (notes []string) {
	note := func(format string, args ...any) { notes = append(notes, fmt.Sprintf(format, args...)) }
	if r.Group != "" {
		note("%s", r.Group)
	}
	if r.TTL != carp.TTL {
		note("TTL %d", r.TTL)
	}
	if r.Dst != carp.FamilyOf(r.Dst).Group() {
		note("to %s", r.Dst)
	}
	if len(r.VLANs) > 0 {
		note("VLAN %s", strings.Trim(fmt.Sprint(r.VLANs), "[]"))
	}
	if r.Advert != nil && r.BowOut {
		note("bows out")
	}
	if r.VRRP != nil {
		note("priority %d every %d ms", r.Priority, r.Interval)
	}
	return notes
}

// summary is how many there were of each verdict, the most frequent first.
func summary(seen map[string]int, haveKeys bool) string {
	if len(seen) == 0 {
		return "no CARP or VRRP adverts"
	}
	total := 0
	for _, n := range seen {
		total += n
	}
	verdicts := slices.SortedFunc(maps.Keys(seen), func(a, b string) int {
		return cmp.Or(seen[b]-seen[a], strings.Compare(a, b))
	})
	for i, v := range verdicts {
		verdicts[i] = fmt.Sprintf("%d %s", seen[v], v)
	}
	text := fmt.Sprintf("%d %s: %s", total, words.Plural(total, "advert"), strings.Join(verdicts, ", "))
	if seen[capture.NoKey] > 0 && !haveKeys {
		text += "; digests are checked with --config FILE"
	}
	return text
}
