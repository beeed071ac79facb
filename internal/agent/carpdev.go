package agent

import (
	"hash/fnv"
	"net/netip"
	"slices"
	"time"

	"github.com/carpd/carpd/internal/dataplane"
	"github.com/carpd/carpd/internal/iface"
)

// carpdev is an interface that carries groups.
type carpdev struct {
	link       iface.Link
	attachment dataplane.Attachment
	attached   bool
	opening    bool   // a chore attaches the programs
	problem    string // why they could not be attached
	joinErr    error  // why the multicast groups are not joined
	telling    bool   // a chore describes the link to the kernel side
	changed    bool   // and has to do it once more
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

// openCarpdev is the carpdev on an interface; its first group has the programs
// attached.
func (a *Agent) openCarpdev(l iface.Link) *carpdev {
	d := a.carpdevs[l.Index]
	if d == nil {
		d = &carpdev{link: l}
		d.pace = newAlarm(func(now time.Time) { a.sendAnnouncement(d, now) })
		a.carpdevs[l.Index] = d
		a.attach(d)
	}
	return d
}

// closeCarpdev detaches from an interface that carries no group any more.
func (a *Agent) closeCarpdev(d *carpdev) {
	delete(a.carpdevs, d.link.Index)
	a.alarms.stop(d.pace)
	a.detach(d)
	a.relistCarpdevs()
}

// bind puts a group on its carpdev.
func (a *Agent) bind(g *group, l iface.Link) (err error) {
	d := a.openCarpdev(l)
	if g.slot, err = a.Dataplane.AddGroup(kernelGroup(g, l, g.addrs)); err != nil {
		if len(d.groups) == 0 {
			a.closeCarpdev(d)
		}
		return err
	}
	g.dev, g.told, g.toldNodes = d, g.addrs, g.cfg.Nodes
	d.groups = append(d.groups, g)
	a.bySlot[g.slot] = g
	a.recall(g)
	a.tellKeys(g)
	a.addFilter(g)
	a.tellLink(d)
	a.configure(g)
	if g.memory == nil {
		a.tellState(g)
	}
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
	g.serving, g.leaving, g.yielding, g.memory = false, false, false, nil
	a.delFilter(g)
	if err := a.Dataplane.RemoveGroup(g.slot); err != nil {
		a.Log.Error().Err(err).Str("group", g.name).Msg("group not removed from the kernel side")
	}
	delete(a.bySlot, g.slot)
	d.groups = slices.DeleteFunc(d.groups, func(o *group) bool { return o == g })
	g.dev = nil
	a.syncAddresses(g)
	a.syncEntry(g)
	if len(d.groups) == 0 {
		a.closeCarpdev(d)
	}
}

// tell gives the kernel side the addresses of a group. Of those that are new to
// it, a MASTER tells the neighbours.
func (a *Agent) tell(g *group, addrs []netip.Addr) error {
	if g.dev == nil || slices.Equal(g.told, addrs) && slices.Equal(g.toldNodes, g.cfg.Nodes) {
		return nil
	}
	if err := a.Dataplane.ReplaceGroup(g.slot, kernelGroup(g, g.dev.link, addrs)); err != nil {
		return err
	}
	fresh := added(g.told, addrs)
	g.told, g.toldNodes = addrs, g.cfg.Nodes
	if g.serving {
		a.announce(g, fresh, a.Now())
	}
	return nil
}

// kernelGroup is the group as the kernel side needs it.
func kernelGroup(g *group, l iface.Link, addrs []netip.Addr) dataplane.Group {
	return dataplane.Group{
		Ifindex: l.Index, VHID: g.cfg.VHID, Addresses: addrs,
		Physical: g.cfg.Physical, Balancing: g.cfg.Balancing, Nodes: g.cfg.Nodes,
	}
}

// tieWait is this node's own fraction of a second: 16 bits hashed from the
// NIC's address, so that two equal nodes do not wait equally long.
func tieWait(l iface.Link) time.Duration {
	h := fnv.New32a()
	h.Write(l.MAC[:])
	return time.Duration(uint16(h.Sum32())) * time.Second / (1 << 16)
}
