package dataplane

import (
	"errors"
	"fmt"
	"net/netip"

	"github.com/cilium/ebpf"

	"github.com/carpd/carpd/internal/carp"
)

// Link is what the kernel side must know of an interface.
type Link struct {
	MAC      carp.MAC // its own
	HasUpper bool     // a bridge, macvlan or the like sits on top of it
	Router   bool     // the host forwards IPv6 that arrives there
}

// SetLink tells the kernel side what it must know of an interface. The groups
// that its MAC stands for have the new one from the next packet on.
func (d *Dataplane) SetLink(ifindex int, link Link) error {
	d.linkMu.Lock()
	defer d.linkMu.Unlock()
	l := d.links[ifindex]
	l.Mac, l.Upper, l.Router = link.MAC, flag(link.HasUpper), flag(link.Router)
	return d.putLink(ifindex, l)
}

// setServed says whether carp_rx does the work of carp_in. The caller holds the
// mutex.
func (d *Dataplane) setServed(ifindex int, xdp bool) error {
	l := d.links[ifindex]
	l.Xdp = flag(xdp)
	return d.putLink(ifindex, l)
}

func (d *Dataplane) putLink(ifindex int, l bpfCarpLink) error {
	if known, ok := d.links[ifindex]; ok && known == l {
		return nil
	}
	if err := errors.Join(d.objs.CarpLinks.Put(uint32(ifindex), l), d.putNear(ifindex, l)); err != nil {
		return fmt.Errorf("describe interface %d: %w", ifindex, err)
	}
	d.links[ifindex] = l
	return nil
}

// nearLinks is CARP_NEAR_LINKS.
const nearLinks = 256

// putNear writes the row in which the kernel finds an interface without a search,
// if no other interface has it. The row counts only while it has its number, so
// that nobody reads half of it.
func (d *Dataplane) putNear(ifindex int, l bpfCarpLink) error {
	row := uint32(ifindex % nearLinks)
	if holder, taken := d.near[row]; taken && holder != ifindex {
		return nil
	}
	d.near[row] = ifindex
	return errors.Join(
		d.objs.CarpNear.Put(row, bpfCarpNearLink{}),
		d.objs.CarpNear.Put(row, bpfCarpNearLink{Link: l}),
		d.objs.CarpNear.Put(row, bpfCarpNearLink{Ifindex: uint32(ifindex), Link: l}),
	)
}

// dropNear empties the row of an interface.
func (d *Dataplane) dropNear(ifindex int) error {
	row := uint32(ifindex % nearLinks)
	if d.near[row] != ifindex {
		return nil
	}
	delete(d.near, row)
	return d.objs.CarpNear.Put(row, bpfCarpNearLink{})
}

// SetOwn tells which addresses the interface has of its own, group addresses
// not counted: adverts may come to them by unicast. It replaces the last list.
func (d *Dataplane) SetOwn(ifindex int, addrs []netip.Addr) error {
	d.linkMu.Lock()
	defer d.linkMu.Unlock()
	want := map[bpfCarpOwnKey]bool{}
	for a := range distinct(addrs) {
		key := bpfCarpOwnKey{Ifindex: uint32(ifindex), Family: bpfCarpFamily(carp.FamilyOf(a))}
		copy(key.Addr[:], a.AsSlice())
		want[key] = true
	}
	return d.putOwn(ifindex, want)
}

// putOwn makes the map hold just these addresses of the interface. The caller
// holds the mutex.
func (d *Dataplane) putOwn(ifindex int, want map[bpfCarpOwnKey]bool) error {
	have := d.own[ifindex]
	var errs []error
	for key := range want {
		if !have[key] {
			errs = append(errs, d.objs.CarpOwn.Put(key, uint32(1)))
		}
	}
	for key := range have {
		if !want[key] {
			errs = append(errs, ignoreMissing(d.objs.CarpOwn.Delete(key)))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("set the addresses of interface %d: %w", ifindex, err)
	}
	d.own[ifindex] = want
	return nil
}

// forgetLink removes what is known of an interface. The caller holds the mutex.
func (d *Dataplane) forgetLink(ifindex int) error {
	err := errors.Join(
		d.putOwn(ifindex, nil),
		d.dropNear(ifindex),
		ignoreMissing(d.objs.CarpLinks.Delete(uint32(ifindex))),
	)
	delete(d.own, ifindex)
	delete(d.links, ifindex)
	return err
}

func ignoreMissing(err error) error {
	if errors.Is(err, ebpf.ErrKeyNotExist) {
		return nil
	}
	return err
}

func flag(b bool) uint8 {
	if b {
		return 1
	}
	return 0
}
