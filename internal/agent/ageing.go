package agent

import (
	"net/netip"
	"time"
)

// A switch forgets a MAC that it has not seen for a while, and a host an address,
// so a MASTER announces each of its addresses again once per period. A group's
// addresses are spread over the period, and groups begin at different points of
// it, so that many of them make no burst.

// startAgeing begins the period. The announcements of a takeover stand at its
// beginning, so that the first address is due after a part of it.
func (a *Agent) startAgeing(g *group, now time.Time) {
	g.aged = 0
	if g.agePause() == 0 {
		a.alarms.stop(g.ageing)
		return
	}
	a.alarms.set(g.ageing, now.Add(g.ageFirst()))
}

// agePause is the time from one address to the next; 0 is never. Addresses that
// several groups share are not announced: every host would learn one MAC.
func (g *group) agePause() time.Duration {
	if len(g.addrs) == 0 || g.isShared() {
		return 0
	}
	return g.cfg.AnnounceEvery / time.Duration(len(g.addrs))
}

// ageFirst is a fraction of the pause that depends on the slot: the golden ratio
// spreads consecutive slots evenly.
func (g *group) ageFirst() time.Duration {
	const golden = 0x9e3779b1 // 2^32 divided by it
	fraction := uint32(g.slot) * golden
	return time.Duration(float64(g.agePause()) * float64(fraction) / (1 << 32))
}

// announceAgain announces the address whose turn it is.
func (a *Agent) announceAgain(g *group, now time.Time) {
	pause := g.agePause()
	if pause == 0 || a.fence(g, now) || !g.serving || g.dev == nil {
		return
	}
	a.alarms.set(g.ageing, now.Add(pause))
	a.announce(g, []netip.Addr{g.addrs[g.aged%len(g.addrs)]}, now)
	g.aged++
}
