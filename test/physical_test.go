package test

import (
	"fmt"
	"maps"
	"net"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/carpd/carpd/internal/carp"
	"github.com/carpd/carpd/internal/lab"
)

// physical is a pair whose interfaces' own MACs stand for the group. A second
// client sends to the addresses at the MAC of r1 whatever it hears, a third one at
// that of r2.
type physical struct {
	*site
	a, b  *carpd
	said  map[*carpd]*speech // with any MAC, and with the right one
	right map[*carpd]*speech
	asks  []*lab.Asker
	taken [2]atomic.Int64 // packets that the kernels of r1 and r2 gave to a program
}

// newPhysical starts it and waits until it is settled.
func newPhysical(t *testing.T, address string) *physical {
	t.Helper()
	s := newSite(t, lab.Topology{Routers: 2, Clients: 3})
	p := &physical{site: s, said: map[*carpd]*speech{}, right: map[*carpd]*speech{}}
	more := fmt.Sprintf("mac: physical\naddress: %s\n", address)
	for i, c := range []**carpd{&p.a, &p.b} {
		n := s.Routers[i]
		said, right := s.speech(n), s.speech(n, n.MAC)
		*c = s.carpd(n, group{skew: 100 * i, preempt: true, addresses: both, more: more})
		p.said[*c], p.right[*c] = said, right
		p.takes(i)
	}
	p.a.is("MASTER", masterDown0+2*time.Second)
	p.b.is("BACKUP", 2*time.Second)
	for _, v := range []netip.Addr{lab.Virtual4.Addr(), lab.Virtual6.Addr()} {
		for _, mac := range []carp.MAC{{}, s.Routers[0].MAC, s.Routers[1].MAC} {
			a, err := s.client.AskAt(mac, v, 10*time.Millisecond)
			s.must(err)
			p.asks = append(p.asks, a)
		}
	}
	return p
}

// takes counts what a router's kernel takes in for the virtual addresses of what a
// client sends there.
func (p *physical) takes(router int) {
	p.t.Helper()
	n, client := p.Routers[router], p.Clients[router+1]
	var conn net.PacketConn
	p.must(n.Run(func() (err error) {
		conn, err = net.ListenPacket("udp", ":9")
		return err
	}))
	p.t.Cleanup(func() { _ = conn.Close() })
	go func() {
		for buf := make([]byte, 16); ; p.taken[router].Add(1) {
			if _, _, err := conn.ReadFrom(buf); err != nil {
				return
			}
		}
	}()
	for _, v := range []netip.Addr{lab.Virtual4.Addr(), lab.Virtual6.Addr()} {
		p.ip(client, fmt.Sprintf("neigh add %s lladdr %s nud permanent dev eth0", v, n.MAC))
		p.sendsUDP(p.t.Context(), client, client.Address(carp.FamilyOf(v)), []netip.Addr{v})
	}
}

// reaches waits until the client's entries name a node and both addresses answer.
func (p *physical) reaches(n *lab.Node, within time.Duration) {
	p.t.Helper()
	for _, v := range []netip.Addr{lab.Virtual4.Addr(), lab.Virtual6.Addr()} {
		p.eventually(within, "the client's entry follows to "+n.Name, func() bool {
			e, ok, err := p.client.Neighbour(v)
			p.must(err)
			return ok && e.MAC == n.MAC
		})
		ping, err := p.client.Ping(v, 10*time.Millisecond)
		p.must(err)
		p.must(ping.WaitReply(p.within(3*time.Second), time.Now()))
		ping.Stop()
	}
}

// introduce has the client learn both addresses.
func (p *physical) introduce() {
	p.t.Helper()
	for _, v := range []netip.Addr{lab.Virtual4.Addr(), lab.Virtual6.Addr()} {
		ping, err := p.client.Ping(v, 10*time.Millisecond)
		p.must(err)
		p.must(ping.WaitReply(p.within(3*time.Second), time.Now()))
		ping.Stop()
	}
	p.reaches(p.Routers[0], time.Second)
}

// judge checks that everything that names the addresses has the MAC of the node
// that says it, and that no question had two answers.
func (p *physical) judge() {
	p.t.Helper()
	own := map[string]carp.MAC{"r1": p.Routers[0].MAC, "r2": p.Routers[1].MAC}
	heard := map[string]int{}
	for _, a := range p.Wire.Adverts(lab.Advert.CARP) {
		heard[fmt.Sprint(a.Port, " ", a.Family)]++
		if a.SrcMAC != own[a.Port] {
			p.t.Errorf("%s advertises from %s", a.Port, a.SrcMAC)
		}
	}
	for _, c := range p.Wire.Claims(func(c lab.Claim) bool { return own[c.Port] != carp.MAC{} }) {
		ours := c.Addr == lab.Virtual4.Addr() || c.Addr == lab.Virtual6.Addr()
		if ours && c.SrcMAC == c.MAC {
			heard[fmt.Sprint(c.Port, " announces ", carp.FamilyOf(c.Addr))]++
		}
		if ours && (c.MAC != own[c.Port] || c.SrcMAC != own[c.Port]) {
			p.t.Errorf("%s says %+v", c.Port, c)
		}
	}
	if len(heard) != 8 {
		p.t.Errorf("heard adverts and announcements: %v", heard)
	}
	p.judgeAnswers(own)
}

// judgeAnswers is the part of judge that is about questions.
func (p *physical) judgeAnswers(own map[string]carp.MAC) {
	p.t.Helper()
	for i, a := range p.asks {
		p.eventually(2*time.Second, fmt.Sprintf("asker %d is answered", i), func() bool { return len(a.Replies()) > 0 })
		if r := a.Report(time.Time{}, time.Now()); len(r.Doubles) > 0 {
			p.t.Errorf("asker %d: of %d answers %d have a second one: %v", i, r.Answered, len(r.Doubles), r.Doubles)
		}
		for _, r := range a.Replies() {
			if r.MAC != own[r.Port] || r.SrcMAC != own[r.Port] {
				p.t.Fatalf("%s answers %+v", r.Port, r)
			}
		}
	}
	for c, said := range p.said {
		p.eventually(2*time.Second, "all that "+c.node.Name+" has sent comes from its own MAC", func() bool {
			all := said.now()
			return all["IPv4"] > 0 && all["IPv6"] > 0 && maps.Equal(all, p.right[c].now())
		})
	}
}

// noFilters checks that no interface takes frames to the virtual MAC.
func (p *physical) noFilters() {
	p.t.Helper()
	for _, n := range p.Routers {
		out, err := n.Command("bridge", "fdb", "show", "dev", lab.Interface).Output()
		p.must(err)
		if strings.Contains(out, "00:00:5e:00:01:") || !strings.Contains(out, "33:33:00:00:00:01") {
			p.t.Errorf("%s has the filter entries\n%s", n.Name, out)
		}
	}
}

// TestPhysicalMAC: where the interface's own MAC stands for the group, all that is
// said carries it, and the address moves because the client hears so.
func TestPhysicalMAC(t *testing.T) {
	t.Parallel()
	p := newPhysical(t, "on-master")
	p.introduce()
	p.noFilters()
	p.must(p.a.Kill())
	p.b.is("MASTER", masterDown100+2*time.Second)
	p.reaches(p.b.node, 3*time.Second)
	p.noFilters()
	p.judge()
}

// TestFrozenPhysicalMAC: after its lease a MASTER that hangs neither answers nor
// takes in what is addressed to it as the group, whether the addresses are there
// always or on the MASTER alone; and so does the BACKUP before.
func TestFrozenPhysicalMAC(t *testing.T) {
	for _, address := range []string{"on-master", "always"} {
		t.Run(address, func(t *testing.T) {
			t.Parallel()
			p := newPhysical(t, address)
			p.introduce()
			p.eventually(3*time.Second, "the MASTER takes packets", func() bool { return p.taken[0].Load() > 20 })
			if n := p.taken[1].Load(); n > 0 {
				t.Errorf("the BACKUP takes %d packets", n)
			}
			p.must(p.a.Freeze())
			taken, last := p.taken[0].Load(), p.lastAdvert(p.a.node).At
			time.Sleep(time.Until(last.Add(lease - 300*time.Millisecond)))
			if p.taken[0].Load() < taken+20 {
				t.Errorf("while the lease runs %d packets are taken", p.taken[0].Load()-taken)
			}
			time.Sleep(time.Until(last.Add(lease + 50*time.Millisecond)))
			taken = p.taken[0].Load()
			p.b.is("MASTER", masterDown100+2*time.Second)
			p.reaches(p.b.node, 3*time.Second)
			p.eventually(3*time.Second, "the new MASTER takes packets", func() bool { return p.taken[1].Load() > 20 })
			p.silentSince(last.Add(lease+20*time.Millisecond), taken)
			p.judge()
		})
	}
}

// silentSince checks what the old MASTER did since its lease ended.
func (p *physical) silentSince(end time.Time, taken int64) {
	p.t.Helper()
	if n := p.taken[0].Load() - taken; n > 0 {
		p.t.Errorf("after the lease %d packets are taken", n)
	}
	for _, a := range p.asks {
		if r := a.Report(end, time.Now().Add(-100*time.Millisecond)); r.By["r1"] > 0 {
			p.t.Errorf("after the lease: %+v", r)
		}
	}
}

// TestPhysicalMACBesideUCarp: adverts are understood both ways whatever MAC they
// come from, and the client follows to the virtual MAC of the peer and back.
func TestPhysicalMACBesideUCarp(t *testing.T) {
	t.Parallel()
	s := newSite(t, lab.Topology{Routers: 2}, "ucarp")
	r1, r2 := s.Routers[0], s.Routers[1]
	c := s.carpd(r1, group{skew: 0, preempt: true, more: "mac: physical\n"})
	c.is("MASTER", masterDown0+2*time.Second)
	u := s.ucarp(r2, ucarpOptions{skew: 100})
	s.onlyMaster(r1, masterDown100+2*time.Second)
	s.reachable()
	s.must(c.Stop(5 * time.Second))
	s.firstAdvert(r2, time.Now(), 2*ucarpLate)
	s.reachable()
	c.start()
	c.is("MASTER", 1391*time.Millisecond+2*ucarpLate)
	s.eventually(2*ucarpLate, "UCarp is BACKUP again", func() bool { return u.state() == "BACKUP" })
	s.reachable()
	for _, a := range s.Wire.Adverts(lab.From(r1, time.Time{})) {
		if a.SrcMAC != r1.MAC {
			t.Errorf("carpd advertises from %s", a.SrcMAC)
		}
	}
}
