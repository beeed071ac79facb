package dataplane

import (
	"errors"
	"fmt"
	"slices"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"
)

// ErrNotAttached says that no program of ours is on the interface.
var ErrNotAttached = errors.New("not attached")

// Attachment tells what sits on an interface now; false if we are not on it.
func (d *Dataplane) Attachment(ifindex int) (Attachment, bool) {
	d.linkMu.Lock()
	defer d.linkMu.Unlock()
	if d.attached[ifindex] == nil {
		return Attachment{}, false
	}
	return d.describe(ifindex), true
}

// Look is Attachment, and also puts in order what others have changed: a program
// of ours that was detached is attached again, and where the interface has become
// another one to XDP, such as when the program of somebody else has left, the
// ladder is climbed anew. Changes says what came of it.
func (d *Dataplane) Look(ifindex int) (Attachment, error) {
	d.linkMu.Lock()
	defer d.linkMu.Unlock()
	a := d.attached[ifindex]
	if a == nil || !a.claimed {
		return Attachment{}, ErrNotAttached
	}
	before := a.rung
	changes := d.dropLost(a, ifindex)
	err := errors.Join(d.attachBoth(a, ifindex), d.settleXDP(a, ifindex))
	if err != nil {
		err = fmt.Errorf("look after the programs on %s: %w", a.name, err)
	}
	if a.rung.mode != before.mode {
		changes = append(changes, fmt.Sprintf("XDP mode %s in place of %s: %s", a.rung.mode, before.mode, a.rung.why))
	}
	att := d.describe(ifindex)
	changes = append(changes, a.moved(att)...)
	att.Changes = changes
	return att, err
}

// dropLost forgets links that somebody has detached, and tells of them.
func (d *Dataplane) dropLost(a *attachment, ifindex int) (changes []string) {
	for _, program := range []string{bpfProgCarpIn, bpfProgCarpOut, bpfProgCarpRx} {
		l := a.links[program]
		if l == nil || isOn(l, ifindex) {
			continue
		}
		if err := errors.Join(l.Unpin(), l.Close()); err != nil {
			d.opts.Log.Warn().Err(err).Str("program", program).Msg("link that was detached not forgotten")
		}
		delete(a.links, program)
		if program == bpfProgCarpRx {
			a.rung, a.seen = rung{mode: xdpNone}, Device{}
		}
		changes = append(changes, program+" had been detached by somebody and is attached again")
	}
	return changes
}

// isOn reports whether a link still is on the interface: a detached one has no
// interface any more.
func isOn(l link.Link, ifindex int) bool {
	info, err := l.Info()
	if err != nil {
		return false
	}
	switch info.Type {
	case link.TCXType:
		return int(info.TCX().Ifindex) == ifindex
	case link.XDPType:
		return int(info.XDP().Ifindex) == ifindex
	}
	return false
}

// moved tells of programs of ours that others have taken another place from.
func (a *attachment) moved(now Attachment) (changes []string) {
	for i, place := range []string{now.Ingress, now.Egress} {
		if a.places[i] != "" && a.places[i] != place {
			program := []string{bpfProgCarpIn, bpfProgCarpOut}[i]
			changes = append(changes, fmt.Sprintf("%s is %s at TCX now, before %s", program, place, a.places[i]))
		}
		a.places[i] = place
	}
	return changes
}

// describe asks for the places, which others may have changed. The caller holds
// the mutex.
func (d *Dataplane) describe(ifindex int) Attachment {
	a := d.attached[ifindex]
	att := Attachment{
		Ifindex:  ifindex,
		Name:     a.name,
		Mode:     a.rung.mode,
		Why:      a.rung.why,
		Stays:    a.stays(d.opts.DetachOnStop),
		Tried:    a.rung.tried,
		Warnings: slices.Clone(a.rung.warnings),
		Ingress:  place(ifindex, ebpf.AttachTCXIngress, d.objs.CarpIn),
		Egress:   place(ifindex, ebpf.AttachTCXEgress, d.objs.CarpOut),
	}
	if !isWanted(att.Ingress) {
		att.Warnings = append(att.Warnings, "carp_in is "+att.Ingress+" at TCX ingress: what programs before it take, carpd does not see")
	}
	if !isWanted(att.Egress) {
		att.Warnings = append(att.Warnings, "carp_out is "+att.Egress+" at TCX egress: what programs behind it send, carpd does not fence")
	}
	return att
}
