// Package demotion is the book of the reasons why a node, or one group of it, is
// less fit to be MASTER than it would be. Each has a name; what counts for a
// group is added up, and the sum is what the election advertises.
//
// The book knows no clock and no disk: instants are given in, of one clock that
// the caller chooses, and what is to outlive the process is asked for.
package demotion

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// Weights of what carpd raises by itself. A node in maintenance can still serve;
// one that cannot send, or cannot take over, cannot.
const (
	OperatorWeight    = 1
	HandOverWeight    = 1
	MaintenanceWeight = 64
	SendErrorWeight   = 128
	TakeoverWeight    = 128
)

// MaxSum is what byte 4 of an advert can say.
const MaxSum = 255

// Limits of what people may ask for.
const (
	maxName   = 64
	maxReason = 256
	maxCount  = 1024
)

// Names that belong to carpd.
const (
	Maintenance    = "maintenance"
	HandOver       = "handover"
	SendErrors     = "send errors"
	TakeoverFailed = "takeover failed"
)

// Owners.
const (
	Operator = "operator"
	Carpd    = "carpd"
)

// Reserved reports whether a name belongs to carpd.
func Reserved(name string) bool {
	return slices.Contains([]string{Maintenance, HandOver, SendErrors, TakeoverFailed}, name)
}

// Demotion is one reason.
type Demotion struct {
	Name   string // unique together with Group
	Group  string // empty: every group
	Owner  string
	Weight int // 1 to MaxSum
	Reason string
	Since  time.Time
	// Until is when it ends by itself; the zero time is never.
	Until time.Time
	// Persistent ones are there again after a restart.
	Persistent bool
}

// Check says what is wrong with a demotion.
func (d Demotion) Check() error {
	switch {
	case d.Name == "":
		return fmt.Errorf("a demotion needs a name")
	case len(d.Name) > maxName || !plain(d.Name):
		return fmt.Errorf("the name of a demotion is one line of at most %d bytes", maxName)
	case len(d.Reason) > maxReason || !plain(d.Reason):
		return fmt.Errorf("the reason of a demotion is one line of at most %d bytes", maxReason)
	case d.Weight < 1 || d.Weight > MaxSum:
		return fmt.Errorf("weight %d: a demotion weighs 1 to %d", d.Weight, MaxSum)
	case !d.Until.IsZero() && !d.Until.After(d.Since):
		return fmt.Errorf("a demotion ends after it began")
	default:
		return nil
	}
}

// plain reports whether a text has no control characters, which would break the
// line of whoever prints it.
func plain(s string) bool {
	for _, r := range s {
		if r < ' ' || r == 0x7f || r == '\u2028' || r == '\u2029' || r == '\ufffd' {
			return false
		}
	}
	return true
}

// Line makes one short line of a text that came from somewhere else.
func Line(text string) string {
	clean := []rune{}
	for _, r := range text {
		if !plain(string(r)) {
			r = ' '
		}
		clean = append(clean, r)
	}
	for len(string(clean)) > maxReason {
		clean = clean[:len(clean)-1]
	}
	return string(clean)
}

// Book holds all demotions. Its zero value is empty. It belongs to one goroutine.
type Book struct{ list []Demotion }

// Raise adds a demotion, or replaces the one of the same name and group, which
// it returns.
func (b *Book) Raise(d Demotion) (before Demotion, replaced bool, err error) {
	if err := d.Check(); err != nil {
		return before, false, err
	}
	if i := b.index(d.Name, d.Group); i >= 0 {
		before, b.list[i] = b.list[i], d
		return before, true, nil
	}
	if len(b.list) >= maxCount {
		return before, false, fmt.Errorf("there are %d demotions already", maxCount)
	}
	b.list = append(b.list, d)
	slices.SortFunc(b.list, func(a, b Demotion) int {
		return cmp.Or(cmp.Compare(a.Group, b.Group), cmp.Compare(a.Name, b.Name))
	})
	return before, false, nil
}

// Remove takes a demotion away and returns it.
func (b *Book) Remove(name, group string) (Demotion, bool) {
	i := b.index(name, group)
	if i < 0 {
		return Demotion{}, false
	}
	gone := b.list[i]
	b.list = slices.Delete(b.list, i, i+1)
	return gone, true
}

// Get is the demotion of a name and group.
func (b *Book) Get(name, group string) (Demotion, bool) {
	if i := b.index(name, group); i >= 0 {
		return b.list[i], true
	}
	return Demotion{}, false
}

func (b *Book) index(name, group string) int {
	return slices.IndexFunc(b.list, func(d Demotion) bool { return d.Name == name && d.Group == group })
}

// Expire takes away what has ended by now and returns it.
func (b *Book) Expire(now time.Time) (gone []Demotion) {
	b.list = slices.DeleteFunc(b.list, func(d Demotion) bool {
		over := !d.Until.IsZero() && !now.Before(d.Until)
		if over {
			gone = append(gone, d)
		}
		return over
	})
	return gone
}

// Next is when the next one ends by itself, or the zero time.
func (b *Book) Next() (next time.Time) {
	for _, d := range b.list {
		if !d.Until.IsZero() && (next.IsZero() || d.Until.Before(next)) {
			next = d.Until
		}
	}
	return next
}

// Sum is what counts for a group: its own and the node's, at most MaxSum. With no
// name it is the node's alone.
func (b *Book) Sum(group string) (sum int) {
	for _, d := range b.list {
		if d.Group == "" || d.Group == group {
			sum += d.Weight
		}
	}
	return min(sum, MaxSum)
}

// All are the demotions: the node's first, then by group, each by name.
func (b *Book) All() []Demotion { return slices.Clone(b.list) }

// Persistent are those that are to be there after a restart.
func (b *Book) Persistent() []Demotion {
	return slices.DeleteFunc(b.All(), func(d Demotion) bool { return !d.Persistent })
}
