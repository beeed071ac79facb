package web

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/carpd/carpd/internal/words"
)

// longest is more than anybody means.
const longest = 366 * 24 * time.Hour

// duration reads the field "for", such as 30m, 2h or 1d; empty is 0.
func (a *ask) duration() (time.Duration, error) {
	const field = "for"
	text := strings.ReplaceAll(a.form.Get(field), " ", "")
	if text == "" {
		return 0, nil
	}
	d, err := parseDuration(text)
	if err != nil || d <= 0 || d > longest {
		return 0, badField(field, fmt.Sprintf("%q is no duration: write 30m, 2h or 1d, or leave it empty.", text))
	}
	return d, nil
}

// parseDuration knows days beside what Go knows.
func parseDuration(text string) (time.Duration, error) {
	if days, ok := strings.CutSuffix(text, "d"); ok {
		n, err := strconv.ParseFloat(days, 64)
		if err != nil || !(n > 0 && n <= longest.Hours()/24) {
			return 0, fmt.Errorf("not a number of days: %q", days)
		}
		return time.Duration(n * float64(24*time.Hour)), nil
	}
	return time.ParseDuration(text)
}

// askedAt is when a picture was given out, on the clock of its own node. Ages are
// counted from it, so that clocks of different nodes are never compared.
func askedAt(taken time.Time, age float64) time.Time { return taken.Add(words.Seconds(age)) }
