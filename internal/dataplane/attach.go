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
	Ifindex int
	Name    string
	Mode    string // native, generic or none
	Why     string // why this mode
	Ingress string // place of carp_in among the TCX programs, such as "first of 2"
	Egress  string // place of carp_out, such as "last of 1"
}

// attachment are the links on one interface.
type attachment struct {
	name      string
	mode, why string
	links     map[string]link.Link // by the name of the program
	claimed   bool                 // Attach was called, so that Sweep leaves it
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

// Attach puts the three programs onto an interface. The name is the present one
// and serves to ask the driver. Where XDP cannot be had, TCX does its work and
// the attachment says why. Attaching twice changes nothing.
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
				fmt.Errorf("attach to %s: %w", name, err), a.detach(), d.forgetLink(ifindex))
		}
		d.attached[ifindex] = a
	}
	return d.describe(ifindex), nil
}

// attach goes from TCX to XDP: carp_in does all of it until XDP is said to be
// there, so that no frame falls between the two. What the last carpd left there
// stays and is only completed.
func (d *Dataplane) attach(a *attachment, ifindex int) error {
	if err := d.setServed(ifindex, a.links[bpfProgCarpRx] != nil); err != nil {
		return err
	}
	for _, o := range []link.TCXOptions{
		{Program: d.objs.CarpIn, Attach: ebpf.AttachTCXIngress, Anchor: link.Head()},
		{Program: d.objs.CarpOut, Attach: ebpf.AttachTCXEgress, Anchor: link.Tail()},
	} {
		o.Interface = ifindex
		if err := d.attachTCX(a, o); err != nil {
			return err
		}
	}
	if keep, err := d.keepXDP(a, ifindex); keep || err != nil {
		return err
	}
	var rx link.Link
	rx, a.mode, a.why = d.attachXDP(ifindex, a.name)
	if rx == nil {
		return nil
	}
	if err := d.hold(a, rx, ifindex, bpfProgCarpRx); err != nil {
		return err
	}
	return d.setServed(ifindex, true)
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
	if err := errors.Join(a.detach(), d.forgetLink(ifindex)); err != nil {
		return fmt.Errorf("detach from %s: %w", a.name, err)
	}
	return nil
}

// Attachment tells what sits on an interface now; false if we are not on it.
func (d *Dataplane) Attachment(ifindex int) (Attachment, bool) {
	d.linkMu.Lock()
	defer d.linkMu.Unlock()
	if d.attached[ifindex] == nil {
		return Attachment{}, false
	}
	return d.describe(ifindex), true
}

// describe asks for the places, which others may have changed. The caller holds
// the mutex.
func (d *Dataplane) describe(ifindex int) Attachment {
	a := d.attached[ifindex]
	return Attachment{
		Ifindex: ifindex,
		Name:    a.name,
		Mode:    a.mode,
		Why:     a.why,
		Ingress: place(ifindex, ebpf.AttachTCXIngress, d.objs.CarpIn),
		Egress:  place(ifindex, ebpf.AttachTCXEgress, d.objs.CarpOut),
	}
}

// place is where a program stands among those of a TCX hook.
func place(ifindex int, hook ebpf.AttachType, p *ebpf.Program) string {
	info, err := p.Info()
	if err != nil {
		return "unknown"
	}
	id, _ := info.ID()
	chain, err := link.QueryPrograms(link.QueryOptions{Target: ifindex, Attach: hook})
	if err != nil {
		return "unknown"
	}
	for i, other := range chain.Programs {
		if other.ID == id {
			return placeText(i, len(chain.Programs), hook == ebpf.AttachTCXIngress)
		}
	}
	return "not attached"
}

// placeText puts the end that is wanted first: ingress wants to be first,
// egress last.
func placeText(i, n int, ingress bool) string {
	switch {
	case ingress && i == 0:
		return fmt.Sprintf("first of %d", n)
	case !ingress && i == n-1:
		return fmt.Sprintf("last of %d", n)
	default:
		return fmt.Sprintf("number %d of %d", i+1, n)
	}
}
