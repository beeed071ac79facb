package main

import (
	"fmt"
	"time"

	"github.com/carpd/carpd/internal/status"
	"github.com/carpd/carpd/internal/words"
)

// oldPicture is the age from which a picture is said to be old: the loop of a
// healthy carpd turns at least once a second.
const oldPicture = 3 * time.Second

// askedAt is when a picture was given out, on the daemon's clock. Ages are
// counted from it, so that they need no other clock.
func askedAt(s *status.Snapshot) time.Time { return s.TakenAt.Add(words.Seconds(s.Age)) }

// since is how long ago something was.
func since(s *status.Snapshot, t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return words.Span(askedAt(s).Sub(t))
}

// old is the warning about a picture that is not of now.
func old(s *status.Snapshot) string {
	if age := words.Seconds(s.Age); age >= oldPicture {
		return fmt.Sprintf("this picture is %s old: carpd's loop does not turn", words.Span(age))
	}
	return ""
}
