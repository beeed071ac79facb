package lab

import (
	"net/netip"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/carpd/carpd/internal/carp"
)

// virtuals are the addresses that the tests give to plain Linux hosts.
var virtuals = []netip.Prefix{Virtual4, Virtual6}

// families runs a test for an IPv4 and an IPv6 address.
func families(t *testing.T, f func(t *testing.T, virtual netip.Prefix)) {
	for _, v := range virtuals {
		t.Run(carp.FamilyOf(v.Addr()).String(), func(t *testing.T) { f(t, v) })
	}
}

func TestPingerMeasuresAnOutage(t *testing.T) {
	families(t, func(t *testing.T, virtual netip.Prefix) {
		l := newLab(t, Topology{Routers: 1})
		must(t, l.Routers[0].AddAddress(virtual))
		p, err := l.Clients[0].Ping(virtual.Addr(), time.Millisecond)
		must(t, err)
		start := time.Now()
		must(t, p.WaitReply(within(t, 5*time.Second), start))
		begin := time.Now()
		time.Sleep(300 * time.Millisecond) // what is measured takes time
		cutAfter := time.Now()
		must(t, l.Routers[0].Cut(Silently))
		cutBefore := time.Now()
		time.Sleep(400 * time.Millisecond)
		healAfter := time.Now()
		must(t, l.Routers[0].Heal(Silently))
		healBefore := time.Now()
		must(t, p.WaitReply(within(t, 5*time.Second), healBefore.Add(100*time.Millisecond)))
		p.Stop()
		r := p.Report(begin, time.Time{})
		slack := r.Stall + 5*time.Millisecond
		if least, most := healAfter.Sub(cutBefore), healBefore.Sub(cutAfter)+slack; r.Outage < least || r.Outage > most {
			t.Errorf("outage %s, want %s to %s", r.Outage, least, most)
		}
		if want := int(r.Outage / time.Millisecond); r.Lost < want-50 || r.Lost > want+50 {
			t.Errorf("lost %d in an outage of %s", r.Lost, r.Outage)
		}
		calm := p.Report(begin, cutAfter.Add(-50*time.Millisecond))
		if calm.Lost != 0 || calm.Sent < 200 || calm.Outage > 200*time.Millisecond {
			t.Errorf("before the cut: %+v", calm)
		}
		if share, ok := p.Share(cutBefore, healAfter); !ok || share > 0.01 {
			t.Errorf("share of answers while cut off: %v %t", share, ok)
		}
	})
}

func TestAReplyAfterTwoSecondsIsLostAndAnEarlierOneDelayed(t *testing.T) {
	ms := int64(time.Millisecond)
	p := &Pinger{}
	for i, delay := range []int64{1, 1999, 2001, 1, -1} {
		pr := probe{sent: int64(i+1) * ms}
		if delay > 0 {
			pr.back = pr.sent + delay*ms
		}
		p.probes = append(p.probes, pr)
	}
	want := Pings{
		Sent: 5, Lost: 2, Outage: 2 * time.Millisecond, From: time.Unix(0, 2*ms),
		Delay: 1999 * time.Millisecond, Stall: time.Millisecond,
	}
	if got := p.Report(time.Unix(0, 0), time.Time{}); got != want {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

// asked asks for an address for a while and reports, beginning when so many
// nodes have answered: a kernel answers for an address a moment after it was
// added, not at once.
func asked(t *testing.T, l *Lab, target netip.Addr, nodes int, from time.Duration) Answers {
	t.Helper()
	a, err := l.Clients[0].Ask(target, time.Millisecond)
	must(t, err)
	for limit := time.Now().Add(5 * time.Second); len(a.Report(time.Time{}, time.Time{}).By) < nodes; {
		if time.Now().After(limit) {
			t.Fatalf("answers of only %v", a.Report(time.Time{}, time.Time{}).By)
		}
		time.Sleep(5 * time.Millisecond)
	}
	begin := time.Now()
	time.Sleep(from)
	end := time.Now()
	time.Sleep(100 * time.Millisecond) // answers under way
	a.Stop()
	return a.Report(begin, end)
}

func TestAskerFindsOneAnswerPerQuestion(t *testing.T) {
	families(t, func(t *testing.T, virtual netip.Prefix) {
		l := newLab(t, Topology{Routers: 2})
		must(t, l.Routers[1].AddAddress(virtual))
		r := asked(t, l, virtual.Addr(), 1, 300*time.Millisecond)
		if r.Asked < 250 || r.Answered != r.Asked || r.By["r2"] != r.Answered || len(r.By) != 1 || len(r.Doubles) != 0 {
			t.Errorf("%+v", r)
		}
	})
}

func TestAskerFindsTwoNodesThatAnswerOneQuestion(t *testing.T) {
	families(t, func(t *testing.T, virtual netip.Prefix) {
		l := newLab(t, Topology{Routers: 2})
		for _, n := range l.Routers {
			must(t, n.AddAddress(virtual))
		}
		r := asked(t, l, virtual.Addr(), 2, 300*time.Millisecond)
		if len(r.Doubles) != r.Asked || r.Asked < 250 {
			t.Errorf("%d of %d questions had two answers", len(r.Doubles), r.Asked)
		}
		if len(r.Doubles) > 0 && len(r.Doubles[0].Ports) != 2 {
			t.Errorf("ports %q", r.Doubles[0].Ports)
		}
	})
}

// TestAskerSeesThroughOneSharedMAC is the case of two CARP masters: both
// answers carry the same virtual MAC, only the port differs.
func TestAskerSeesThroughOneSharedMAC(t *testing.T) {
	l := newLab(t, Topology{Routers: 2})
	for _, n := range l.Routers {
		out, err := n.Command("ip", "link", "set", Interface, "address", "00:00:5e:00:01:01").Output()
		if err != nil {
			t.Fatal(err, out)
		}
		must(t, n.AddAddress(Virtual4))
	}
	if r := asked(t, l, Virtual4.Addr(), 2, 100*time.Millisecond); len(r.Doubles) == 0 || len(r.Doubles) != r.Asked {
		t.Errorf("%d of %d questions had two answers", len(r.Doubles), r.Asked)
	}
}

// sendRaw sends a frame from a node.
func sendRaw(t *testing.T, n *Node, frame []byte) {
	t.Helper()
	l, err := n.nl.LinkByName(Interface)
	must(t, err)
	must(t, n.Run(func() error {
		fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW, 0)
		if err != nil {
			return err
		}
		defer unix.Close(fd)
		return unix.Sendto(fd, frame, 0, &unix.SockaddrLinklayer{Ifindex: l.Attrs().Index})
	}))
}

func TestWireSeesAdvertsWithPortAndTime(t *testing.T) {
	l := newLab(t, Topology{Routers: 2, Pcap: t.TempDir() + "/wire.pcap"})
	frame4 := []byte{
		0x01, 0, 0x5e, 0, 0, 0x12, 0, 0, 0x5e, 0, 1, 7, 0x08, 0, // Ethernet
		0x45, 0xe0, 0, 56, 0, 0, 0x40, 0, 255, 112, 0, 0, 192, 0, 2, 11, 224, 0, 0, 18, // IPv4
		0x21, 7, 100, 7, 0, 1, 0, 0, // vhid 7, advskew 100, advbase 1
		0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
	}
	before := time.Now()
	sendRaw(t, l.Routers[1], frame4)
	a, err := l.Wire.WaitAdvert(within(t, 5*time.Second), From(l.Routers[1], before.Add(-time.Second)))
	must(t, err)
	if a.At.Before(before) || a.At.After(time.Now()) {
		t.Errorf("seen at %s, sent at %s", a.At, before)
	}
	if !a.CARP() || a.VHID() != 7 || a.Advskew() != 100 || a.Advbase() != 1 || a.BowOut() || a.TTL != 255 ||
		a.Src.String() != "192.0.2.11" || a.Dst.String() != "224.0.0.18" ||
		a.SrcMAC.String() != "00:00:5e:00:01:07" || a.Family != carp.IPv4 || a.Port != "r2" {
		t.Errorf("%+v", a)
	}
	if n := len(l.Wire.Adverts(From(l.Routers[0], before.Add(-time.Second)))); n != 0 {
		t.Errorf("%d adverts seen from a node that sent none", n)
	}
	if n := len(l.Wire.Adverts(nil)); n != 1 {
		t.Errorf("the advert was recorded %d times", n)
	}
}

func TestDecodeTellsBowOutVRRPAndJunkApart(t *testing.T) {
	for name, c := range map[string]struct {
		payload      []byte
		carp, bowOut bool
	}{
		"bow-out": {append([]byte{0x21, 1, 255, 7, 0, 255, 0, 0}, make([]byte, 28)...), true, true},
		"advert":  {append([]byte{0x21, 1, 255, 7, 0, 1, 0, 0}, make([]byte, 28)...), true, false},
		"VRRPv2":  {append([]byte{0x21, 1, 255, 1, 0, 255, 0, 0}, make([]byte, 12)...), false, false},
		"VRRPv3":  {append([]byte{0x31, 1, 255, 7, 0, 255, 0, 0}, make([]byte, 28)...), false, false},
	} {
		a := Advert{Payload: c.payload}
		if a.CARP() != c.carp || a.BowOut() != c.bowOut {
			t.Errorf("%s: CARP %t, bow-out %t", name, a.CARP(), a.BowOut())
		}
	}
	whole := append(make([]byte, 12), 0x86, 0xdd, 0x60, 0, 0, 0, 0, 36, 112, 255)
	whole = append(whole, make([]byte, 32+36)...)
	for n := range whole { // no length may panic
		decode(whole[:n])
	}
}

func TestNeighbourEntryGoesStaleAndComesBack(t *testing.T) {
	families(t, func(t *testing.T, virtual netip.Prefix) {
		l := newLab(t, Topology{Routers: 1})
		must(t, l.Routers[0].AddAddress(virtual))
		client := l.Clients[0]
		p, err := client.Ping(virtual.Addr(), 10*time.Millisecond)
		must(t, err)
		must(t, p.WaitReply(within(t, 5*time.Second), time.Now()))
		p.Stop()
		must(t, client.AgeNeighbour(virtual.Addr()))
		e, ok, err := client.Neighbour(virtual.Addr())
		must(t, err)
		if !ok || e.MAC.String() != "02:00:00:00:00:0b" || e.State != "STALE" {
			t.Errorf("%t %+v", ok, e)
		}
		if _, ok, err := client.Neighbour(netip.MustParseAddr("192.0.2.77")); ok || err != nil {
			t.Errorf("an address nobody asked for: %t %v", ok, err)
		}
	})
}
