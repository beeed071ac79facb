package dataplane

import (
	"testing"

	"github.com/carpd/carpd/internal/carp"
)

// A Neighbour Advertisement of the kernel for 2001:db8::1 to all nodes: source
// and target are the address, the option has the interface's MAC at byte 80.
var kernelTells = unhex(`333300000001 020000000012 86dd 60000000 0020 3a ff
	20010db8000000000000000000000001 ff020000000000000000000000000001
	88 00 0000 20000000 20010db8000000000000000000000001 02 01 020000000012`)

// What the kernel itself says of a group address never leaves, whatever the
// lease; what the group says obeys the lease alone.
func TestSilence(t *testing.T) {
	d := withGroup(t)
	h := egress(d)
	virtual := []byte{0, 0, 0x5e, 0, 1, 1}
	ours := patch(patch(kernelTells, 6, virtual...), 80, virtual...)
	passes, held, silenced := result{"pass", ""}, result{"drop", "[1 held]"}, result{"drop", "[1 silenced]"}
	reply := patch(arpFromGroup, 21, 2)
	for _, c := range []struct {
		name              string
		frame             []byte
		answering, silent result
	}{
		{"advertisement", kernelTells, silenced, silenced},
		{"from a link-local address", patch(kernelTells, 22, 0xfe, 0x80), silenced, silenced},
		{"without the option", kernelTells[:78], silenced, silenced},
		{"in a frame from the virtual MAC", patch(kernelTells, 6, virtual...), silenced, silenced},
		{"of the virtual MAC, in a frame from the interface's", patch(kernelTells, 80, virtual...), silenced, silenced},
		{"tagged with priority", tagged(kernelTells, [2]uint16{0x8100, 0}), silenced, silenced},
		{"ours", ours, result{"pass", "[1 rewritten]"}, held},
		{"of another address", patch(patch(kernelTells, 37, 9), 77, 9), passes, passes},
		{"another ICMPv6 type", patch(patch(kernelTells, 54, 128), 37, 9), passes, passes},
		{"ARP reply from the virtual MAC with the interface's inside", patch(reply, 6, virtual...), silenced, silenced},
		{"ARP reply with the virtual MAC in a frame from another", patch(patch(reply, 22, virtual...), 6, 2, 0, 0, 0, 0, 0x77), silenced, silenced},
		{"ARP reply of another address", patch(reply, 31, 3), passes, passes},
	} {
		d.Answer(1, later())
		if got := h.judge(t, d, c.frame, 1, 2); got != c.answering {
			t.Errorf("%s, answering: got %v, want %v", c.name, got, c.answering)
		}
		d.Answer(1, past())
		d.Accept(1, past())
		if got := h.judge(t, d, c.frame, 1, 2); got != c.silent {
			t.Errorf("%s, no lease: got %v, want %v", c.name, got, c.silent)
		}
	}
	for name, frame := range map[string][]byte{"advertisement": patch(kernelTells, 6, 2, 0, 0, 0, 0, 0x77), "ARP reply": patch(reply, 6, 2, 0, 0, 0, 0, 0x77)} {
		if got := egress(d).bridged().judge(t, d, frame, 1); got != passes {
			t.Errorf("%s of a host behind a bridge: %v", name, got)
		}
	}
}

// The kernel answers for the addresses of groups on other interfaces too. These
// have rows with ifindex 0, and nothing that is said of them here is the group's.
func TestSilenceElsewhere(t *testing.T) {
	d := load(t, Options{})
	if err := d.SetLink(loopback, Link{MAC: carp.MAC{2, 0, 0, 0, 0, 0x12}}); err != nil {
		t.Fatal(err)
	}
	for _, table := range []struct {
		put  func(key, value any) error
		key  any
		name string
	}{
		{func(k, v any) error { return d.objs.CarpVip4.Put(k, v) }, bpfCarpVip4Key{Addr: [4]byte{192, 0, 2, 1}}, "IPv4"},
		{func(k, v any) error { return d.objs.CarpVip6.Put(k, v) }, bpfCarpVip6Key{Addr: [16]byte{0x20, 1, 0xd, 0xb8, 15: 1}}, "IPv6"},
	} {
		if err := table.put(table.key, bpfCarpOwner{Slot: 1}); err != nil {
			t.Fatal(table.name, err)
		}
	}
	silenced := result{"drop", "[1 silenced]"}
	for name, c := range map[string]struct {
		frame []byte
		want  result
	}{
		"advertisement": {kernelTells, silenced}, "ARP reply": {patch(arpFromGroup, 21, 2), silenced},
		"gratuitous ARP": {patch(arpFromGroup, 41, 1), silenced}, "as the group": {announcement, silenced},
		"on a VLAN": {tagged(patch(arpFromGroup, 21, 2), [2]uint16{0x8100, 5}), silenced},
		"question":  {arpFromGroup, result{"pass", ""}}, "packet": {fromGroup, result{"pass", ""}},
	} {
		if got := egress(d).judge(t, d, c.frame, 1, 2); got != c.want {
			t.Errorf("%s: got %v, want %v", name, got, c.want)
		}
	}
}
