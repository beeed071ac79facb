package agent

import (
	"fmt"
	"net/netip"
	"slices"
	"time"

	"github.com/carpd/carpd/internal/iface"
)

// An address of a group that carpd finds on an interface and has not put there
// is the operator's. The programs keep the kernel silent for it while they are
// attached, but before and after that the kernel answers with the NIC's MAC, on
// every node that has the address: people must know, and what helps.

// standingWait is how long an address must be there unexplained before it is told:
// a picture of the interfaces may be older than what we have just removed.
const standingWait = time.Second

// standing is a group address that is on an interface without us.
type standing struct {
	addr   netip.Addr
	ifname string
}

// String is what people read of it.
func (s standing) String() string {
	return fmt.Sprintf("%s is on %s, not by carpd: before carpd runs and after it was stopped the kernel answers for it; "+
		"carpd check --live prints rules against that", s.addr, s.ifname)
}

// lookForStanding has every group look for its addresses, a little later.
func (a *Agent) lookForStanding() {
	if a.finding.index < 0 {
		a.alarms.set(a.finding, a.Now().Add(standingWait))
	}
}

// settled reports whether what the last carpd left is claimed or gone, and no
// address is on its way: until then nobody can say whose an address is.
func (a *Agent) settled() bool {
	if !a.swept {
		return false
	}
	for _, d := range a.carpdevs {
		if d.opening {
			return false
		}
	}
	for _, g := range a.groups {
		if g.addresses.busy {
			return false
		}
	}
	return true
}

// findStanding notes for every group which of its addresses are there without us.
func (a *Agent) findStanding() {
	if !a.settled() {
		a.lookForStanding()
		return
	}
	ours := a.placed()
	for _, g := range a.groups {
		found := a.standingOf(g, ours)
		if slices.Equal(found, g.standing) {
			continue
		}
		g.standing = found
		if len(found) > 0 {
			a.tellStanding(g)
		}
		a.publish(g)
	}
}

// standingOf are the addresses of a group that are there without us.
func (a *Agent) standingOf(g *group, ours map[place]bool) (out []standing) {
	if g.dev == nil || g.ending {
		return nil
	}
	for _, addr := range g.addrs {
		for _, index := range a.where.Answers(g.dev.link.Index, addr) {
			if l, ok := a.sys.ByIndex(index); ok && !ours[place{index, addr}] {
				out = append(out, standing{addr, l.Name})
			}
		}
	}
	return out
}

// place is an address on an interface.
type place struct {
	ifindex int
	addr    netip.Addr
}

// placed are the addresses that are where they are because of us: also those
// that a group is about to let go.
func (a *Agent) placed() map[place]bool {
	ours := map[place]bool{}
	for _, g := range a.groups {
		for _, p := range g.addresses.have {
			if !slices.Contains(g.addresses.foreign, p.Addr()) {
				ours[place{g.addresses.ifindex, p.Addr()}] = true
			}
		}
	}
	return ours
}

// tellStanding writes it to the log, with the rules that keep the kernel silent
// at boot.
func (a *Agent) tellStanding(g *group) {
	var rules iface.BootRules
	var on []string
	told := map[netip.Addr]bool{}
	for _, s := range g.standing {
		on = append(on, s.addr.String()+" on "+s.ifname)
		if !told[s.addr] {
			rules.Add(g.dev.link.Name, s.addr)
		}
		told[s.addr] = true
	}
	a.Log.Warn().Str("group", g.name).Strs("addresses", on).Str("nft", rules.String()).
		Msg("group addresses are configured without carpd: the kernel answers for them before carpd runs and after it was stopped")
}
