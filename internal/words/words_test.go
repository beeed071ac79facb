package words

import (
	"strings"
	"testing"
	"time"
)

func TestSpanHasTwoUnitsAtMost(t *testing.T) {
	for d, want := range map[time.Duration]string{
		-time.Second:                    "0.0 s",
		0:                               "0.0 s",
		9940 * time.Millisecond:         "9.9 s",
		10 * time.Second:                "10 s",
		59*time.Second + 999999999:      "59 s",
		time.Minute:                     "1m 00s",
		59*time.Minute + 59*time.Second: "59m 59s",
		time.Hour:                       "1h 00m",
		24 * time.Hour:                  "1d 00h",
		1000*time.Hour + time.Minute:    "41d 16h",
	} {
		if got := Span(d); got != want {
			t.Errorf("Span(%v) = %q, want %q", d, got, want)
		}
	}
}

func TestPlural(t *testing.T) {
	for n, want := range map[int]string{0: "adverts", 1: "advert", 2: "adverts"} {
		if got := Plural(n, "advert"); got != want {
			t.Errorf("%d %s, want %s", n, got, want)
		}
	}
}

// What another node says is cut, and obeyed by no terminal.
func TestSaid(t *testing.T) {
	for text, want := range map[string]string{
		"no such group": "no such group", "a\nb": "a\nb", "\x1b[31mred\x07": " [31mred ", "\u009b2J": " 2J", "a\xffb": "ab",
		strings.Repeat("x", 5000): strings.Repeat("x", 1000), strings.Repeat("x", 999) + "ä": strings.Repeat("x", 999),
	} {
		if got := Said(text); got != want {
			t.Errorf("%q becomes %q, want %q", text, got, want)
		}
	}
}
