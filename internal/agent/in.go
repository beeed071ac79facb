package agent

import (
	"errors"
	"net/netip"
	"slices"
	"time"

	"github.com/carpd/carpd/internal/carp"
	"github.com/carpd/carpd/internal/dataplane"
	"github.com/carpd/carpd/internal/election"
	"github.com/carpd/carpd/internal/status"
)

// logGap is the least time between two lines in the log about one reason.
const logGap = 10 * time.Second

// maxPeers bounds what a holder of the key can make us remember.
const maxPeers = 16

// due reports whether it is time to tell of packets of one reason again.
func (g *group) due(r carp.Reason, at time.Time) bool { return again(&g.logged[r], at) }

// again reports whether something that was told last at that instant may be
// told again, and notes it.
func again(last *time.Time, now time.Time) bool {
	if !last.IsZero() && now.Sub(*last) < logGap {
		return false
	}
	*last = now
	return true
}

// onEvent takes one event out of the ring buffer.
func (a *Agent) onEvent(e dataplane.Event) {
	g := a.bySlot[e.Slot]
	if g == nil || g.dev == nil {
		return // The group went away after the kernel had looked it up.
	}
	switch e.Kind {
	case dataplane.Advert:
		a.onAdvert(g, e)
	case dataplane.Claim:
		a.onClaim(g, e)
	case dataplane.VRRPCollision:
		a.onCollision(g, e)
	case dataplane.Forged:
		a.onForged(g, e)
	case dataplane.Moved:
		a.onMoved(g, e)
	}
}

// onForged tells of an advert that the kernel has refused, and counted, because
// its digest fits no key: it may be a peer's with another password.
func (a *Agent) onForged(g *group, e dataplane.Event) {
	a.noteRefusal(g, e)
	a.noteReject(g, e, carp.BadDigest)
}

// onCollision tells of a VRRP router with our id, once in a while.
func (a *Agent) onCollision(g *group, e dataplane.Event) {
	if !g.due(carp.IsVRRP, e.At) {
		return
	}
	a.note(status.Event{Kind: "vrid collision", Group: g.name,
		Text: "a VRRP router " + e.Src.String() + " uses the same id and so the same virtual MAC: choose another vhid"})
	a.Log.Warn().Str("group", g.name).Stringer("peer", e.Src).Msg("vrid collision: choose another vhid")
}

// onAdvert checks an advert in the order of the BSDs; each refusal has its
// reason, and what passes goes to the machine.
func (a *Agent) onAdvert(g *group, e dataplane.Event) {
	adv, err := carp.Parse(e.Payload)
	if err == nil {
		err = a.check(g, adv, e)
	}
	var why carp.Reason
	if errors.As(err, &why) {
		a.reject(g, e, why)
		return
	}
	g.tally.rejected[carp.OK].Add(1)
	a.remember(g, adv, e)
	if !adv.IsBowOut() && g.machine.State() == election.Backup && g.beats(e.Family) {
		g.beat.add(e.At)
	}
	if g.leaving && !adv.IsBowOut() {
		a.yield(g, a.Now())
	}
	if g.removed {
		return
	}
	a.step(g, election.Received{
		Advert:    adv,
		Family:    e.Family,
		From:      e.Src,
		FromGroup: slices.Contains(g.addrs, e.Src),
		Own:       g.source(e.Family),
		At:        e.At,
	})
}

// check refuses what is not a peer's advert of this group.
func (a *Agent) check(g *group, adv carp.Advert, e dataplane.Event) error {
	switch {
	case e.TTL != carp.TTL:
		return carp.BadTTL
	case adv.VHID != g.cfg.VHID:
		return carp.BadVHID
	case a.isEcho(g, adv, e.Src):
		return carp.OwnEcho
	}
	return g.keys.verify(adv, e.At)
}

// isEcho recognises our own adverts by their source. A source that is
// unspecified or a group address may be a BSD's whose parent has no address; it
// is ours only if we sent exactly these bytes.
func (a *Agent) isEcho(g *group, adv carp.Advert, src netip.Addr) bool {
	if src.IsUnspecified() || slices.Contains(g.dev.groupAddrs(), src) {
		return g.echoes.has(adv)
	}
	for _, p := range g.dev.link.Addrs {
		if p.Addr() == src {
			return true
		}
	}
	return false
}

// reject counts a refused advert and tells of it.
func (a *Agent) reject(g *group, e dataplane.Event, r carp.Reason) {
	g.tally.rejected[r].Add(1)
	if r == carp.BadDigest {
		a.noteRefusal(g, e)
	}
	a.noteReject(g, e, r)
}

// noteReject tells of a refused advert, but not of each.
func (a *Agent) noteReject(g *group, e dataplane.Event, r carp.Reason) {
	if !g.due(r, e.At) {
		return
	}
	text := "advert from " + e.Src.String() + " refused: " + r.String()
	a.note(status.Event{Kind: "rejected", Group: g.name, Cause: r.String(), Text: text})
	a.Log.Warn().Str("group", g.name).Stringer("reason", r).Stringer("peer", e.Src).Msg("advert refused")
}

// remember keeps what a peer said of itself, for people.
func (a *Agent) remember(g *group, adv carp.Advert, e dataplane.Event) {
	key := e.Src.String()
	if _, known := g.seen[key]; !known && len(g.seen) >= maxPeers {
		return
	}
	g.seen[key] = peer{at: e.At, family: e.Family, status: status.Peer{
		Address:  key,
		Advbase:  int(adv.Advbase),
		Advskew:  int(adv.Advskew),
		Demotion: int(adv.Demotion),
		LastSeen: a.Wall(e.At),
	}}
}

// onClaim tells of a host that claims an address of ours in ARP. It matters
// while we are MASTER: a peer without virtual MACs claims what it owns.
func (a *Agent) onClaim(g *group, e dataplane.Event) {
	if g.machine.State() != election.Master {
		return
	}
	g.tally.rejected[carp.Claimed].Add(1)
	if !g.due(carp.Claimed, e.At) {
		return
	}
	a.note(status.Event{Kind: "conflict", Group: g.name,
		Text: e.MAC.String() + " claims " + e.Src.String() + " while this node is MASTER"})
	a.Log.Warn().Str("group", g.name).Stringer("mac", e.MAC).Stringer("address", e.Src).Msg("another host claims our address")
}
