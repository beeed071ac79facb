package agent

import (
	"net/netip"
	"slices"

	"github.com/carpd/carpd/internal/carp"
	"github.com/carpd/carpd/internal/election"
	"github.com/carpd/carpd/internal/iface"
	"github.com/carpd/carpd/internal/transport"
)

// echoDepth is how many of its own adverts a group remembers.
const echoDepth = 16

// echoes remembers the last adverts sent, to know them when they come back.
type echoes struct {
	sent [echoDepth]carp.Advert
	next int
}

// add remembers an advert in place of the oldest.
func (e *echoes) add(a carp.Advert) {
	e.sent[e.next] = a
	e.next = (e.next + 1) % echoDepth
}

// has reports whether exactly this advert was sent lately.
func (e *echoes) has(a carp.Advert) bool { return slices.Contains(e.sent[:], a) }

// sendRound sends an advert in every family, and only then extends the lease,
// counted from the clock that was read before the first was sent.
func (a *Agent) sendRound(g *group, adv carp.Advert) {
	if !g.serving {
		g.advert = adv // the takeover will send the newest
		return
	}
	began := a.Now()
	if !a.send(g, adv) {
		return
	}
	g.leased = true
	a.step(g, election.Sent{At: began})
	a.extendLease(g)
	a.noteWhole(g)
}

// send sends one advert in every family of the group, each with a counter of
// its own, and reports whether all of them left.
func (a *Agent) send(g *group, adv carp.Advert) bool {
	if g.dev == nil {
		return false
	}
	ok := true
	for _, f := range g.families() {
		adv.Counter = a.nextCounter()
		g.keys.sign(&adv, a.Now())
		g.echoes.add(adv)
		a.Dataplane.Sent(g.slot, adv.Counter)
		err := a.Transport.SendAdvert(a.outgoing(g, f, adv))
		ok = ok && err == nil
		a.count(g, f, adv, err)
	}
	a.judgeSending(g)
	return ok
}

// count notes what became of an advert.
func (a *Agent) count(g *group, f carp.Family, adv carp.Advert, err error) {
	switch {
	case err != nil:
		g.tally.errors.Add(1)
		a.Log.Warn().Err(err).Str("group", g.name).Stringer("family", f).Msg("advert not sent")
	case adv.IsBowOut():
		g.tally.bowOuts.Add(1)
	default:
		g.tally.adverts.Add(1)
		if g.beats(f) {
			g.beat.add(a.Now())
		}
	}
	if !adv.IsBowOut() {
		g.sending.note(f, err)
	}
}

// outgoing puts an advert into its envelope: to the multicast group, from our
// first own address and from the virtual MAC, unless switches must not learn it.
func (a *Agent) outgoing(g *group, f carp.Family, adv carp.Advert) transport.Outgoing {
	return transport.Outgoing{
		Ifindex: g.dev.link.Index,
		Family:  f,
		Src:     g.source(f),
		Dst:     f.Group(),
		SrcMAC:  g.advertMAC(),
		DstMAC:  f.GroupMAC(),
		Payload: adv.AppendTo(nil),
	}
}

// source is the address that adverts of a family come from: the carpdev's first
// own address, or a group address if it has none, as the BSDs do.
func (g *group) source(f carp.Family) netip.Addr {
	if src := iface.Source(f, g.dev.link, g.dev.groupAddrs()); src.IsValid() {
		return src
	}
	for _, addr := range g.addrs {
		if carp.FamilyOf(addr) == f {
			return addr
		}
	}
	return netip.Addr{}
}

// counterGap is the least distance between two of our counters. A BSD adopts the
// counter that it hears and counts on from it by one for each advert: it must
// hear our next long before it would arrive there, or its advert would be taken
// for our own.
const counterGap = 1024

// nextCounter is strictly increasing, across restarts too: the nanoseconds of
// the wall clock, or a step above the last if that clock stands or was set back.
// It is never taken over from a peer.
func (a *Agent) nextCounter() uint64 {
	a.counter = max(a.counter+counterGap, uint64(a.Wall(a.Now()).UnixNano()))
	return a.counter
}
