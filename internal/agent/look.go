package agent

import (
	"errors"
	"time"

	"github.com/carpd/carpd/internal/dataplane"
	"github.com/carpd/carpd/internal/status"
)

// lookEvery is how often the programs on the carpdevs are looked after when
// nothing happens: the kernel tells nobody when one is detached, or when the
// XDP program of somebody else leaves.
const lookEvery = 10 * time.Second

// lookAround looks after the programs on all carpdevs.
func (a *Agent) lookAround(now time.Time) {
	for _, d := range a.carpdevs {
		if d.attached {
			a.tellLink(d)
		}
		for _, g := range d.groups {
			a.refreshEntry(g)
		}
	}
	a.alarms.set(a.looking, now.Add(lookEvery))
}

// onLook takes what a look at the programs of a carpdev has found, and tells of
// what it has changed.
func (a *Agent) onLook(d *carpdev, att dataplane.Attachment, err error) {
	if errors.Is(err, dataplane.ErrNotAttached) || a.carpdevs[d.link.Index] != d {
		return
	}
	if err != nil {
		a.Log.Warn().Err(err).Str("carpdev", d.link.Name).Msg("programs not in order")
	}
	d.attachment = att
	for _, text := range att.Changes {
		a.note(status.Event{Kind: "programs", Text: d.link.Name + ": " + text})
		a.Log.Warn().Str("carpdev", d.link.Name).Str("what", text).Msg("programs changed")
	}
	a.relistCarpdevs()
}

// logAttached tells which XDP mode was taken and why, and why not a better one.
func (a *Agent) logAttached(d *carpdev) {
	att := d.attachment
	for _, s := range att.Tried {
		a.Log.Debug().Str("carpdev", d.link.Name).Str("mode", s.Mode).Str("why", s.Why).Msg("XDP mode not taken")
	}
	for _, w := range att.Warnings {
		a.Log.Warn().Str("carpdev", d.link.Name).Msg(w)
	}
	a.Log.Info().Str("carpdev", d.link.Name).Str("xdp", att.Mode).Str("why", att.Why).Msg("programs attached")
}
