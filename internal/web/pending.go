package web

import (
	"context"
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/carpd/carpd/internal/control"
	"github.com/carpd/carpd/internal/status"
)

// Bounds and default of the time to confirm, in seconds.
const (
	minConfirm   = 10
	maxConfirm   = 3600
	usualConfirm = 60
)

// pendingView is the banner of every page: what was edited and does not count
// yet, and what counts and was not confirmed yet.
type pendingView struct {
	Path    string // of the file
	Pending *status.Pending
	Confirm *status.Confirm
	Left    int // seconds to confirm
	Usual   int // seconds that are proposed
}

// pendingOf is nil where there is nothing to say, or nothing to edit at all.
func pendingOf(ctx context.Context, src control.Source) *pendingView {
	c, err := src.Config(ctx)
	if err != nil || c == nil || c.Pending == nil && c.Confirm == nil {
		return nil
	}
	v := &pendingView{Path: c.Path, Pending: c.Pending, Confirm: c.Confirm, Usual: usualConfirm}
	if c.Confirm != nil {
		v.Left = int(math.Ceil(max(0, time.Until(c.Confirm.Until).Seconds())))
	}
	return v
}

// pendingActs are the forms of the banner. They go back to the page on which
// the banner was.
var pendingActs = []act{
	{"apply", onward(apply)},
	{"discard", onward(func(ctx context.Context, a *ask) (string, error) {
		return told(a.src.Discard(ctx))
	})},
	{"rebase", onward(func(ctx context.Context, a *ask) (string, error) {
		_, err := a.src.Rebase(ctx)
		return "The pending changes are made anew in the file as it is now. Look at the difference before you apply them.", err
	})},
	{"confirm", onward(func(ctx context.Context, a *ask) (string, error) {
		return told(a.src.Confirm(ctx))
	})},
	{"rollback", onward(func(ctx context.Context, a *ask) (string, error) {
		return told(a.src.RollBack(ctx))
	})},
}

// onward sends the browser back to where the form was.
func onward(do func(context.Context, *ask) (string, error)) func(context.Context, *ask) (string, error) {
	return func(ctx context.Context, a *ask) (string, error) {
		if next := a.form.Get("next"); next != "" {
			a.next = inside(next)
		}
		return do(ctx, a)
	}
}

// apply makes the pending changes count, for good or on trial. It is refused if
// they are not those that were seen.
func apply(ctx context.Context, a *ask) (string, error) {
	r := status.ApplyRequest{Base: a.form.Get("base")}
	if typed := a.form.Get("seconds"); typed != "" {
		n, err := strconv.Atoi(typed)
		if err != nil || n < minConfirm || n > maxConfirm {
			return "", badField("seconds", fmt.Sprintf("The time to confirm is a whole number of seconds from %d to %d.", minConfirm, maxConfirm))
		}
		r.Confirm = float64(n)
	}
	return told(a.src.Apply(ctx, r))
}

// told is an answer in a sentence.
func told(done *status.Applied, err error) (string, error) {
	switch {
	case err != nil:
		return "", err
	case done.What == "":
		return sentence(done.Done), nil
	}
	return sentence(done.Done) + " " + sentence(done.What), nil
}

// BannerActs are the forms of the banner, each of which may be refused, also
// when there is no banner any more.
func (*view) BannerActs() []string {
	return []string{"apply", "discard", "rebase", "confirm", "rollback"}
}
