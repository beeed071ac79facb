package dataplane

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"
)

// adoptLinks gives the links of the last carpd the new programs: each changes
// from one to the other between two frames. Links whose interface is gone, or
// is not one of this network namespace, are dropped, and groups go with them.
func (d *Dataplane) adoptLinks() error {
	dir := filepath.Join(d.dir, linksDir)
	entries, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("read the pin directory: %w", err)
	}
	for _, e := range entries {
		d.adoptLink(filepath.Join(dir, e.Name()))
	}
	err = errors.Join(d.adoptInterfaces(), d.removeLeft(func(g Group) bool {
		a := d.attached[g.Ifindex]
		return a == nil || a.links[bpfProgCarpIn] == nil
	}))
	if err != nil {
		return fmt.Errorf("adopt the links: %w", err)
	}
	return nil
}

// adoptLink adopts one pinned link, or drops it.
func (d *Dataplane) adoptLink(path string) {
	l, err := link.LoadPinnedLink(path, nil)
	if err != nil {
		d.opts.Log.Warn().Err(err).Str("pin", path).Msg("no link that can be gone on with")
		_ = os.Remove(path)
		return
	}
	ifindex, program := parseLink(filepath.Base(path))
	p, mode, err := d.successor(l, ifindex, program)
	if err == nil {
		err = l.Update(p)
	}
	if err != nil {
		d.opts.Log.Info().Err(err).Str("pin", path).Msg("a link of the last carpd is dropped")
		if err := errors.Join(drop(l), l.Close()); err != nil {
			d.opts.Log.Warn().Err(err).Str("pin", path).Msg("link not dropped")
		}
		return
	}
	a := d.attached[ifindex]
	if a == nil {
		a = &attachment{rung: rung{mode: xdpNone}, links: map[string]link.Link{}}
		d.attached[ifindex] = a
	}
	a.links[program] = l
	if program == bpfProgCarpRx {
		a.rung.mode, a.rung.why = mode, "as the carpd before had it"
	}
}

// parseLink reads the name of a pinned link; see hold.
func parseLink(name string) (ifindex int, program string) {
	number, program, _ := strings.Cut(name, "-")
	ifindex, _ = strconv.Atoi(number)
	return ifindex, program
}

// successor is the program that a link is to run from now on, if the link is
// where its name says; mode is that of XDP.
func (d *Dataplane) successor(l link.Link, ifindex int, program string) (p *ebpf.Program, mode string, err error) {
	info, err := l.Info()
	if err != nil {
		return nil, "", fmt.Errorf("look at the link: %w", err)
	}
	switch program {
	case bpfProgCarpIn:
		return d.objs.CarpIn, "", hooked(info, ifindex, ebpf.AttachTCXIngress)
	case bpfProgCarpOut:
		return d.objs.CarpOut, "", hooked(info, ifindex, ebpf.AttachTCXEgress)
	case bpfProgCarpRx:
		mode, err = xdpHere(info, ifindex)
		if mode == xdpGeneric {
			return d.objs.CarpRxGeneric, mode, err
		}
		return d.objs.CarpRx, mode, err
	}
	return nil, "", errors.New("not a link of ours")
}

// errElsewhere says that the interface of a link is gone or is another one.
var errElsewhere = errors.New("its interface is gone")

// hooked reports an error unless the link is among those of the interface that
// has this number here.
func hooked(info *link.Info, ifindex int, hook ebpf.AttachType) error {
	chain, err := link.QueryPrograms(link.QueryOptions{Target: ifindex, Attach: hook})
	if err != nil {
		return fmt.Errorf("%w: %w", errElsewhere, err)
	}
	if !slices.ContainsFunc(chain.Programs, func(p link.AttachedProgram) bool {
		id, _ := p.LinkID()
		return id == info.ID
	}) {
		return errElsewhere
	}
	return nil
}

// adoptInterfaces takes over what the kernel side knows of the interfaces that
// still have our programs, and removes the rest.
func (d *Dataplane) adoptInterfaces() error {
	var gone []uint32
	err := eachRow(d.objs.CarpLinks, func(key, value []byte) error {
		var ifindex uint32
		var l bpfCarpLink
		err := errors.Join(decodeRow(key, &ifindex), decodeRow(value, &l))
		if d.attached[int(ifindex)] == nil {
			gone = append(gone, ifindex)
		} else {
			d.links[int(ifindex)] = l
			err = errors.Join(err, d.putNear(int(ifindex), l))
		}
		return err
	})
	err = errors.Join(err, eachRow(d.objs.CarpOwn, func(key, _ []byte) error {
		var k bpfCarpOwnKey
		err := decodeRow(key, &k)
		d.ownOf(int(k.Ifindex))[k] = true
		return err
	}))
	for _, ifindex := range gone {
		err = errors.Join(err, ignoreMissing(d.objs.CarpLinks.Delete(ifindex)))
	}
	for ifindex := range d.own {
		if d.attached[ifindex] == nil {
			err = errors.Join(err, d.forgetLink(ifindex))
		}
	}
	for ifindex := range d.links {
		err = errors.Join(err, d.setServed(ifindex, d.attached[ifindex].links[bpfProgCarpRx] != nil))
	}
	return err
}

// ownOf is the set of an interface's own addresses.
func (d *Dataplane) ownOf(ifindex int) map[bpfCarpOwnKey]bool {
	if d.own[ifindex] == nil {
		d.own[ifindex] = map[bpfCarpOwnKey]bool{}
	}
	return d.own[ifindex]
}

// sweepLinks takes the programs off interfaces that nobody attached to.
func (d *Dataplane) sweepLinks() error {
	d.linkMu.Lock()
	var rest []int
	for ifindex, a := range d.attached {
		if !a.claimed {
			rest = append(rest, ifindex)
		}
	}
	d.linkMu.Unlock()
	var errs []error
	for _, ifindex := range rest {
		errs = append(errs, d.Detach(ifindex))
	}
	return errors.Join(errs...)
}
