package dataplane

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"testing"

	"github.com/carpd/carpd/internal/carp"
)

// withShare loads a dataplane in which n groups share 192.0.2.1 and 2001:db8::1
// on the loopback interface: vhid 3 in slot 1, vhid 4 in slot 2 and so on.
func withShare(t testing.TB, b carp.Balancing, n int) *Dataplane {
	t.Helper()
	d := load(t, Options{})
	for i, g := range nodesOf(b, n) {
		if slot := addGroup(t, d, g); slot != Slot(i+1) {
			t.Fatalf("slot %d", slot)
		}
	}
	if err := d.SetLink(loopback, Link{MAC: carp.MAC{2, 0, 0, 0, 0, 0x12}}); err != nil {
		t.Fatal(err)
	}
	return d
}

// nodesOf are the groups of such a share.
func nodesOf(b carp.Balancing, n int) (all []Group) {
	var vhids []carp.VHID
	for i := range n {
		vhids = append(vhids, carp.VHID(3+i))
	}
	for _, v := range vhids {
		all = append(all, Group{Ifindex: loopback, VHID: v, Addresses: addrs("192.0.2.1", "2001:db8::1"), Balancing: b, Nodes: vhids})
	}
	return all
}

// lease gives one slot answers and frames, and takes them from the other slots.
func lease(d *Dataplane, n int, leased ...Slot) {
	for s := Slot(1); s <= Slot(n); s++ {
		until := past()
		if slices.Contains(leased, s) {
			until = later()
		}
		d.Answer(s, until)
		d.Accept(s, until)
	}
}

// all are the slots from 1 to n.
func all(n int) (slots []Slot) {
	for s := range n {
		slots = append(slots, Slot(s+1))
	}
	return slots
}

// asked is the request of an asker for 192.0.2.1.
func asked(asker string) []byte { return patch(arpRequest, 28, addr4(asker)...) }

func addr4(s string) []byte { return netip.MustParseAddr(s).AsSlice() }

// The picks are those of a model that was written apart, from the text of
// docs/load-sharing.md.
var arpPicks = []struct {
	asker    string
	of2, of3 Slot
}{
	{"192.0.2.99", 1, 1}, {"192.0.2.100", 2, 2}, {"192.0.2.101", 2, 2}, {"192.0.2.102", 2, 3},
	{"192.0.2.103", 1, 1}, {"192.0.2.104", 2, 3}, {"0.0.0.0", 1, 1},
}

func TestAskerPicksTheVirtualMAC(t *testing.T) {
	for nodes := 2; nodes <= 3; nodes++ {
		d := withShare(t, carp.BalanceARP, nodes)
		for _, h := range hooks(d) {
			for _, c := range arpPicks {
				pick := []Slot{c.of2, c.of3}[nodes-2]
				for s := Slot(1); s <= Slot(nodes); s++ {
					lease(d, nodes, s)
					want, mac := result{"drop", fmt.Sprintf("[%d other share]", pick)}, ""
					if s == pick {
						want = result{"reply", fmt.Sprintf("[%d ARP answered]", pick)}
						mac = carp.VHID(2 + pick).MAC().String()
					}
					if got := h.judge(t, d, asked(c.asker), all(nodes)...); got != want {
						t.Errorf("%s: %d nodes, %s asks slot %d: %v, want %v", h.name, nodes, c.asker, s, got, want)
					}
					if _, out := h.run(t, asked(c.asker)); mac != "" && (macAt(out, 6) != mac || macAt(out, 22) != mac) {
						t.Errorf("%s: %s is answered %x, want %s", h.name, c.asker, out, mac)
					}
				}
			}
		}
	}
}

// macAt is a MAC in a frame.
func macAt(frame []byte, offset int) string { return carp.MAC(frame[offset : offset+6]).String() }

// A client that checks on its neighbour asks the MAC that it knows, which may be
// one that a change of the nodes has given to others: it is told the new one.
func TestQuestionToAnotherNodesMAC(t *testing.T) {
	d := withShare(t, carp.BalanceARP, 2)
	lease(d, 2, 1, 2)
	for _, h := range hooks(d) {
		for _, to := range []byte{3, 4} {
			frame := patch(asked("192.0.2.100"), 0, 0, 0, 0x5e, 0, 1, to)
			if got := h.judge(t, d, frame, 1, 2); got != (result{"reply", "[2 ARP answered]"}) {
				t.Errorf("%s: to vhid %d: %v", h.name, to, got)
			}
		}
		frame := patch(asked("192.0.2.100"), 0, 0, 0, 0x5e, 0, 1, 9)
		if got := h.judge(t, d, frame, 1, 2); got != (result{"pass", ""}) {
			t.Errorf("%s: to a stranger's virtual MAC: %v", h.name, got)
		}
	}
}

// What another node of the share says of itself is no claim, and no question.
func TestNodesDoNotClaim(t *testing.T) {
	for _, b := range []carp.Balancing{carp.BalanceARP, carp.BalanceIP, carp.BalanceIPStealth, carp.BalanceIPUnicast} {
		d := withShare(t, b, 2)
		lease(d, 2, 1, 2)
		for _, h := range hooks(d) {
			said := func(mac carp.MAC) []byte {
				return unhex("ffffffffffff 020000000077 0806" + fixed + ask + fmt.Sprintf("%x", mac[:]) + "c0000201 000000000000 c0000263")
			}
			ours := []carp.MAC{carp.VHID(3).MAC(), carp.VHID(4).MAC()}
			if b != carp.BalanceARP {
				ours = []carp.MAC{b.MAC(3)}
			}
			for _, mac := range ours {
				if got := h.judge(t, d, said(mac), 1, 2); got != (result{"pass", ""}) {
					t.Errorf("%s: %v: question of %v: %v", h.name, b, mac, got)
				}
			}
			if got := h.judge(t, d, said(carp.VHID(9).MAC()), 1, 2); got != (result{"pass", "[1 claimed]"}) {
				t.Errorf("%s: %v: a stranger: %v", h.name, b, got)
			}
		}
	}
}

// The first node answers for all, with the MAC of all, and from a MAC that
// switches may learn.
func TestFirstNodeAnswers(t *testing.T) {
	for _, c := range []struct {
		b           carp.Balancing
		mac, source string
	}{
		{carp.BalanceIP, "01:00:5e:00:01:03", "02:00:00:00:00:12"},
		{carp.BalanceIPStealth, "00:00:5e:00:01:03", "02:00:00:00:00:12"},
		{carp.BalanceIPUnicast, "00:00:5e:00:01:03", "00:00:5e:00:01:03"},
	} {
		d := withShare(t, c.b, 2)
		for _, h := range hooks(d) {
			for _, p := range arpPicks {
				lease(d, 2, 1)
				if got := h.judge(t, d, asked(p.asker), 1, 2); got != (result{"reply", "[1 ARP answered]"}) {
					t.Errorf("%s: %v: %v", h.name, c.b, got)
				}
				if _, out := h.run(t, asked(p.asker)); macAt(out, 6) != c.source || macAt(out, 22) != c.mac {
					t.Errorf("%s: %v: answered %x", h.name, c.b, out)
				}
				lease(d, 2, 2)
				if got := h.judge(t, d, asked(p.asker), 1, 2); got != (result{"drop", "[1 ARP silent]"}) {
					t.Errorf("%s: %v: the second node: %v", h.name, c.b, got)
				}
			}
		}
	}
}

// toAll are frames to the MAC of a share whose first vhid is 3.
func toAll4(b carp.Balancing, src, dst string) []byte {
	mac := b.MAC(3)
	return patch(patch(patch(toVirtual, 0, mac[:]...), 26, addr4(src)...), 30, addr4(dst)...)
}

func toAll6(b carp.Balancing, src, dst string) []byte {
	mac := b.MAC(3)
	return patch(patch(patch(toVirtual6, 0, mac[:]...), 22, addr16(src)...), 38, addr16(dst)...)
}

// openBSD are rows of OpenBSD's carp_lsdrop, by a model of it: the index of the
// node of all that keeps the packet.
var openBSD = []struct {
	src, dst     string
	nodes, index int
}{
	{"10.0.0.1", "192.0.2.1", 2, 0}, {"10.0.0.2", "192.0.2.1", 2, 1}, {"10.0.0.3", "192.0.2.1", 3, 2},
	{"2001:db8::1", "2001:db8::2", 2, 1}, {"2001:db8::5", "2001:db8:1::9", 4, 0},
	// The whole address counts: 198.51.100.7 is 3325256711, and 3325256711 XOR
	// 3221225985 is 104031750, which leaves 6 of 32 and 2 of 4.
	{"198.51.100.7", "192.0.2.1", 32, 6}, {"198.51.100.7", "192.0.2.1", 4, 2}, {"192.0.2.1", "198.51.100.7", 4, 2},
}

func TestFoldOfOpenBSD(t *testing.T) {
	for _, b := range []carp.Balancing{carp.BalanceIP, carp.BalanceIPStealth, carp.BalanceIPUnicast} {
		for _, c := range openBSD {
			if c.nodes == 32 && b != carp.BalanceIP {
				continue
			}
			d := withShare(t, b, c.nodes)
			frame := toAll4
			if netip.MustParseAddr(c.src).Is6() {
				frame = toAll6
			}
			keeper := Slot(c.index + 1)
			for _, leased := range all(c.nodes) {
				lease(d, c.nodes, leased)
				want := result{"drop", fmt.Sprintf("[%d other share]", keeper)}
				inXDP := want
				if leased == keeper {
					want, inXDP = result{"pass", fmt.Sprintf("[%d accepted]", keeper)}, result{"pass", ""}
				}
				h := hooks(d)
				if got := h[1].judge(t, d, frame(b, c.src, c.dst), all(c.nodes)...); got != want {
					t.Errorf("%v: %s to %s of %d, slot %d: %v, want %v", b, c.src, c.dst, c.nodes, leased, got, want)
				}
				if got := h[0].judge(t, d, frame(b, c.src, c.dst), all(c.nodes)...); got != inXDP {
					t.Errorf("%v: in XDP: %s to %s of %d, slot %d: %v, want %v", b, c.src, c.dst, c.nodes, leased, got, inXDP)
				}
			}
		}
	}
}

// What is for everybody is no share, and nobody's to drop; what is no packet of
// IP or ARP neither.
func TestSharesOfNobody(t *testing.T) {
	for _, b := range []carp.Balancing{carp.BalanceIP, carp.BalanceIPStealth, carp.BalanceIPUnicast} {
		d := withShare(t, b, 2)
		lease(d, 2)
		for _, h := range hooks(d) {
			for name, frame := range map[string][]byte{
				"multicast": toAll4(b, "10.0.0.1", "224.0.1.3"), "last multicast": toAll4(b, "10.0.0.1", "239.255.255.255"),
				"broadcast": toAll4(b, "10.0.0.1", "255.255.255.255"), "IPv6 multicast": toAll6(b, "2001:db8::9", "ff02::1"),
				"another EtherType": patch(toAll4(b, "10.0.0.1", "192.0.2.1"), 12, 0x88, 0xcc),
				"another vhid":      patch(toAll4(b, "10.0.0.1", "192.0.2.1"), 5, 9),
				"another VLAN":      tagged(toAll4(b, "10.0.0.1", "192.0.2.1"), [2]uint16{0x8100, 5}),
			} {
				if got := h.judge(t, d, frame, 1, 2); got != (result{"pass", ""}) {
					t.Errorf("%s: %v: %s: %v", h.name, b, name, got)
				}
			}
			for name, frame := range map[string][]byte{
				"below multicast": toAll4(b, "10.0.0.1", "223.255.255.255"), "above multicast": toAll4(b, "10.0.0.1", "240.0.0.0"),
			} {
				if got := h.judge(t, d, frame, 1, 2); got.verdict != "drop" {
					t.Errorf("%s: %v: %s: %v", h.name, b, name, got)
				}
			}
		}
	}
}

// A neighbour's answer comes to the MAC of all, and all may have asked: those with
// a lease take it in, and it is nobody's share.
func TestAnswersToTheMACOfAll(t *testing.T) {
	d := withShare(t, carp.BalanceIP, 2)
	arp := unhex("01005e000103 020000000099 0806" + fixed + reply + "020000000099 0a000002 01005e000103 c0000201")
	na := patch(patch(toAll6(carp.BalanceIP, "2001:db8::9", "2001:db8::1"), 20, 58), 54, 136)
	for _, leased := range []Slot{1, 2, 0} {
		lease(d, 2, leased)
		for _, frame := range [][]byte{arp, na} {
			for _, h := range hooks(d) {
				if got := h.judge(t, d, frame, 1, 2); got != (result{"pass", ""}) {
					t.Errorf("%s, leased %d: %v", h.name, leased, got)
				}
			}
		}
		echo := patch(na, 54, 129)
		if got := hooks(d)[1].judge(t, d, echo, 1, 2); got.counted == "" {
			t.Errorf("leased %d: an echo reply is no share: %v", leased, got)
		}
	}
}

// Somebody behind a bridge or macvlan on top may have the share: XDP leaves it,
// and TC types it for another host.
func TestOtherSharesGoOnToUppers(t *testing.T) {
	d := withShare(t, carp.BalanceIP, 2)
	lease(d, 2, 1)
	if err := d.SetLink(loopback, Link{MAC: carp.MAC{2, 0, 0, 0, 0, 0x12}, HasUpper: true}); err != nil {
		t.Fatal(err)
	}
	frame := toAll4(carp.BalanceIP, "10.0.0.2", "192.0.2.1")
	if got := hooks(d)[0].judge(t, d, frame, 1, 2); got != (result{"pass", ""}) {
		t.Errorf("XDP: %v", got)
	}
	if got := hooks(d)[1].judge(t, d, frame, 1, 2); got != (result{"pass", "[2 other share]"}) {
		t.Errorf("TC: %v", got)
	}
}

// Frames from a shared address: fold or pick say as whom, and only with a lease.
func TestEgressOfShares(t *testing.T) {
	virtual := func(v byte) []byte { return []byte{0, 0, 0x5e, 0, 1, v} }
	from := func(to string) []byte { return patch(fromGroup, 30, addr4(to)...) }
	question := func(to string) []byte { return patch(arpFromGroup, 38, addr4(to)...) }
	for _, c := range []struct {
		name   string
		b      carp.Balancing
		leased []Slot
		frame  []byte
		want   result
		out    []byte // nil is unchanged
	}{
		{"arp: the pick's", carp.BalanceARP, []Slot{1, 2}, from("192.0.2.100"), result{"pass", "[2 rewritten]"}, patch(from("192.0.2.100"), 6, virtual(4)...)},
		{"arp: the other pick's", carp.BalanceARP, []Slot{1, 2}, from("192.0.2.99"), result{"pass", "[1 rewritten]"}, patch(from("192.0.2.99"), 6, virtual(3)...)},
		{"arp: the first that is here", carp.BalanceARP, []Slot{1}, from("192.0.2.100"), result{"pass", "[1 rewritten]"}, patch(from("192.0.2.100"), 6, virtual(3)...)},
		{"arp: none is here", carp.BalanceARP, nil, from("192.0.2.100"), result{"drop", "[2 held]"}, nil},
		{"arp: question", carp.BalanceARP, []Slot{1, 2}, question("192.0.2.100"), result{"pass", "[2 rewritten]"}, patch(patch(question("192.0.2.100"), 6, virtual(4)...), 22, virtual(4)...)},
		{"arp: announcement", carp.BalanceARP, []Slot{1, 2}, announcement, result{"drop", "[1 silenced]"}, nil},
		{"ip: ours", carp.BalanceIP, []Slot{1}, from("10.0.0.1"), result{"pass", ""}, nil},
		{"ip: not ours", carp.BalanceIP, []Slot{1}, from("10.0.0.2"), result{"drop", "[2 held]"}, nil},
		{"ip: question", carp.BalanceIP, []Slot{1}, question("10.0.0.1"), result{"pass", "[1 rewritten]"}, patch(question("10.0.0.1"), 22, 1, 0, 0x5e, 0, 1, 3)},
		{"ip: question for a neighbour that another node serves", carp.BalanceIP, []Slot{1}, question("10.0.0.2"), result{"pass", "[1 rewritten]"}, patch(question("10.0.0.2"), 22, 1, 0, 0x5e, 0, 1, 3)},
		{"ip: question without a lease", carp.BalanceIP, nil, question("10.0.0.1"), result{"drop", "[1 held]"}, nil},
		{"ip: announcement", carp.BalanceIP, []Slot{1, 2}, announcement, result{"drop", "[1 silenced]"}, nil},
		{"ip: reply of the kernel", carp.BalanceIP, []Slot{1, 2}, patch(question("10.0.0.1"), 21, 2), result{"drop", "[1 silenced]"}, nil},
		{"ip-stealth: ours", carp.BalanceIPStealth, []Slot{2}, from("10.0.0.2"), result{"pass", ""}, nil},
		{"ip-stealth: question", carp.BalanceIPStealth, []Slot{1}, question("10.0.0.1"), result{"pass", "[1 rewritten]"}, patch(question("10.0.0.1"), 22, virtual(3)...)},
		{"ip-unicast: ours", carp.BalanceIPUnicast, []Slot{2}, from("10.0.0.2"), result{"pass", "[2 rewritten]"}, patch(from("10.0.0.2"), 6, virtual(3)...)},
		{"ip-unicast: not ours", carp.BalanceIPUnicast, []Slot{2}, from("10.0.0.1"), result{"drop", "[1 held]"}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := withShare(t, c.b, 2)
			h := egress(d)
			lease(d, 2, c.leased...)
			if got := h.judge(t, d, c.frame, 1, 2); got != c.want {
				t.Errorf("got %v, want %v", got, c.want)
			}
			want := c.frame
			if c.out != nil {
				want = c.out
			}
			if verdict, out := h.run(t, c.frame); verdict == "pass" && string(out) != string(want) {
				t.Errorf("out %x, want %x", out, want)
			}
		})
	}
}

// What carp_in sends back goes by carp_out: where the MAC of all is hidden it
// comes from the interface's own MAC, as the kernel's own answers do.
func TestOurAnswersLeaveFromTC(t *testing.T) {
	for _, b := range []carp.Balancing{carp.BalanceIP, carp.BalanceIPStealth, carp.BalanceIPUnicast} {
		d := withShare(t, b, 2)
		lease(d, 2, 1)
		verdict, out := hooks(d)[1].run(t, asked("10.0.0.2"))
		if verdict != "reply" {
			t.Fatalf("%v: %s", b, verdict)
		}
		out = out[:len(arpRequest)]
		if got, same := egress(d).bridged().run(t, out); got != "pass" || string(same[:len(out)]) != string(out) {
			t.Errorf("%v: our answer: %s %x", b, got, same)
		}
		theirs := patch(out, 22, 2, 0, 0, 0, 0, 0x12)
		if got, _ := egress(d).bridged().run(t, patch(theirs, 6, 2, 0, 0, 0, 0, 0x12)); got != "drop" {
			t.Errorf("%v: the kernel's answer: %s", b, got)
		}
	}
}

// A node that hands over finishes what came to its virtual MAC; where every node
// gets every frame there is nothing to finish.
func TestLeaversOfShares(t *testing.T) {
	for b, want := range map[carp.Balancing]result{
		carp.BalanceARP: {"pass", ""}, carp.BalanceIP: {"drop", "[1 held]"},
		carp.BalanceIPStealth: {"drop", "[1 held]"}, carp.BalanceIPUnicast: {"drop", "[1 held]"},
	} {
		d := withShare(t, b, 2)
		lease(d, 2)
		d.Accept(1, later())
		frame := patch(fromGroup, 30, addr4("10.0.0.1")...)
		if b == carp.BalanceARP {
			frame = patch(fromGroup, 30, addr4("192.0.2.99")...)
		}
		if got := egress(d).judge(t, d, frame, 1, 2); got != want {
			t.Errorf("%v: %v, want %v", b, got, want)
		}
	}
}

// Each node takes in what comes to its own virtual MAC, whoever sent it.
func TestFramesToTheMACsOfArpNodes(t *testing.T) {
	d := withShare(t, carp.BalanceARP, 2)
	lease(d, 2, 2)
	in := hooks(d)[1]
	if got := in.judge(t, d, patch(toVirtual, 5, 4), 1, 2); got != (result{"pass", "[2 accepted]"}) {
		t.Errorf("leased: %v", got)
	}
	if got := in.judge(t, d, patch(toVirtual, 5, 3), 1, 2); got != (result{"drop", "[1 not accepted]"}) {
		t.Errorf("not leased: %v", got)
	}
	if got := hooks(d)[0].judge(t, d, patch(toVirtual, 5, 3), 1, 2); got != (result{"pass", ""}) {
		t.Errorf("XDP: %v", got)
	}
}

func TestSharesWantTheirNodes(t *testing.T) {
	d := load(t, Options{})
	base := nodesOf(carp.BalanceARP, 2)[0]
	for name, change := range map[string]func(*Group){
		"physical MAC":   func(g *Group) { g.Physical = true },
		"33 nodes":       func(g *Group) { g.Nodes = nodesOf(carp.BalanceARP, 33)[0].Nodes },
		"not among them": func(g *Group) { g.Nodes = []carp.VHID{4, 5} },
		"not ascending":  func(g *Group) { g.Nodes = []carp.VHID{4, 3} },
		"twice":          func(g *Group) { g.Nodes = []carp.VHID{3, 3} },
	} {
		g := base
		change(&g)
		if slot, err := d.AddGroup(g); err == nil || errors.Is(err, ErrTaken) {
			t.Errorf("%s: slot %d, %v", name, slot, err)
		}
		if n := lookups(t, d); n != 0 {
			t.Errorf("%s: %d rows left", name, n)
		}
	}
	if n := len(nodesOf(carp.BalanceIP, 32)); n != 32 {
		t.Fatal(n)
	}
	for _, g := range nodesOf(carp.BalanceIP, 32) {
		addGroup(t, d, g)
	}
}
