package agent

import (
	"errors"
	"hash/fnv"
	"net/netip"
	"slices"
	"sort"
	"time"

	"github.com/carpd/carpd/internal/dataplane"
	"github.com/carpd/carpd/internal/iface"
	"github.com/carpd/carpd/internal/status"
)

// carpdev is an interface that carries groups.
type carpdev struct {
	link       iface.Link
	attachment dataplane.Attachment
	groups     []*group
	queue      []announcement
	pace       *alarm
}

// groupAddrs are the addresses of all groups on the interface: they are nobody's
// own, and never a source to tell nodes apart by.
func (d *carpdev) groupAddrs() (out []netip.Addr) {
	for _, g := range d.groups {
		out = append(out, g.addrs...)
	}
	return out
}

// openCarpdev joins the multicast groups and attaches the programs.
func (a *Agent) openCarpdev(l iface.Link) (*carpdev, error) {
	if d := a.carpdevs[l.Index]; d != nil {
		return d, nil
	}
	d := &carpdev{link: l}
	d.pace = newAlarm(func(now time.Time) { a.sendAnnouncement(d, now) })
	att, err := a.Dataplane.Attach(l.Index, l.Name)
	if err != nil {
		return nil, err
	}
	d.attachment = att
	if err := a.Transport.Join(l.Index); err != nil {
		a.Log.Warn().Err(err).Str("carpdev", l.Name).Msg("multicast groups not joined")
	}
	a.carpdevs[l.Index] = d
	a.tellLink(d)
	return d, nil
}

// closeCarpdev detaches from an interface that carries no group any more.
func (a *Agent) closeCarpdev(d *carpdev) {
	delete(a.carpdevs, d.link.Index)
	a.alarms.stop(d.pace)
	a.Transport.Leave(d.link.Index)
	if err := a.Dataplane.Detach(d.link.Index); err != nil {
		a.Log.Warn().Err(err).Str("carpdev", d.link.Name).Msg("programs not detached")
	}
	a.relistCarpdevs()
}

// tellLink tells the kernel side what it must know of the interface.
func (a *Agent) tellLink(d *carpdev) {
	own := make([]netip.Addr, 0, len(d.link.Addrs))
	groups := d.groupAddrs()
	for _, p := range d.link.Addrs {
		if !slices.Contains(groups, p.Addr()) {
			own = append(own, p.Addr())
		}
	}
	err := errors.Join(a.Dataplane.SetLink(d.link.Index, d.link.MAC, len(d.link.Uppers) > 0),
		a.Dataplane.SetOwn(d.link.Index, own))
	if err != nil {
		a.Log.Error().Err(err).Str("carpdev", d.link.Name).Msg("link not told to the kernel side")
	}
	a.relistCarpdevs()
}

// bind puts a group on its carpdev.
func (a *Agent) bind(g *group, l iface.Link) error {
	d, err := a.openCarpdev(l)
	if err != nil {
		return err
	}
	g.slot, err = a.Dataplane.AddGroup(a.kernelGroup(g, l))
	if err != nil {
		if len(d.groups) == 0 {
			a.closeCarpdev(d)
		}
		return err
	}
	g.dev = d
	d.groups = append(d.groups, g)
	a.bySlot[g.slot] = g
	if err := a.Addresses.AddFilter(l.Index, g.cfg.VHID.MAC()); err != nil {
		a.Log.Warn().Err(err).Str("group", g.name).Msg("virtual MAC not in the interface's filter")
	}
	a.tellLink(d)
	a.configure(g)
	a.tellState(g)
	return nil
}

// unbind takes a group off its carpdev, which may be gone already.
func (a *Agent) unbind(g *group) {
	d := g.dev
	if d == nil {
		return
	}
	for _, al := range g.alarms() {
		a.alarms.stop(al)
	}
	g.serving, g.leaving = false, false
	if err := a.Addresses.DelFilter(d.link.Index, g.cfg.VHID.MAC()); err != nil {
		a.Log.Debug().Err(err).Str("group", g.name).Msg("filter entry not removed")
	}
	if err := a.Dataplane.RemoveGroup(g.slot); err != nil {
		a.Log.Error().Err(err).Str("group", g.name).Msg("group not removed from the kernel side")
	}
	delete(a.bySlot, g.slot)
	d.groups = slices.DeleteFunc(d.groups, func(o *group) bool { return o == g })
	g.dev = nil
	a.syncAddresses(g)
	if len(d.groups) == 0 {
		a.closeCarpdev(d)
	}
}

// kernelGroup is the group as the kernel side needs it.
func (a *Agent) kernelGroup(g *group, l iface.Link) dataplane.Group {
	return dataplane.Group{Ifindex: l.Index, VHID: g.cfg.VHID, Addresses: g.addrs}
}

// tieWait is this node's own fraction of a second: 16 bits hashed from the
// NIC's address, so that two equal nodes do not wait equally long.
func tieWait(l iface.Link) time.Duration {
	h := fnv.New32a()
	h.Write(l.MAC[:])
	return time.Duration(uint16(h.Sum32())) * time.Second / (1 << 16)
}

// relistCarpdevs publishes the list of carpdevs.
func (a *Agent) relistCarpdevs() {
	list := []status.Carpdev{}
	for _, d := range a.carpdevs {
		if att, ok := a.Dataplane.Attachment(d.link.Index); ok {
			d.attachment = att
		}
		list = append(list, status.Carpdev{
			Name: d.link.Name, Index: d.link.Index, Up: d.link.Up, MAC: d.link.MAC.String(),
			XDP: d.attachment.Mode, XDPWhy: d.attachment.Why,
			Ingress: d.attachment.Ingress, Egress: d.attachment.Egress, Uppers: d.link.Uppers,
		})
	}
	sort.Slice(list, func(i, j int) bool { return list[i].Name < list[j].Name })
	a.devs.Store(&list)
}

// Carpdevs are the interfaces in use as they were published last.
func (a *Agent) Carpdevs() []status.Carpdev {
	if list := a.devs.Load(); list != nil {
		return *list
	}
	return []status.Carpdev{}
}
