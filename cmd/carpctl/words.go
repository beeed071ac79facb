package main

import (
	"fmt"
	"time"

	"github.com/carpd/carpd/internal/status"
)

// oldPicture is the age from which a picture is said to be old: the loop of a
// healthy carpd turns at least once a second.
const oldPicture = 3 * time.Second

// plural is a word for a number of things.
func plural(n int, word string) string {
	if n == 1 {
		return word
	}
	return word + "s"
}

// seconds turns a number of the interface into a duration.
func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// span is a duration as people say it, with two units at most.
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

// askedAt is when a picture was given out, on the daemon's clock. Ages are
// counted from it, so that they need no other clock.
func askedAt(s *status.Snapshot) time.Time { return s.TakenAt.Add(seconds(s.Age)) }

// since is how long ago something was.
func since(s *status.Snapshot, t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return span(askedAt(s).Sub(t))
}

// old is the warning about a picture that is not of now.
func old(s *status.Snapshot) string {
	if age := seconds(s.Age); age >= oldPicture {
		return fmt.Sprintf("this picture is %s old: carpd's loop does not turn", span(age))
	}
	return ""
}
