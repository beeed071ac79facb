package agent

import (
	"net/netip"
	"time"

	"github.com/carpd/carpd/internal/carp"
)

// announceAt is when each address is announced after a takeover: at once, and
// again for switches and hosts that missed it, the last time late enough for a
// port that was still being brought up.
var announceAt = []time.Duration{0, 100 * time.Millisecond, 300 * time.Millisecond, time.Second, 3 * time.Second}

// announcePace is the least time between two announcements on one carpdev.
const announcePace = time.Millisecond

// announcement is one gratuitous ARP or unsolicited NA that waits for its turn.
type announcement struct {
	g    *group
	addr netip.Addr
}

// startAnnouncing begins the rounds of announcements of a new MASTER.
func (a *Agent) startAnnouncing(g *group, now time.Time) {
	g.announced = 0
	g.masterFrom = now
	a.announceRound(g, now)
	a.startAgeing(g, now)
}

// announceRound queues one announcement of every address and sets the alarm
// for the next round.
func (a *Agent) announceRound(g *group, now time.Time) {
	if a.fence(g, now) || !g.serving || g.dev == nil {
		return
	}
	a.announce(g, g.addrs, now)
	if g.announced++; g.announced < len(announceAt) {
		a.alarms.set(g.announcing, g.masterFrom.Add(announceAt[g.announced]))
	}
}

// announce queues announcements on the carpdev of the group.
func (a *Agent) announce(g *group, addrs []netip.Addr, now time.Time) {
	if g.isShared() {
		return
	}
	for _, addr := range addrs {
		g.dev.queue = append(g.dev.queue, announcement{g, addr})
	}
	if g.dev.pace.index < 0 {
		a.sendAnnouncement(g.dev, now)
	}
}

// sendAnnouncement sends the first in the queue and makes what follows wait,
// whether it is queued already or not.
func (a *Agent) sendAnnouncement(d *carpdev, now time.Time) {
	for len(d.queue) > 0 {
		next := d.queue[0]
		d.queue = d.queue[1:]
		if !a.fence(next.g, now) && next.g.serving && next.g.dev == d {
			a.announceOne(d, next)
			a.alarms.set(d.pace, now.Add(announcePace))
			return
		}
	}
}

// announceOne sends one announcement, from and with the MAC that stands for the
// group.
func (a *Agent) announceOne(d *carpdev, n announcement) {
	router := carp.FamilyOf(n.addr) == carp.IPv6 && a.Router(d.link.Name)
	if err := a.Transport.Announce(d.link.Index, n.g.mac(), n.addr, router); err != nil {
		n.g.tally.errors.Add(1)
		a.Log.Warn().Err(err).Str("group", n.g.name).Str("carpdev", d.link.Name).Msg("announcement not sent")
		return
	}
	n.g.tally.announce.Add(1)
}
