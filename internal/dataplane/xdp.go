package dataplane

import (
	"errors"
	"fmt"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"
	"golang.org/x/sys/unix"
)

// usualMTU is what every driver with native XDP takes.
const usualMTU = 1500

// settleXDP has carp_rx on the interface in the best mode that can be had, or
// not at all: then carp_in does its work. A program of somebody else is never
// replaced. Nothing is tried again as long as the interface is what it was when
// the mode was chosen, so that a driver which refuses is left in peace.
func (d *Dataplane) settleXDP(a *attachment, ifindex int) error {
	dev, err := d.device(a, ifindex)
	has := a.links[bpfProgCarpRx] != nil
	if err == nil && dev == a.seen || err != nil && has && a.rung.mode != "" {
		return nil
	}
	r := rung{mode: xdpNone, why: "xdp: " + d.opts.XDP + " in the configuration"}
	rest := d.descend(&r, modesFor(d.opts.XDP), dev, err)
	if has && len(rest) > 0 && rest[0] == a.rung.mode {
		r.take(rest[0], d.opts.XDP, dev)
		a.rung, a.seen = r, dev
		return d.setServed(ifindex, true)
	}
	if err := d.dropXDP(a, ifindex); err != nil {
		return err
	}
	l := d.climb(&r, rest, ifindex, dev, err)
	a.rung, a.seen = r, dev
	if r.mode != xdpNative {
		d.restoreTags(ifindex) // What a carpd before may have left.
	}
	if l == nil {
		return nil
	}
	return errors.Join(d.hold(a, l, ifindex, bpfProgCarpRx), d.setServed(ifindex, true))
}

// descend goes down to the first mode that nothing speaks against; rest begins
// with it. A mode that the operator forces is refused only where it cannot be.
func (d *Dataplane) descend(r *rung, modes []string, dev Device, lookErr error) (rest []string) {
	forced := d.opts.XDP != xdpAuto
	for i, mode := range modes {
		switch refusal, why := refuses(mode, dev); {
		case dev.XDP != 0:
			r.skip(mode, Held, foreigner(dev.XDP)+" holds the interface")
		case forced:
			return modes[i:]
		case lookErr != nil:
			r.skip(mode, Unknown, "the interface could not be looked at: "+lookErr.Error())
		case refusal != "":
			r.skip(mode, refusal, why)
		default:
			return modes[i:]
		}
	}
	return nil
}

// climb tries what descend found, and goes on below where that fails. The link
// is nil when no mode could be had.
func (d *Dataplane) climb(r *rung, rest []string, ifindex int, dev Device, lookErr error) link.Link {
	for len(rest) > 0 {
		mode := rest[0]
		l, refusal, why := d.try(mode, ifindex, dev)
		if l != nil {
			r.take(mode, d.opts.XDP, dev)
			return l
		}
		r.skip(mode, refusal, why)
		rest = d.descend(r, rest[1:], dev, lookErr)
	}
	return nil
}

// try attaches in one mode. For native XDP the VLAN tags must be in the frames:
// that is seen to first, and undone if nothing comes of it.
func (d *Dataplane) try(mode string, ifindex int, dev Device) (_ link.Link, refusal Refusal, why string) {
	if mode == xdpNative && dev.TagsBeside && !dev.TagsFixed {
		if err := d.opts.Devices.InlineTags(ifindex); err != nil {
			return nil, Tags, "VLAN tags cannot be kept in the frames: " + err.Error()
		}
	}
	l, err := d.attachIn(mode, ifindex)
	if err == nil {
		return l, "", ""
	}
	d.restoreTags(ifindex)
	refusal, why = refusalOf(mode, err, dev)
	return nil, refusal, why
}

// dropXDP takes carp_rx off; carp_in does its work before it goes.
func (d *Dataplane) dropXDP(a *attachment, ifindex int) error {
	rx := a.links[bpfProgCarpRx]
	if rx == nil {
		return d.setServed(ifindex, false)
	}
	delete(a.links, bpfProgCarpRx)
	err := errors.Join(d.setServed(ifindex, false), drop(rx), rx.Close())
	if a.rung.mode == xdpNative {
		d.restoreTags(ifindex)
	}
	return err
}

// rung is where the ladder ended for an interface.
type rung struct {
	mode, why string
	tried     []Step // the better ones, and why not they
	warnings  []string
}

// skip notes why a mode is not taken.
func (r *rung) skip(mode string, refusal Refusal, why string) {
	r.tried = append(r.tried, Step{Mode: mode, Refusal: refusal, Why: why})
	r.mode, r.why = xdpNone, why
}

// take notes which mode is taken, and why.
func (r *rung) take(mode, wish string, dev Device) {
	if r.mode, r.why = mode, dev.driver()+" has "+mode+" XDP"; wish != xdpAuto {
		r.why, r.warnings = "xdp: "+mode+" in the configuration", warns(mode, dev)
	}
}

// attachIn attaches the program for a mode. The link is nil on an error.
func (d *Dataplane) attachIn(mode string, ifindex int) (link.Link, error) {
	opts := link.XDPOptions{Program: d.objs.CarpRx, Interface: ifindex, Flags: link.XDPDriverMode}
	if mode == xdpGeneric {
		opts.Program, opts.Flags = d.objs.CarpRxGeneric, link.XDPGenericMode
	}
	l, err := link.AttachXDP(opts)
	if err != nil {
		return nil, err
	}
	return l, nil
}

// refusalOf says what an error of the kernel means. Drivers refuse long frames
// with errors of many kinds, so the MTU is named with any.
func refusalOf(mode string, err error, dev Device) (Refusal, string) {
	switch {
	case errors.Is(err, unix.EBUSY), errors.Is(err, unix.EEXIST):
		return Held, "another XDP program holds the interface"
	case errors.Is(err, unix.EOPNOTSUPP):
		return Unsupported, dev.driver() + " has no " + mode + " XDP"
	case mode == xdpNative && dev.MTU > usualMTU:
		return TooLong, fmt.Sprintf("native XDP refused at an MTU of %d: %v", dev.MTU, err)
	}
	return Failed, fmt.Sprintf("%s XDP refused: %v", mode, err)
}

// foreigner names the XDP program of somebody else.
func foreigner(id uint32) string {
	p, err := ebpf.NewProgramFromID(ebpf.ProgramID(id))
	if err != nil {
		return fmt.Sprintf("the XDP program %d of somebody else", id)
	}
	defer func() { _ = p.Close() }()
	info, err := p.Info()
	if err != nil || info.Name == "" {
		return fmt.Sprintf("the XDP program %d of somebody else", id)
	}
	return fmt.Sprintf("the XDP program %s (%d) of somebody else", info.Name, id)
}

// device looks at an interface as it would be without us: neither our own XDP
// program nor what native XDP has changed there counts. Tags that somebody has
// taken out of the frames of native XDP again are put back.
func (d *Dataplane) device(a *attachment, ifindex int) (Device, error) {
	if d.opts.Devices == nil {
		return Device{}, errors.New("nobody looks at interfaces")
	}
	dev, err := d.opts.Devices.Device(ifindex)
	if a.links[bpfProgCarpRx] == nil || err != nil {
		return dev, err
	}
	dev.XDP = 0
	if a.rung.mode == xdpNative {
		dev.TagsFixed = dev.TagsBeside && d.opts.Devices.InlineTags(ifindex) != nil
		dev.TagsBeside = dev.TagsFixed || a.seen.TagsBeside
	}
	return dev, nil
}

// restoreTags has the interface treat VLAN tags as it did before us.
func (d *Dataplane) restoreTags(ifindex int) {
	if d.opts.Devices == nil {
		return
	}
	if err := d.opts.Devices.RestoreTags(ifindex); err != nil {
		d.opts.Log.Warn().Err(err).Int("ifindex", ifindex).Msg("rx-vlan-offload not restored")
	}
}
