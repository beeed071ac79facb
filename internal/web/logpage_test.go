package web

import (
	"net/url"
	"strings"
	"testing"
	"time"
)

// TestLog shows what is asked for, the newest first.
func TestLog(t *testing.T) {
	begin := time.Since(now) // The planted events are of a fixed day.
	hour := url.QueryEscape((begin + 20*time.Minute).String())
	for query, want := range map[string]string{
		"":                                "e-5 e-4 e-3 e-2 e-1",
		"?group=1%40eth0":                 "e-4 e-3 e-1",
		"?kind=transition":                "e-5 e-3 e-1",
		"?kind=transition&group=2%40eth0": "e-5",
		"?since=" + hour:                  "e-5 e-4 e-3",
		"?since=soon":                     "e-5 e-4 e-3 e-2 e-1",
		"?group=9%40eth0":                 "",
	} {
		body := bodyOf(newFake(), reader, "/log"+query)
		var got []string
		for _, part := range strings.Split(body, `<li id="`)[1:] {
			row, _, _ := strings.Cut(part, `"`)
			got = append(got, row)
		}
		if strings.Join(got, " ") != want {
			t.Errorf("/log%s: %v, want %s", query, got, want)
		}
	}
}

// TestLogLinks: from a line to its group and to JSON, and from a transition on
// the first page to its line.
func TestLogLinks(t *testing.T) {
	body := bodyOf(newFake(), admin, "/log?group=1%40eth0")
	wantIn(t, body, `<a href="/#g-1_40eth0">1@eth0</a>`, `href="/api/v1/events"`, `href="/api/v1/events?after=2"`, `<option selected>1@eth0</option>`)
	wantIn(t, shown(t, body, "e-3"), "BACKUP → MASTER", "MASTER because no advert came for 3.4 s.")
	wantIn(t, shown(t, body, "events"), "3 of 5 events, the newest first.")
	wantIn(t, bodyOf(newFake(), admin, "/"), `href="/log?group=1%40eth0#e-3"`)
	wantIn(t, bodyOf(newFake(), admin, "/log?since=soon"), "&#34;soon&#34; is no duration: write 10m, 2h or 1d. All events are shown.", `aria-invalid="true"`)
	wantIn(t, bodyOf(newFake(), admin, "/log?group=9%40eth0"), "No event fits the filter.", `<option selected>9@eth0</option>`)
	src := newFake()
	src.events = nil
	wantIn(t, bodyOf(src, admin, "/log"), "Nothing has happened since carpd was started.")
}
