package confsync

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/carpd/carpd/internal/status"
)

// errNothing is said by a node that has no version to give.
var errNothing = errors.New("this node has no version of the shared configuration to give")

// errOr is the first of two errors.
func errOr(err, other error) error {
	if err != nil {
		return err
	}
	return other
}

// take makes a version of another node the one that runs here. When it returns
// no error that version runs, and is kept; else nothing has changed.
func (e *Engine) take(ctx context.Context, from string, u Update) error {
	if err := u.bounded(); err != nil {
		return err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if _, err := e.settled(ctx); err != nil {
		return err
	}
	s, _, in := e.who()
	if !in {
		return errApart
	}
	r := e.current()
	switch judge(r.Version, u.Version) {
	case have:
		return nil
	case older:
		return fmt.Errorf("%s is older than %s, which this node has", nameOf(u.Version), nameOf(r.Version))
	}
	err := near(r.Version, u.Version)
	if err == nil {
		err = e.put(ctx, s, r, u, from)
	}
	e.remember(u, err)
	return err
}

// put brings a greater version into the file and makes it run. What is about to
// happen is written down before, and that it happened after.
func (e *Engine) put(ctx context.Context, s self, r record, u Update, from string) error {
	text, _, base := e.Store.Current()
	if err := e.ready(text); err != nil {
		return err
	}
	after, err := s.rewrite(text, u)
	if err != nil {
		return err
	}
	if _, err := e.Store.Load(after); err != nil {
		return err
	}
	if err := e.intend(s, &r, u, text, after); err != nil {
		return err
	}
	if !bytes.Equal(text, after) {
		if err = e.Store.Replace(ctx, after, base, "cluster node "+from); err == nil {
			now, _, _ := e.Store.Current()
			err = s.holds(now, u.Version.Hash)
		}
	}
	if err != nil {
		r.Next = nil
		return errors.Join(err, e.keep(r))
	}
	e.Log.Info().Str("from", from).Str("version", nameOf(u.Version)).Msg("shared configuration taken")
	return e.arrived(r)
}

// ready refuses while this node's own file is in somebody's hands.
func (e *Engine) ready(text []byte) error {
	if t := e.Store.Trial(); t != nil {
		return errors.New(onTrial(t))
	}
	disk, err := e.Store.OnDisk()
	if err != nil {
		return err
	}
	if !bytes.Equal(disk, text) {
		return errors.New(editedByHand)
	}
	return nil
}

// onTrial is said of a change that may be taken back. It is offered to nobody
// before it is confirmed, and nothing is put on top of it.
func onTrial(c *status.Confirm) string {
	return "a change waits here to be confirmed until " + c.Until.Format(time.TimeOnly)
}

// editedByHand is said of a file that is not what runs.
const editedByHand = "the file was edited here and not loaded: carpctl reload makes it count, or put it back"

// intend writes down which version is being put into the file, and keeps this
// node's edit if it gets lost by that.
func (e *Engine) intend(s self, r *record, u Update, text, after []byte) error {
	m := madeOf(u)
	if loses(r.Version, s.node, u) || e.unborn(s, *r, text, u) {
		lost, err := e.saveLost(text, after, r.Version, u.Version)
		if err != nil {
			return err
		}
		m.Beaten = lost
	}
	r.Next = &m
	return e.keep(*r)
}

// unborn reports whether groups of a node that just joined would go: what it had
// was never a version, and is kept all the same.
func (e *Engine) unborn(s self, r record, text []byte, u Update) bool {
	return r.Version.Number == 0 && s.holds(text, u.Version.Hash) != nil
}

// remember keeps why a greater version was refused, for everybody to see.
func (e *Engine) remember(u Update, err error) {
	e.view.Lock()
	was := e.refused
	e.refused = nil
	if err != nil {
		e.refused = &refusal{u.Version, err.Error()}
	}
	is := e.refused
	e.view.Unlock()
	if is != nil && (was == nil || *was != *is) {
		e.Event("sync", nameOf(u.Version)+" refused: "+is.Why)
		e.Log.Warn().Str("version", nameOf(u.Version)).Str("why", is.Why).Msg("shared configuration refused")
	}
}
