package web

import (
	"fmt"
	"html/template"
	"time"

	"github.com/carpd/carpd/internal/words"
)

// since is an age as an element that the script counts up.
func since(age float64) template.HTML {
	return template.HTML(fmt.Sprintf(`<span data-age="%.1f">%s</span>`, age, words.Span(words.Seconds(age))))
}

// ageAt is how long ago t was, as an element that the script counts up.
func ageAt(now, t time.Time) template.HTML {
	if t.IsZero() {
		return "never"
	}
	d := max(now.Sub(t), 0)
	return template.HTML(fmt.Sprintf(`<time datetime="%s" title="%s" data-age="%.1f">%s</time>`,
		t.UTC().Format(time.RFC3339), stamp(t), d.Seconds(), words.Span(d)))
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
