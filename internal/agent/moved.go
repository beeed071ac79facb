package agent

import (
	"time"

	"github.com/carpd/carpd/internal/carp"
	"github.com/carpd/carpd/internal/dataplane"
	"github.com/carpd/carpd/internal/iface"
	"github.com/carpd/carpd/internal/status"
)

// forwardingLook is how often the kernel is asked whether it forwards IPv6.
const forwardingLook = 5 * time.Second

// lookAtForwarding has the kernel side told again what it must know of all
// carpdevs: whether the host is a router is a setting of which there is no news,
// and answers about IPv6 addresses tell it to the neighbours.
func (a *Agent) lookAtForwarding(now time.Time) {
	for _, d := range a.carpdevs {
		a.tellLink(d)
	}
	a.alarms.set(a.forwards, now.Add(forwardingLook))
}

// onMoved announces one address at once, before those that wait: a frame with the
// group's virtual MAC as source came in from outside, so the switch now sends our
// traffic there. One announcement is enough to move its entry back. The kernel
// tells of this ten times a second at most, so somebody who goes on is answered
// at that pace and no faster. A shared address is not announced; there the next
// advert moves the entry.
func (a *Agent) onMoved(g *group, e dataplane.Event) {
	now := a.Now()
	if a.fence(g, now) || !g.serving || len(g.addrs) == 0 {
		return // It is rightly elsewhere by now.
	}
	if !g.isShared() {
		a.announceOne(g.dev, announcement{g, g.addrs[0]})
	}
	if !g.due(carp.Moved, e.At) {
		return
	}
	a.note(status.Event{Kind: "moved", Group: g.name, Cause: carp.Moved.String(),
		Text: "a frame from outside had the virtual MAC as its source: the switch is told again where it is"})
	a.Log.Warn().Str("group", g.name).Stringer("mac", frameMAC(g.cfg)).Msg("virtual MAC seen elsewhere")
}

// mac is the MAC that stands for the group now: the interface's own, if the
// configuration says so, or the virtual one.
func (g *group) mac() carp.MAC {
	if g.cfg.Physical && g.dev != nil {
		return g.dev.link.MAC
	}
	return frameMAC(g.cfg)
}

// onNewMAC announces the addresses of those groups that an interface's own MAC
// stands for, when it is another one. The kernel side is told by tellLink.
func (a *Agent) onNewMAC(d *carpdev, was iface.Link, now time.Time) {
	if was.MAC == d.link.MAC {
		return
	}
	for _, g := range d.groups {
		if g.cfg.Physical && g.serving && !a.fence(g, now) {
			a.announce(g, g.addrs, now)
		}
	}
}
