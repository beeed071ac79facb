package agent

import (
	"slices"
	"time"

	"github.com/carpd/carpd/internal/carp"
	"github.com/carpd/carpd/internal/config"
)

// Groups that share addresses are each a group of its own: it is elected,
// leased and counted alone. What differs is said here.

// frameMAC is the MAC that frames for the group come to. Where every node gets
// every frame, all groups of a share have one.
func frameMAC(c config.Group) carp.MAC {
	if c.Balancing.SharesFrames() {
		return c.Balancing.MAC(c.Nodes[0])
	}
	return c.VHID.MAC()
}

// advertMAC is the Ethernet source of the group's adverts. No switch may learn
// the MAC of a share that it is to flood.
func (g *group) advertMAC() carp.MAC {
	if b := g.cfg.Balancing; b == carp.BalanceIP || b == carp.BalanceIPStealth {
		return g.dev.link.MAC
	}
	return g.mac()
}

// sharesFilter reports whether another group on the carpdev needs the same entry
// in its filter.
func (g *group) sharesFilter() bool {
	return slices.ContainsFunc(g.dev.groups, func(o *group) bool {
		return o != g && frameMAC(o.cfg) == frameMAC(g.cfg)
	})
}

// isShared reports whether other groups have the same addresses. They are not
// announced: every host would learn the MAC of one node.
func (g *group) isShared() bool { return g.cfg.Balancing != carp.BalanceNone }

// acceptUntil is until when frames are taken in without the lease that answers
// need: by a node that takes over or hands over. Where every node gets every
// frame two of them would take the same one, so there it is never.
func (g *group) acceptUntil(then time.Time) time.Time {
	if g.cfg.Balancing.SharesFrames() {
		return time.Time{}
	}
	return then
}

// beginsAnew reports whether new settings are more than a running group can
// change: what its neighbours know it by.
func beginsAnew(was, is config.Group) bool {
	return was.Physical != is.Physical || was.Balancing != is.Balancing || frameMAC(was) != frameMAC(is)
}
