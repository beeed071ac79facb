package main

import (
	"testing"

	"github.com/carpd/carpd/internal/status"
)

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
