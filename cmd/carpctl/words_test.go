package main

import (
	"testing"
	"time"

	"github.com/carpd/carpd/internal/status"
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
		if got := span(d); got != want {
			t.Errorf("span(%v) = %q, want %q", d, got, want)
		}
	}
}

func TestPictureIsOldFromThreeSeconds(t *testing.T) {
	for age, want := range map[float64]string{
		0: "", 2.99: "", 3: "this picture is 3.0 s old: carpd's loop does not turn",
		75: "this picture is 1m 15s old: carpd's loop does not turn",
	} {
		if got := old(&status.Snapshot{Age: age}); got != want {
			t.Errorf("age %v: %q, want %q", age, got, want)
		}
	}
}

func TestTableCountsCharactersAndNotColours(t *testing.T) {
	e := &env{terminal: true, getenv: func(string) string { return "" }}
	got := e.table([][]cell{{{text: "ä"}, {text: "x"}}, {{"long", green}, {text: "y"}}, {{text: "z"}, {}}})
	const want = "ä     x\n\x1b[32mlong\x1b[0m  y\nz\n"
	if got != want {
		t.Errorf("got %q\nwant %q", got, want)
	}
}

func TestPlural(t *testing.T) {
	for n, want := range map[int]string{0: "adverts", 1: "advert", 2: "adverts"} {
		if got := plural(n, "advert"); got != want {
			t.Errorf("%d %s, want %s", n, got, want)
		}
	}
}
