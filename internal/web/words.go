package web

import (
	"fmt"
	"html/template"
	"time"
)

// plural is a word for a number of things.
func plural(n int, word string) string {
	if n == 1 {
		return word
	}
	return word + "s"
}

// span is a duration as people say it, with two units at most. The script says
// it the same way while it counts on.
func span(d time.Duration) string {
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

// since is an age as an element that the script counts up.
func since(age float64) template.HTML {
	return template.HTML(fmt.Sprintf(`<span data-age="%.1f">%s</span>`, age, span(seconds(age))))
}

// ageAt is how long ago t was, as an element that the script counts up.
func ageAt(now, t time.Time) template.HTML {
	if t.IsZero() {
		return "never"
	}
	d := max(now.Sub(t), 0)
	return template.HTML(fmt.Sprintf(`<time datetime="%s" title="%s" data-age="%.1f">%s</time>`,
		t.UTC().Format(time.RFC3339), stamp(t), d.Seconds(), span(d)))
}

// clock is a moment of today by its time alone, another one with its day.
func clock(now time.Time, at any) string {
	t, ok := at.(time.Time)
	if p, is := at.(*time.Time); is && p != nil {
		t, ok = *p, true
	}
	if !ok {
		return ""
	}
	if y, m, d := now.Date(); t.Year() == y && t.Month() == m && t.Day() == d {
		return t.Format("15:04:05")
	}
	return t.Format("2006-01-02 15:04:05")
}

// stamp is a moment in full.
func stamp(t time.Time) string { return t.Format("2006-01-02 15:04:05.000 MST") }
