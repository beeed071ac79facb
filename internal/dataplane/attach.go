package dataplane

import (
	"errors"
	"fmt"
	"path/filepath"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"
)

// Attachment tells what sits on an interface, for status.
type Attachment struct {
	Ifindex  int
	Name     string
	Mode     string   // native, generic or none
	Why      string   // why this mode
	Stays    bool     // the XDP program stays, idle, when carpd is stopped
	Tried    []Step   // the better modes, and why not they
	Warnings []string // what people should know of it
	Ingress  string   // place of carp_in among the TCX programs, such as "first of 2"
	Egress   string   // place of carp_out, such as "last of 1"
	Changes  []string // what a look has repaired or improved, or found changed
}

// attachment are the links on one interface.
type attachment struct {
	name    string
	rung    rung
	seen    Device               // what it was when the rung was chosen
	places  [2]string            // where carp_in and carp_out were at the last look
	links   map[string]link.Link // by the name of the program
	claimed bool                 // Attach was called, so that Sweep leaves it
}

// close gives back the file descriptors; what is pinned stays attached.
func (a *attachment) close() error {
	var errs []error
	for _, l := range a.links {
		errs = append(errs, l.Close())
	}
	return errors.Join(errs...)
}

// detach takes the programs off the interface.
func (a *attachment) detach() error {
	var errs []error
	for _, l := range a.links {
		errs = append(errs, drop(l), l.Close())
	}
	return errors.Join(errs...)
}

// Attach puts the three programs onto an interface. Where XDP cannot be had, TCX
// does its work and the attachment says why. Attaching twice changes nothing.
func (d *Dataplane) Attach(ifindex int, name string) (Attachment, error) {
	d.linkMu.Lock()
	defer d.linkMu.Unlock()
	a := d.attached[ifindex]
	if a == nil {
		a = &attachment{links: map[string]link.Link{}}
	}
	if !a.claimed {
		a.name, a.claimed = name, true
		if err := d.attach(a, ifindex); err != nil {
			delete(d.attached, ifindex)
			return Attachment{}, errors.Join(
				fmt.Errorf("attach to %s: %w", name, err), d.takeOff(a, ifindex))
		}
		d.attached[ifindex] = a
	}
	att := d.describe(ifindex)
	a.moved(att)
	return att, nil
}

// attach goes from TCX to XDP: carp_in does all of it until XDP is said to be
// there, so that no frame falls between the two. What the last carpd left there
// stays and is only completed.
func (d *Dataplane) attach(a *attachment, ifindex int) error {
	if err := d.setServed(ifindex, a.links[bpfProgCarpRx] != nil); err != nil {
		return err
	}
	if err := d.attachBoth(a, ifindex); err != nil {
		return err
	}
	return d.settleXDP(a, ifindex)
}

// attachBoth attaches the programs that TCX runs, where they are not there.
func (d *Dataplane) attachBoth(a *attachment, ifindex int) error {
	for _, o := range []link.TCXOptions{
		{Program: d.objs.CarpIn, Attach: ebpf.AttachTCXIngress, Anchor: link.Head()},
		{Program: d.objs.CarpOut, Attach: ebpf.AttachTCXEgress, Anchor: link.Tail()},
	} {
		o.Interface = ifindex
		if err := d.attachTCX(a, o); err != nil {
			return err
		}
	}
	return nil
}

// attachTCX attaches one of the two programs that TCX runs, if it is not there.
func (d *Dataplane) attachTCX(a *attachment, o link.TCXOptions) error {
	name := bpfProgCarpIn
	if o.Attach == ebpf.AttachTCXEgress {
		name = bpfProgCarpOut
	}
	if a.links[name] != nil {
		return nil
	}
	l, err := link.AttachTCX(o)
	if err != nil {
		return err
	}
	return d.hold(a, l, o.Interface, name)
}

// hold pins a link and remembers it.
func (d *Dataplane) hold(a *attachment, l link.Link, ifindex int, program string) error {
	a.links[program] = l
	path := filepath.Join(d.dir, linksDir, fmt.Sprintf("%d-%s", ifindex, program))
	if err := l.Pin(path); err != nil {
		return fmt.Errorf("pin the link of %s: %w", program, err)
	}
	return nil
}

// Detach takes the programs off an interface and forgets it, also when it has
// vanished. Groups on it stay until they are removed.
func (d *Dataplane) Detach(ifindex int) error {
	d.linkMu.Lock()
	defer d.linkMu.Unlock()
	a := d.attached[ifindex]
	if a == nil {
		return nil
	}
	delete(d.attached, ifindex)
	if err := d.takeOff(a, ifindex); err != nil {
		return fmt.Errorf("detach from %s: %w", a.name, err)
	}
	return nil
}

// takeOff takes the programs off an interface, which treats VLAN tags as before
// from then on, and forgets it.
func (d *Dataplane) takeOff(a *attachment, ifindex int) error {
	err := a.detach()
	if a.rung.mode == xdpNative {
		d.restoreTags(ifindex)
	}
	return errors.Join(err, d.forgetLink(ifindex))
}
