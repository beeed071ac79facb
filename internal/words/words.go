// Package words says durations and numbers as people do, and what other nodes
// say within bounds. The tool and the page say durations alike, and so does the
// page's script.
package words

import (
	"fmt"
	"strings"
	"time"
)

// Plural is a word for a number of things.
func Plural(n int, word string) string {
	if n == 1 {
		return word
	}
	return word + "s"
}

// Span is a duration with two units at most; one below zero is none.
func Span(d time.Duration) string {
	const day = 24 * time.Hour
	switch d = max(d, 0); {
	case d < 10*time.Second:
		return fmt.Sprintf("%.1f s", d.Seconds())
	case d < time.Minute:
		return fmt.Sprintf("%d s", d/time.Second)
	case d < time.Hour:
		return fmt.Sprintf("%dm %02ds", d/time.Minute, d%time.Minute/time.Second)
	case d < day:
		return fmt.Sprintf("%dh %02dm", d/time.Hour, d%time.Hour/time.Minute)
	default:
		return fmt.Sprintf("%dd %02dh", d/day, d%day/time.Hour)
	}
}

// Seconds turns a number of the interface into a duration.
func Seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// maxSaid is how many bytes of a stranger's sentence are taken.
const maxSaid = 1000

// Said is a text of another node for people, within bounds and without what a
// terminal would obey.
func Said(text string) string {
	text = strings.ToValidUTF8(text[:min(len(text), maxSaid)], "")
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\n' || r >= 0x7f && r < 0xa0 {
			return ' '
		}
		return r
	}, text)
}
