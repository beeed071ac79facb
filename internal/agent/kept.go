package agent

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/carpd/carpd/internal/demotion"
	"github.com/carpd/carpd/internal/status"
)

// What operators asked for survives the process: persistent demotions and
// maintenance are in a file, which is read before the loop runs and written by
// the worker for chores. Who asked is answered when it is on the disk.

// Keeper reads and replaces what is kept over a restart. Nothing was kept yet
// when Read returns no bytes.
type Keeper interface {
	Read() ([]byte, error)
	Write([]byte) error
}

// keptVersion is raised when a field of kept changes its meaning.
const keptVersion = 1

// kept is the content of the file. Its instants are of the wall clock, for the
// boot clock begins anew with every boot.
type kept struct {
	Version     int               `json:"version"`
	Demotions   []status.Demotion `json:"demotions"`
	Maintenance *keptMaintenance  `json:"maintenance,omitempty"`
}

// keptMaintenance is what the demotion of that name does not tell.
type keptMaintenance struct {
	Forced  bool `json:"forced,omitempty"`
	Settled bool `json:"settled,omitempty"`
}

// act does what an operator asks for, in the loop, and waits until it is kept.
func (a *Agent) act(ctx context.Context, f func() error) error {
	failed := errStopping
	var written <-chan error
	err := a.do(ctx, func() {
		if !a.stopping {
			failed = f()
			written = a.save()
		}
	})
	switch {
	case err != nil:
		return err
	case failed != nil || written == nil:
		return failed
	}
	select {
	case err := <-written:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// save has the worker write down what is to be kept, if that has changed. What
// comes out of the channel is how it ended.
func (a *Agent) save() <-chan error {
	if a.Keeper == nil {
		return nil
	}
	raw, err := json.Marshal(a.toKeep())
	if err != nil || a.saving == 0 && bytes.Equal(raw, a.saved) {
		return nil
	}
	a.saved = raw
	a.saving++
	written := make(chan error, 1)
	a.chores <- func() {
		err := a.Keeper.Write(raw)
		if err != nil {
			err = fmt.Errorf("done, but lost at a restart: %w", err)
		}
		written <- err
		a.results <- func() { a.onSaved(err) }
	}
	return written
}

// onSaved tells of what could not be written; the next change tries again.
func (a *Agent) onSaved(err error) {
	if a.saving--; err == nil {
		return
	}
	a.saved = nil
	a.note(status.Event{Kind: "state", Cause: string(whyFailed), Text: err.Error()})
	a.Log.Error().Err(err).Msg("state not kept")
}

// toKeep is what the file should have now.
func (a *Agent) toKeep() kept {
	k := kept{Version: keptVersion, Demotions: []status.Demotion{}}
	for _, d := range a.book.Persistent() {
		k.Demotions = append(k.Demotions, a.shown(d))
	}
	if a.inMaintenance() {
		k.Maintenance = &keptMaintenance{Forced: a.upkeep.forced, Settled: a.upkeep.settled}
	}
	return k
}

// shown is a demotion for people and for the file. Whole seconds of the wall
// clock keep the file from changing when nothing did.
func (a *Agent) shown(d demotion.Demotion) status.Demotion {
	s := status.Demotion{Name: d.Name, Group: d.Group, Owner: d.Owner, Weight: d.Weight, Reason: d.Reason,
		Since: a.Wall(d.Since).Round(time.Second), Persistent: d.Persistent}
	if !d.Until.IsZero() {
		until := a.Wall(d.Until).Round(time.Second)
		s.Until = &until
	}
	return s
}

// restoreKept reads what the last carpd kept. A file that cannot be read is told of,
// and does not keep the groups from being served.
func (a *Agent) restoreKept() {
	if a.Keeper == nil {
		return
	}
	raw, err := a.Keeper.Read()
	if err != nil || len(raw) == 0 {
		a.saved, _ = json.Marshal(a.toKeep()) // Nothing need be written yet.
		a.onNotRestored(err)
		return
	}
	var k kept
	if err := json.Unmarshal(raw, &k); err != nil || k.Version != keptVersion {
		a.onNotRestored(fmt.Errorf("version %d is not known, %d is: %w", k.Version, keptVersion, err))
		return
	}
	for _, d := range k.Demotions {
		a.again(d)
	}
	a.resumeMaintenance(k.Maintenance)
	if len(a.book.Persistent()) < len(k.Demotions) {
		a.save()
	}
}

// onNotRestored tells that the demotions of the last carpd are lost.
func (a *Agent) onNotRestored(err error) {
	if err == nil {
		return
	}
	a.note(status.Event{Kind: "state", Cause: string(whyFailed), Text: "demotions and maintenance of the last carpd not read: " + err.Error()})
	a.Log.Error().Err(err).Msg("demotions and maintenance of the last carpd not read")
}

// again raises a demotion of the last carpd, unless its time is over.
func (a *Agent) again(s status.Demotion) {
	d := demotion.Demotion{Name: s.Name, Group: s.Group, Owner: s.Owner, Weight: s.Weight, Reason: s.Reason,
		Since: a.boot(s.Since), Persistent: true}
	if s.Until != nil {
		if d.Until = a.boot(*s.Until); !d.Until.After(a.Now()) {
			a.noteDemotion(d, whyExpired)
			return
		}
	}
	if err := a.raise(d, whyRestored); err != nil {
		a.onNotRestored(err)
	}
}

// boot is an instant of the wall clock on the boot clock.
func (a *Agent) boot(wall time.Time) time.Time {
	now := a.Now()
	return now.Add(wall.Sub(a.Wall(now)))
}
