package election

import (
	"time"

	"github.com/carpd/carpd/internal/carp"
)

// SentSkew is the advskew that is advertised and compared with: raised above
// 240 while this node is demoted, so that peers which do not read byte 4
// (FreeBSD, NetBSD, UCarp) see it too.
func (m *Machine) SentSkew() uint8 {
	if m.demotion > 0 {
		return carp.DemotedSkew(m.params.Advskew)
	}
	return m.params.Advskew
}

// demoteByte is byte 4 of the advert, which OpenBSD compares before the times.
func (m *Machine) demoteByte() uint8 { return uint8(min(m.demotion, 255)) }

// Advert is what this node says of itself now. Counter and Digest are zero.
func (m *Machine) Advert() carp.Advert {
	return carp.Advert{
		VHID:     m.params.VHID,
		Advbase:  m.params.Advbase,
		Advskew:  m.SentSkew(),
		Demotion: m.demoteByte(),
	}
}

// bowOut is the last advert of a MASTER that leaves: a time that loses against
// every BACKUP (OpenBSD ip_carp.c: carp_send_ad with advbase and advskew 255).
func (m *Machine) bowOut() carp.Advert {
	a := m.Advert()
	a.Advbase, a.Advskew = carp.BowOut, carp.BowOut
	return a
}

// send orders a round of adverts.
func (m *Machine) send(fx *Effects) {
	fx.Send, fx.Advert = true, m.Advert()
}

// demoted takes the new sum of demotions. A MASTER tells its peers of a worse
// health at once (FreeBSD ip_carp.c: carp_demote_adj); a better one can wait
// for the next advert. In the other states the next advert heard decides.
func (m *Machine) demoted(now time.Time, total int) Effects {
	before := m.demotion
	m.demotion = max(0, total)
	fx := m.stay(Cause{Kind: CauseDemotion, MyDemotion: m.demotion})
	if m.state == Master && m.demotion > before {
		m.lead.round = now
		m.send(&fx)
	}
	return fx
}
