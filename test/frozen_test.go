package test

import (
	"context"
	"fmt"
	"maps"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/carpd/carpd/internal/carp"
	"github.com/carpd/carpd/internal/lab"
	"github.com/carpd/carpd/internal/status"
)

// speech counts, in the kernel and where they come in at the switch, the frames of
// a node that have a virtual address as their source, by what they are.
type speech struct {
	s     *site
	kinds map[string]*lab.Tally
}

// matches for what a node says from the virtual addresses.
var (
	fromIPv4  = lab.Match{{At: 12, Want: []byte{0x08, 0x00}}, {At: 26, Want: lab.Virtual4.Addr().AsSlice()}}
	fromIPv6  = lab.Match{{At: 12, Want: []byte{0x86, 0xdd}}, {At: 22, Want: lab.Virtual6.Addr().AsSlice()}}
	fromARP   = lab.Match{{At: 12, Want: []byte{0x08, 0x06}}, {At: 28, Want: lab.Virtual4.Addr().AsSlice()}}
	utterings = map[string]lab.Match{
		"IPv4":                    fromIPv4,
		"IPv6":                    fromIPv6,
		"UDP":                     with(fromIPv4, 23, 17),
		"UDP of IPv6":             with(fromIPv6, 20, 17),
		"echo requests":           with(fromIPv4, 23, 1, 34, 8),
		"echo requests of IPv6":   with(fromIPv6, 20, 58, 54, 128),
		"ARP":                     fromARP,
		"ARP questions":           with(fromARP, 21, 1),
		"Neighbour Solicitations": with(fromIPv6, 20, 58, 54, 135),
	}
)

// with is a match with further bytes: place, value, and so on.
func with(m lab.Match, bytes ...int) lab.Match {
	m = slices.Clone(m)
	for ; len(bytes) > 0; bytes = bytes[2:] {
		m = append(m, lab.Bytes{At: bytes[0], Want: []byte{byte(bytes[1])}})
	}
	return m
}

// speech counts what a node says, besides from one MAC if one is given.
func (s *site) speech(n *lab.Node, from ...carp.MAC) *speech {
	s.t.Helper()
	sp := &speech{s: s, kinds: map[string]*lab.Tally{}}
	for name, m := range utterings {
		for _, mac := range from {
			m = append(slices.Clone(m), lab.Bytes{At: 6, Want: mac[:]})
		}
		tally, err := s.Switch.Tally(n.Name, m)
		s.must(err)
		sp.kinds[name] = tally
	}
	return sp
}

// now is what was counted so far.
func (sp *speech) now() map[string]uint64 {
	sp.s.t.Helper()
	all := map[string]uint64{}
	for name, tally := range sp.kinds {
		n, err := tally.Count()
		sp.s.must(err)
		all[name] = n
	}
	return all
}

// since is what was counted since then.
func (sp *speech) since(then map[string]uint64) map[string]uint64 {
	sp.s.t.Helper()
	all := sp.now()
	for name, n := range then {
		all[name] -= n
	}
	return all
}

// talks makes a node send from both virtual addresses until the test ends: UDP and
// echo requests to the client, and UDP to hosts that do not exist, for which its
// kernel asks from the virtual address, again and again.
func (s *site) talks(n *lab.Node) {
	s.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	s.t.Cleanup(cancel)
	for _, v := range []netip.Addr{lab.Virtual4.Addr(), lab.Virtual6.Addr()} {
		to := []netip.Addr{s.client.Address(carp.FamilyOf(v))}
		for host := byte(200); host < 206; host++ {
			absent := v.AsSlice()
			absent[len(absent)-1] = host
			a, _ := netip.AddrFromSlice(absent)
			to = append(to, a)
		}
		s.sendsUDP(ctx, n, v, to)
		s.must(n.Command("ping", "-q", "-i", "0.05", "-I", v.String(), to[0].String()).Start())
	}
}

// sendsUDP sends from a socket that is bound to the address. What cannot be sent
// is tried again: the address may come back.
func (s *site) sendsUDP(ctx context.Context, n *lab.Node, from netip.Addr, to []netip.Addr) {
	s.t.Helper()
	var conn *net.UDPConn
	// A new MASTER waits only a moment for its addresses before it serves.
	s.eventually(5*time.Second, fmt.Sprint(n.Name, " has ", from), func() bool {
		return n.Run(func() (err error) {
			conn, err = net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.AddrPortFrom(from, 4000)))
			return err
		}) == nil
	})
	go func() {
		defer conn.Close()
		for tick := time.NewTicker(20 * time.Millisecond); ; {
			for _, a := range to {
				_, _ = conn.WriteToUDPAddrPort([]byte("from the virtual address"), netip.AddrPortFrom(a, 9))
			}
			select {
			case <-tick.C:
			case <-ctx.Done():
				tick.Stop()
				return
			}
		}
	}()
}

// modes are the ways in which a MAC may stand for a group, and in which its
// addresses may be there.
var modes = []struct{ mac, address string }{
	{"virtual", "on-master"}, {"virtual", "always"}, {"physical", "on-master"}, {"physical", "always"},
}

// TestFrozenMasterOriginatesNothing: a MASTER that hangs while programs on it send
// from the virtual address sends nothing from it after its lease, and obeys the
// new MASTER when it wakes up.
func TestFrozenMasterOriginatesNothing(t *testing.T) {
	for _, m := range modes {
		t.Run(m.mac+", "+m.address, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, lab.Topology{Routers: 2})
			more := fmt.Sprintf("mac: %s\naddress: %s\n", m.mac, m.address)
			mac := vmac1
			if m.mac == "physical" {
				mac = s.Routers[0].MAC
			}
			all, right := s.speech(s.Routers[0]), s.speech(s.Routers[0], mac)
			a := s.carpd(s.Routers[0], group{skew: 0, addresses: both, more: more})
			b := s.carpd(s.Routers[1], group{skew: 100, addresses: both, more: more})
			a.is("MASTER", masterDown0+2*time.Second)
			b.is("BACKUP", 2*time.Second)
			s.talks(a.node)
			s.eventually(30*time.Second, "everything is said", func() bool { return says(all.now()) == len(utterings) })
			silent := s.fallsSilent(a, all, right)
			s.obeys(a, b, all, silent)
		})
	}
}

// fallsSilent freezes the talking MASTER and tells what it had said when its lease
// ended: until then all kinds, and all from the right MAC.
func (s *site) fallsSilent(c *carpd, all, right *speech) (said map[string]uint64) {
	s.t.Helper()
	s.must(c.Freeze())
	frozen, last := all.now(), s.lastAdvert(c.node).At
	time.Sleep(time.Until(last.Add(lease - 300*time.Millisecond)))
	if said := all.since(frozen); says(said) < len(utterings) {
		s.t.Errorf("while the lease runs: %v", said)
	}
	time.Sleep(time.Until(last.Add(lease + 20*time.Millisecond)))
	said = all.now()
	if right := right.now(); !maps.Equal(said, right) {
		s.t.Errorf("from any MAC: %v, from the right one: %v", said, right)
	}
	return said
}

// obeys checks that nothing is said beside the new MASTER, and that the old one
// does not speak when it wakes up.
func (s *site) obeys(a, b *carpd, all *speech, silent map[string]uint64) {
	s.t.Helper()
	b.is("MASTER", masterDown100+time.Second)
	time.Sleep(1500 * time.Millisecond) // Each absent host is asked for once a second.
	if said := all.since(silent); says(said) > 0 {
		s.t.Errorf("after the lease: %v", said)
	}
	s.must(a.Thaw())
	a.eventLike(5*time.Second, "transition", func(e status.Event) bool { return e.To == "BACKUP" && strings.HasPrefix(e.Cause, "stalled ") })
	s.onlyMaster(b.node, 3*time.Second)
	if said := all.since(silent); says(said) > 0 || a.group().State != "BACKUP" {
		s.t.Errorf("%s after it woke up: %v", a.group().State, said)
	}
}

// says is how many kinds of frames were said.
func says(said map[string]uint64) (kinds int) {
	for _, n := range said {
		if n > 0 {
			kinds++
		}
	}
	return kinds
}
