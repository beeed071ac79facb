package dataplane

import (
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"

	"github.com/carpd/carpd/internal/carp"
)

// An ARP frame in parts: Ethernet, fixed fields, operation, sender, target.
const (
	toAll    = "ffffffffffff 020000000099 0806"
	fixed    = "0001 0800 06 04"
	ask      = "0001"
	reply    = "0002"
	client   = "020000000099 c0000263" // 192.0.2.99
	forGroup = "000000000000 c0000201" // who has 192.0.2.1
)

var arpRequest = unhex(toAll + fixed + ask + client + forGroup)

func TestArpIsAnsweredInPlace(t *testing.T) {
	d := withGroup(t)
	d.Answer(1, later())
	want := "020000000099 00005e000101 0806" + fixed + reply + "00005e000101 c0000201" + client
	for _, h := range hooks(d) {
		verdict, out := h.run(t, arpRequest)
		if verdict != "reply" || string(out) != string(unhex(want)) {
			t.Errorf("%s: %s %x, want %x", h.name, verdict, out, unhex(want))
		}
		if verdict, out := h.run(t, padded(arpRequest)); verdict != "reply" || string(out[:42]) != string(unhex(want)) || len(out) != 60 {
			t.Errorf("%s: padded: %s %x", h.name, verdict, out)
		}
	}
}

func TestArpAnswerDecodes(t *testing.T) {
	d := withGroup(t)
	d.Answer(1, later())
	for _, h := range hooks(d) {
		_, out := h.run(t, padded(arpRequest))
		p := gopacket.NewPacket(out, layers.LayerTypeEthernet, gopacket.Default)
		eth, _ := p.Layer(layers.LayerTypeEthernet).(*layers.Ethernet)
		arp, _ := p.Layer(layers.LayerTypeARP).(*layers.ARP)
		if eth == nil || arp == nil {
			t.Fatalf("%s: not ARP: %v", h.name, p)
		}
		if eth.SrcMAC.String() != "00:00:5e:00:01:01" || eth.DstMAC.String() != "02:00:00:00:00:99" || arp.Operation != layers.ARPReply {
			t.Errorf("%s: %v to %v, operation %d", h.name, eth.SrcMAC, eth.DstMAC, arp.Operation)
		}
		if a, _ := netip.AddrFromSlice(arp.SourceProtAddress); a.String() != "192.0.2.1" {
			t.Errorf("%s: the answer is for %v", h.name, a)
		}
	}
}

func TestArpAnswerKeepsTheTags(t *testing.T) {
	d := load(t, Options{})
	slot := addGroup(t, d, Group{Ifindex: loopback, VLAN: 5, Inner: 7, VHID: 1, Addresses: addrs("192.0.2.1")})
	d.Answer(slot, later())
	tags := [][2]uint16{{0x88a8, 0x2005}, {0x8100, 7}}
	want := tagged(unhex("020000000099 00005e000101 0806"+fixed+reply+"00005e000101 c0000201"+client), tags...)
	for _, h := range hooks(d) {
		if verdict, out := h.run(t, tagged(arpRequest, tags...)); verdict != "reply" || string(out) != string(want) {
			t.Errorf("%s: %s %x, want %x", h.name, verdict, out, want)
		}
	}
}

// arps are ARP frames; each is run with and without a lease.
var arps = []struct {
	name             string
	frame            []byte
	leased, unleased result
}{
	{"request", arpRequest, result{"reply", "[1 ARP answered]"}, result{"drop", "[1 ARP silent]"}},
	{"probe", unhex(toAll + fixed + ask + "020000000099 00000000" + forGroup), result{"reply", "[1 ARP answered]"}, result{"drop", "[1 ARP silent]"}},
	{"unicast to the virtual MAC", patch(arpRequest, 0, 0, 0, 0x5e, 0, 1, 1), result{"reply", "[1 ARP answered]"}, result{"drop", "[1 ARP silent]"}},
	{"unicast to the interface", patch(arpRequest, 0, 2, 0, 0, 0, 0, 0x12), result{"reply", "[1 ARP answered]"}, result{"drop", "[1 ARP silent]"}},
	{"frame and sender MAC differ", patch(arpRequest, 6, 2, 0, 0, 0, 0, 0x77), result{"reply", "[1 ARP answered]"}, result{"drop", "[1 ARP silent]"}},
	{"sender MAC is multicast", patch(arpRequest, 22, 0x33), result{"drop", "[1 ARP silent]"}, result{"drop", "[1 ARP silent]"}},

	{"flooded to another host", patch(arpRequest, 0, 2, 0, 0, 0, 0, 0x55), result{"pass", ""}, result{"pass", ""}},
	{"flooded to another virtual MAC", patch(arpRequest, 0, 0, 0, 0x5e, 0, 1, 9), result{"pass", ""}, result{"pass", ""}},
	{"for another address", patch(arpRequest, 41, 9), result{"pass", ""}, result{"pass", ""}},
	{"on another VLAN", tagged(arpRequest, [2]uint16{0x8100, 5}), result{"pass", ""}, result{"pass", ""}},
	{"our own question", patch(arpRequest, 22, 2, 0, 0, 0, 0, 0x12), result{"pass", ""}, result{"pass", ""}},
	{"reply", patch(arpRequest, 21, 2), result{"pass", ""}, result{"pass", ""}},
	{"not Ethernet", patch(arpRequest, 15, 6), result{"pass", ""}, result{"pass", ""}},
	{"not IPv4", patch(arpRequest, 16, 0x86, 0xdd), result{"pass", ""}, result{"pass", ""}},
	{"other length of MAC", patch(arpRequest, 18, 8), result{"pass", ""}, result{"pass", ""}},
	{"other length of address", patch(arpRequest, 19, 16), result{"pass", ""}, result{"pass", ""}},

	// The announcement of a peer, and our own coming back.
	{"announcement from the virtual MAC",
		unhex("ffffffffffff 00005e000101 0806" + fixed + ask + "00005e000101 c0000201 000000000000 c0000201"),
		result{"pass", "[1 MAC seen elsewhere]"}, result{"pass", ""}},
	{"question from the virtual MAC",
		unhex("ffffffffffff 00005e000101 0806" + fixed + ask + "00005e000101 c0000205 000000000000 c0000201"),
		result{"pass", "[1 MAC seen elsewhere]"}, result{"pass", ""}},
	{"announcement of FreeBSD: frame from the NIC",
		unhex("ffffffffffff 020000000011 0806" + fixed + ask + "00005e000101 c0000201 000000000000 c0000201"),
		result{"pass", ""}, result{"pass", ""}},

	// Somebody else says that the address is his: UCarp announces like this.
	{"foreign announcement", unhex("ffffffffffff 020000000011 0806" + fixed + ask + "020000000011 c0000201 020000000011 c0000201"),
		result{"reply", "[1 ARP answered][1 claimed]"}, result{"pass", "[1 claimed]"}},
	{"foreign reply", unhex("020000000012 020000000011 0806" + fixed + reply + "020000000011 c0000201 020000000012 c000020c"),
		result{"pass", "[1 claimed]"}, result{"pass", "[1 claimed]"}},
	{"foreign sender asks for another", unhex("ffffffffffff 020000000011 0806" + fixed + ask + "020000000011 c0000201 000000000000 c0000263"),
		result{"pass", "[1 claimed]"}, result{"pass", "[1 claimed]"}},
	{"one group's address asks for another's", unhex("ffffffffffff 020000000011 0806" + fixed + ask + "020000000011 c0000202 000000000000 c0000201"),
		result{"reply", "[1 ARP answered][2 claimed]"}, result{"drop", "[1 ARP silent][2 claimed]"}},
	{"sender is the interface itself", unhex("ffffffffffff 020000000012 0806" + fixed + ask + "020000000012 c0000201 000000000000 c0000263"),
		result{"pass", ""}, result{"pass", ""}},
}

func TestArp(t *testing.T) {
	d := withGroup(t)
	for _, h := range hooks(d) {
		for _, c := range arps {
			t.Run(h.name+"/"+c.name, func(t *testing.T) {
				for _, until := range []time.Time{later(), {}, past()} {
					d.Answer(1, until)
					want := c.unleased
					if until.After(past()) {
						want = c.leased
					}
					if got := h.judge(t, d, c.frame, 1, 2); got != want {
						t.Errorf("answer until %v: got %v, want %v", until, got, want)
					}
				}
			})
		}
	}
}

func TestAcceptingAloneDoesNotAnswer(t *testing.T) {
	d := withGroup(t)
	d.Accept(1, later())
	for _, h := range hooks(d) {
		if got := h.judge(t, d, arpRequest, 1); got != (result{"drop", "[1 ARP silent]"}) {
			t.Errorf("%s: %v", h.name, got)
		}
	}
}

func TestLeaseRunsOutByItself(t *testing.T) {
	d := withGroup(t)
	h := hooks(d)[0]
	until := later().Add(-time.Hour + 200*time.Millisecond)
	d.Answer(1, until)
	answered := 0
	for {
		verdict, _ := h.run(t, arpRequest)
		if verdict == "drop" {
			break
		}
		answered++
	}
	if past().Before(until) || answered == 0 {
		t.Errorf("silent after %d answers, before the deadline: %v", answered, past().Before(until))
	}
}

func TestClaimEvent(t *testing.T) {
	d := withGroup(t)
	for _, h := range hooks(d) {
		if err := d.clear(1); err != nil {
			t.Fatal(err)
		}
		for range 3 {
			h.run(t, unhex("ffffffffffff 020000000077 0806"+fixed+ask+"020000000011 c0000201 020000000011 c0000263"))
		}
		want := []Event{{
			Kind: Claim, Ifindex: loopback, Slot: 1, VHID: 1, Family: carp.IPv4,
			Src: netip.MustParseAddr("192.0.2.1"), Dst: netip.MustParseAddr("192.0.2.99"),
			MAC: carp.MAC{2, 0, 0, 0, 0, 0x11}, Payload: []byte{},
		}}
		if diff := cmp.Diff(want, events(t, d), cmpopts.IgnoreFields(Event{}, "At"), cmp.Comparer(sameAddr)); diff != "" {
			t.Errorf("%s: %s", h.name, diff)
		}
	}
}
