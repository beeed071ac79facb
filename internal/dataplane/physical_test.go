package dataplane

import (
	"testing"

	"github.com/carpd/carpd/internal/carp"
)

// What the stack says in IPv6 about a group address: solicited and unsolicited
// answers, and questions with the interface's own MAC. Checksums as in nd_test.go.
var (
	ndOfStack  = unhex("020000000099 020000000012 86dd" + ndIPv6 + "0020 3a ff" + ndTarget + ndClient + "88 00 b903 60000000" + ndTarget + "0201 020000000012")
	askOfStack = icmp6(unhex("3333ff000099 020000000012 86dd" + ndIPv6 + "0020 3a ff" + ndTarget + "ff0200000000000000000001ff000099" +
		"87 00 0000 00000000" + ndClient + "0101 020000000012"))
)

// Where the interface's own MAC stands for the group, that is answered, nothing
// is rewritten, and packets are judged by their destination.
func TestPhysical(t *testing.T) {
	d := load(t, Options{})
	slot := addGroup(t, d, Group{Ifindex: loopback, VHID: 1, Physical: true, Addresses: addrs("192.0.2.1", "2001:db8::1")})
	own := []byte{2, 0, 0, 0, 0, 0x12}
	toOwn, toOwn6 := patch(toVirtual, 0, own...), patch(toVirtual6, 0, own...)
	arpAnswer := unhex("020000000099 020000000012 0806" + fixed + reply + "020000000012 c0000201" + client)
	d.Answer(slot, later())
	for _, h := range hooks(d) {
		if got := h.judge(t, d, arpRequest, slot); got != (result{"drop", "[1 ARP silent]"}) {
			t.Errorf("%s: before the MAC is known: %v", h.name, got)
		}
	}
	setLink(t, d, Link{MAC: carp.MAC(own)})
	for _, h := range hooks(d) {
		if _, out := h.run(t, arpRequest); string(out) != string(arpAnswer) {
			t.Errorf("%s: ARP answer %x, want %x", h.name, out, arpAnswer)
		}
		if _, out := h.run(t, solicitation); string(out) != string(ndOfStack) {
			t.Errorf("%s: ND answer %x, want %x", h.name, out, ndOfStack)
		}
	}
	in, out := hooks(d)[1], egress(d)
	for name, c := range map[string]struct {
		h                         hook
		frame                     []byte
		answering, leaving, never result
	}{
		"to the address":        {in, toOwn, result{"pass", "[1 accepted]"}, result{"pass", "[1 accepted]"}, result{"drop", "[1 not accepted]"}},
		"to the IPv6 address":   {in, toOwn6, result{"pass", "[1 accepted]"}, result{"pass", "[1 accepted]"}, result{"drop", "[1 not accepted]"}},
		"to another":            {in, patch(toOwn, 33, 9), result{"pass", ""}, result{"pass", ""}, result{"pass", ""}},
		"to another host":       {in, patch(toVirtual, 0, 2, 0, 0, 0, 0, 0x55), result{"pass", ""}, result{"pass", ""}, result{"pass", ""}},
		"to the virtual MAC":    {in, patch(toVirtual, 33, 9), result{"pass", ""}, result{"pass", ""}, result{"pass", ""}},
		"from the address":      {out, fromGroup, result{"pass", ""}, result{"pass", ""}, result{"drop", "[1 held]"}},
		"from the IPv6 address": {out, fromGroup6, result{"pass", ""}, result{"pass", ""}, result{"drop", "[1 held]"}},
		"announcement":          {out, patch(arpFromGroup, 41, 1), result{"pass", ""}, result{"pass", ""}, result{"drop", "[1 held]"}},
		"ARP reply":             {out, patch(arpFromGroup, 21, 2), result{"pass", ""}, result{"drop", "[1 held]"}, result{"drop", "[1 held]"}},
		"ND answer":             {out, ndOfStack, result{"pass", ""}, result{"pass", ""}, result{"drop", "[1 held]"}},
		"question":              {out, askOfStack, result{"pass", ""}, result{"pass", ""}, result{"drop", "[1 held]"}},
	} {
		d.Answer(slot, later())
		d.Accept(slot, later())
		if got := c.h.judge(t, d, c.frame, slot); got != c.answering {
			t.Errorf("%s, answering: got %v, want %v", name, got, c.answering)
		}
		if verdict, out := c.h.run(t, c.frame); verdict == "pass" && string(out) != string(c.frame) {
			t.Errorf("%s: changed to %x", name, out)
		}
		d.Answer(slot, past())
		if got := c.h.judge(t, d, c.frame, slot); got != c.leaving {
			t.Errorf("%s, leaving: got %v, want %v", name, got, c.leaving)
		}
		d.Accept(slot, past())
		if got := c.h.judge(t, d, c.frame, slot); got != c.never {
			t.Errorf("%s, no lease: got %v, want %v", name, got, c.never)
		}
	}
}

// The MAC that the stack names in its questions is mended, and the checksum.
func TestQuestionsOfTheStackNameTheVirtualMAC(t *testing.T) {
	d := withGroup(t)
	virtual := []byte{0, 0, 0x5e, 0, 1, 1}
	mended := icmp6(patch(askOfStack, 80, virtual...))
	d.Accept(1, later())
	if verdict, out := egress(d).run(t, askOfStack); verdict != "pass" || string(out) != string(mended) {
		t.Errorf("leaving: %s %x, want %x", verdict, out, mended)
	}
	d.Answer(1, later())
	if verdict, out := egress(d).run(t, askOfStack); verdict != "pass" || string(out) != string(patch(mended, 6, virtual...)) {
		t.Errorf("answering: %s %x, want %x", verdict, out, mended)
	}
}

// A frame from outside with our virtual MAC as source is told once per pace, and
// after the advert in it.
func TestVirtualMACSeenElsewhere(t *testing.T) {
	d := withGroup(t)
	for _, h := range hooks(d) {
		d.Answer(1, past())
		if got := h.judge(t, d, patch(fromGroup, 6, 0, 0, 0x5e, 0, 1, 1), 1); got != (result{"pass", ""}) {
			t.Errorf("%s, no lease: %v", h.name, got)
		}
		if err := d.objs.CarpReports.Put(Slot(1), bpfCarpReports{}); err != nil {
			t.Fatal(err)
		}
		events(t, d)
		d.Answer(1, later())
		for range 2 {
			if got := h.judge(t, d, patch(fromGroup, 6, 0, 0, 0x5e, 0, 1, 1), 1); got != (result{"pass", "[1 MAC seen elsewhere]"}) {
				t.Errorf("%s: %v", h.name, got)
			}
		}
		if all := events(t, d); len(all) != 1 || all[0].Kind != Moved || all[0].Slot != 1 || all[0].VHID != 1 || all[0].Ifindex != loopback {
			t.Errorf("%s: events %+v", h.name, all)
		}
	}
}
