package dataplane

import (
	"testing"

	"github.com/carpd/carpd/internal/carp"
)

// skb is struct __sk_buff, of which BPF_PROG_TEST_RUN takes the ifindex of the
// interface that a forwarded frame came in by. It is field 9.
type skb struct {
	_              [9]uint32
	IngressIfindex uint32
	_              [38]uint32
}

// bridged presents each frame as one that came in by another interface.
func (h hook) bridged() hook {
	h.ctx = &skb{IngressIfindex: 7}
	return h
}

// udp are frames between 192.0.2.1 or 2001:db8::1 and a client, protocol UDP.
var (
	toVirtual  = unhex("00005e000101 020000000099 0800 4500 001c 0000 4000 4011 0000 c0000263 c0000201 1000 0007 0008 0000")
	toVirtual6 = unhex(`00005e000101 020000000099 86dd 60000000 0008 11 40
		20010db8000000000000000000000099 20010db8000000000000000000000001 1000 0007 0008 0000`)
	fromGroup  = unhex("020000000099 020000000012 0800 4500 001c 0000 4000 4011 0000 c0000201 c0000263 0007 1000 0008 0000")
	fromGroup6 = unhex(`020000000099 020000000012 86dd 60000000 0008 11 40
		20010db8000000000000000000000001 20010db8000000000000000000000099 0007 1000 0008 0000`)
	arpFromGroup = unhex("ffffffffffff 020000000012 0806" + fixed + ask + "020000000012 c0000201 000000000000 c0000263")
	announcement = unhex("ffffffffffff 00005e000101 0806" + fixed + ask + "00005e000101 c0000201 000000000000 c0000201")
)

func TestFramesToTheVirtualMAC(t *testing.T) {
	d := withGroup(t)
	in := hooks(d)[1]
	for _, c := range []struct {
		name   string
		frame  []byte
		accept bool
		upper  bool
		want   result
	}{
		{"accepted", toVirtual, true, false, result{"pass", "[1 accepted]"}},
		{"accepted, IPv6", toVirtual6, true, false, result{"pass", "[1 accepted]"}},
		{"any EtherType", patch(toVirtual, 12, 0x88, 0xcc), true, false, result{"pass", "[1 accepted]"}},
		{"accepted below a bridge", toVirtual, true, true, result{"pass", "[1 accepted]"}},
		{"an Ethernet header alone", patch(toVirtual, 12, 0x88, 0xcc)[:14], true, false, result{"pass", "[1 accepted]"}},
		{"not accepted", toVirtual, false, false, result{"drop", "[1 not accepted]"}},
		{"not accepted, IPv6", toVirtual6, false, false, result{"drop", "[1 not accepted]"}},
		{"not accepted below a bridge", toVirtual, false, true, result{"pass", ""}},
		{"virtual MAC of nobody", patch(toVirtual, 5, 9), false, false, result{"pass", ""}},
		{"other prefix", patch(toVirtual, 4, 2), false, false, result{"pass", ""}},
		{"other first byte", patch(toVirtual, 0, 2), false, false, result{"pass", ""}},
		{"own MAC", patch(toVirtual, 0, 2, 0, 0, 0, 0, 0x12), false, false, result{"pass", ""}},
		{"on another VLAN", tagged(toVirtual, [2]uint16{0x8100, 5}), false, false, result{"pass", ""}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if err := d.SetLink(loopback, Link{MAC: carp.MAC{2, 0, 0, 0, 0, 0x12}, HasUpper: c.upper}); err != nil {
				t.Fatal(err)
			}
			d.Accept(1, past())
			if c.accept {
				d.Accept(1, later())
			}
			if got := in.judge(t, d, c.frame, 1, 2); got != c.want {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

func TestXDPLeavesTheVirtualMACToTC(t *testing.T) {
	d := withGroup(t)
	if got := hooks(d)[0].judge(t, d, toVirtual, 1, 2); got != (result{"pass", ""}) {
		t.Errorf("%v", got)
	}
}

func TestWorkOfXDPIsNotDoneTwice(t *testing.T) {
	d := withGroup(t)
	in := hooks(d)[1]
	d.Accept(1, later())
	if err := d.setServed(loopback, true); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		frame   []byte
		verdict string
	}{
		"advert": {unhex(freebsd4), "drop"}, "advert, IPv6": {unhex(freebsd6), "drop"},
		"advert of nobody": {ipv4(advert(3)), "pass"}, "advert on another VLAN": {tagged(unhex(freebsd4), [2]uint16{0x8100, 5}), "pass"},
		"VRRP": {ipv4(vrrp3(9)), "pass"}, "VRRP, our id": {ipv4(vrrp2(1, 7, "")), "pass"},
		"ARP": {arpRequest, "pass"}, "solicitation": {solicitation, "pass"},
	} {
		if got := in.judge(t, d, c.frame, 1, 2); got != (result{c.verdict, ""}) {
			t.Errorf("%s: %v", name, got)
		}
	}
	if got := in.judge(t, d, toVirtual, 1, 2); got != (result{"pass", "[1 accepted]"}) {
		t.Errorf("frame to the virtual MAC: %v", got)
	}
	if n := len(events(t, d)); n != 0 {
		t.Errorf("%d events", n)
	}
}

// With a macvlan on top somebody behind it may wait for the advert.
func TestAdvertsGoOnToUppers(t *testing.T) {
	d := withGroup(t)
	if err := d.setServed(loopback, true); err != nil {
		t.Fatal(err)
	}
	if err := d.SetLink(loopback, Link{MAC: carp.MAC{2, 0, 0, 0, 0, 0x12}, HasUpper: true}); err != nil {
		t.Fatal(err)
	}
	if got := hooks(d)[1].judge(t, d, unhex(freebsd4), 1, 2); got != (result{"pass", ""}) {
		t.Errorf("%v", got)
	}
}

// What leaves, by which of the two deadlines still runs.
func TestEgress(t *testing.T) {
	d := withGroup(t)
	virtual := []byte{0, 0, 0x5e, 0, 1, 1}
	passes := result{"pass", ""}
	rewritten, held := result{"pass", "[1 rewritten]"}, result{"drop", "[1 held]"}
	silenced := result{"drop", "[1 silenced]"}
	for _, c := range []struct {
		name                      string
		frame                     []byte
		answering, leaving, never result
		out                       []byte // while answering; nil is unchanged
		outLeaving                []byte // while leaving; nil is unchanged
	}{
		{"IPv4", fromGroup, rewritten, passes, held, patch(fromGroup, 6, virtual...), nil},
		{"IPv6", fromGroup6, rewritten, passes, held, patch(fromGroup6, 6, virtual...), nil},
		{"a later fragment", patch(fromGroup, 20, 0, 9), rewritten, passes, held, patch(patch(fromGroup, 20, 0, 9), 6, virtual...), nil},
		{"ARP", arpFromGroup, rewritten, rewritten, held, patch(patch(arpFromGroup, 6, virtual...), 22, virtual...), patch(arpFromGroup, 22, virtual...)},
		{"gratuitous ARP of the kernel", patch(arpFromGroup, 41, 1), silenced, silenced, silenced, nil, nil},
		{"ARP reply", patch(arpFromGroup, 21, 2), silenced, silenced, silenced, nil, nil},
		{"our announcement", announcement, rewritten, passes, held, nil, nil},
		{"priority tag", tagged(fromGroup, [2]uint16{0x8100, 0}), rewritten, passes, held, patch(tagged(fromGroup, [2]uint16{0x8100, 0}), 6, virtual...), nil},

		{"protocol 112", patch(fromGroup, 23, 112), passes, passes, passes, nil, nil},
		{"protocol 112, IPv6", patch(fromGroup6, 20, 112), passes, passes, passes, nil, nil},
		{"another source", patch(fromGroup, 29, 3), passes, passes, passes, nil, nil},
		{"another source, IPv6", patch(fromGroup6, 37, 3), passes, passes, passes, nil, nil},
		{"ARP of another", patch(arpFromGroup, 31, 3), passes, passes, passes, nil, nil},
		{"ARP probe", patch(arpFromGroup, 28, 0, 0, 0, 0), passes, passes, passes, nil, nil},
		{"to the group address", toVirtual, passes, passes, passes, nil, nil},
		{"on another VLAN", tagged(fromGroup, [2]uint16{0x8100, 5}), passes, passes, passes, nil, nil},
		{"another EtherType", patch(fromGroup, 12, 0x88, 0xcc), passes, passes, passes, nil, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := egress(d)
			d.Answer(1, later())
			d.Accept(1, later())
			if got := h.judge(t, d, c.frame, 1, 2); got != c.answering {
				t.Errorf("answering: got %v, want %v", got, c.answering)
			}
			want := c.frame
			if c.out != nil {
				want = c.out
			}
			if _, out := h.run(t, c.frame); string(out) != string(want) {
				t.Errorf("answering: out %x, want %x", out, want)
			}
			d.Answer(1, past())
			if got := h.judge(t, d, c.frame, 1, 2); got != c.leaving {
				t.Errorf("leaving: got %v, want %v", got, c.leaving)
			}
			if want = c.frame; c.outLeaving != nil {
				want = c.outLeaving
			}
			if verdict, out := h.run(t, c.frame); verdict == "pass" && string(out) != string(want) {
				t.Errorf("leaving: out %x, want %x", out, want)
			}
			d.Accept(1, past())
			if got := h.judge(t, d, c.frame, 1, 2); got != c.never {
				t.Errorf("no lease: got %v, want %v", got, c.never)
			}
		})
	}
}

// A bridge carries the frames of others, such as those of the MASTER behind it:
// they have a foreign Ethernet source. Packets that this host routes or whose
// source it translates have the interface's own.
func TestBridgedFramesLeaveAsTheyCame(t *testing.T) {
	d := withGroup(t)
	h := egress(d).bridged()
	for _, leased := range []bool{true, false} {
		d.Answer(1, past())
		if leased {
			d.Answer(1, later())
		}
		for name, frame := range map[string][]byte{
			"IPv4": patch(fromGroup, 6, 0, 0, 0x5e, 0, 1, 1), "IPv6": patch(fromGroup6, 6, 2, 0, 0, 0, 0, 0x77),
			"announcement": announcement,
		} {
			if got := h.judge(t, d, frame, 1); got != (result{"pass", ""}) {
				t.Errorf("bridged %s, leased %v: %v", name, leased, got)
			}
			if _, out := h.run(t, frame); string(out) != string(frame) {
				t.Errorf("bridged %s, leased %v: changed to %x", name, leased, out)
			}
		}
	}
	if got := h.judge(t, d, fromGroup, 1); got != (result{"drop", "[1 held]"}) {
		t.Errorf("source translated to the group address, no lease: %v", got)
	}
}
