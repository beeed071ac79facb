package lab

import (
	"context"
	"slices"
	"time"
)

// Adverts are those that match, in order of arrival; nil matches all.
func (w *Wire) Adverts(match func(Advert) bool) []Advert {
	w.mu.Lock()
	defer w.mu.Unlock()
	return pick(w.adverts, match)
}

// Claims are those that match, in order of arrival.
func (w *Wire) Claims(match func(Claim) bool) []Claim {
	w.mu.Lock()
	defer w.mu.Unlock()
	return pick(w.claims, match)
}

// Controls are the other control packets that match, in order of arrival.
func (w *Wire) Controls(match func(Control) bool) []Control {
	w.mu.Lock()
	defer w.mu.Unlock()
	return pick(w.controls, match)
}

// pick copies what matches.
func pick[T any](all []T, match func(T) bool) []T {
	if match == nil {
		return slices.Clone(all)
	}
	var out []T
	for _, e := range all {
		if match(e) {
			out = append(out, e)
		}
	}
	return out
}

// From matches the CARP adverts that came from a node after an instant.
func From(n *Node, after time.Time) func(Advert) bool {
	return func(a Advert) bool { return a.CARP() && a.Port == n.Name && a.At.After(after) }
}

// LastAdvert is the latest advert that matches; ok says that there is one.
func (w *Wire) LastAdvert(match func(Advert) bool) (last Advert, ok bool) {
	list := w.Adverts(match)
	if len(list) == 0 {
		return last, false
	}
	return list[len(list)-1], true
}

// WaitAdvert waits for the first advert that matches, which may have arrived
// before.
func (w *Wire) WaitAdvert(ctx context.Context, match func(Advert) bool) (Advert, error) {
	return wait(ctx, w, func() []Advert { return pick(w.adverts, match) })
}

// WaitClaim waits for the first claim that matches.
func (w *Wire) WaitClaim(ctx context.Context, match func(Claim) bool) (Claim, error) {
	return wait(ctx, w, func() []Claim { return pick(w.claims, match) })
}

// WaitControl waits for the first control packet that matches.
func (w *Wire) WaitControl(ctx context.Context, match func(Control) bool) (Control, error) {
	return wait(ctx, w, func() []Control { return pick(w.controls, match) })
}

// wait looks again after every new record.
func wait[T any](ctx context.Context, w *Wire, look func() []T) (first T, err error) {
	for {
		w.mu.Lock()
		found, changed := look(), w.changed
		w.mu.Unlock()
		if len(found) > 0 {
			return found[0], nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return first, ctx.Err()
		}
	}
}
