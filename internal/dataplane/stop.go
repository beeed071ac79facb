package dataplane

import (
	"errors"
	"maps"
	"slices"
)

// What an operator may say of the XDP program when carpd ends.
// The third, auto, has it stay where to take it off and put it on again could
// cost frames.
const (
	detachNever  = "false"
	detachAlways = "true"
)

// Stop ends what the kernel does for us and removes it, as carpd does when it is
// asked to end. Only where attaching an XDP program resets the link may the
// program stay, idle: it has no group any more and passes every frame. Then the
// maps stay pinned with it, and the next carpd goes on from there. Options
// have the operator's wish.
func (d *Dataplane) Stop() error {
	d.mu.Lock()
	slots := slices.Collect(maps.Keys(d.groups))
	d.mu.Unlock()
	var errs []error
	for _, slot := range slots {
		errs = append(errs, d.RemoveGroup(slot))
	}
	idle, err := d.idle()
	errs = append(errs, err)
	if idle == 0 {
		errs = append(errs, Unload(d.opts.Instance))
	}
	return errors.Join(errs...)
}

// idle takes everything off the interfaces but the XDP programs that stay, and
// counts those.
func (d *Dataplane) idle() (stay int, err error) {
	d.linkMu.Lock()
	defer d.linkMu.Unlock()
	for ifindex, a := range d.attached {
		if !a.stays(d.opts.DetachOnStop) {
			continue
		}
		for program, l := range a.links {
			if program != bpfProgCarpRx {
				err = errors.Join(err, drop(l), l.Close())
				delete(a.links, program)
			}
		}
		err = errors.Join(err, d.forgetLink(ifindex))
		d.opts.Log.Info().Str("carpdev", a.name).Str("mode", a.rung.mode).Msg("the XDP program stays, idle: to take it off could reset the link")
		stay++
	}
	return stay, errors.Join(err, d.detachAll())
}

// detachAll takes the programs off the interfaces where none stays. The caller
// holds the mutex.
func (d *Dataplane) detachAll() error {
	var errs []error
	for ifindex, a := range d.attached {
		if !a.stays(d.opts.DetachOnStop) {
			delete(d.attached, ifindex)
			errs = append(errs, d.takeOff(a, ifindex))
		}
	}
	return errors.Join(errs...)
}

// stays reports whether the XDP program of an interface stays when carpd ends.
// What is no hardware has no link to reset.
func (a *attachment) stays(wish string) bool {
	rx := a.links[bpfProgCarpRx]
	switch {
	case rx == nil || wish == detachAlways:
		return false
	case wish == detachNever:
		return true
	}
	return a.rung.mode == xdpNative && a.seen.Name != "" && a.seen.Kind == ""
}
