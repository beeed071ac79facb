package dataplane

import (
	"testing"
	"time"
)

// solicitation asks for 2001:db8::1 from fe80::99 by the solicited-node group.
var solicitation = unhex(`3333ff000001 020000000099 86dd
	60000000 0020 3a ff fe800000000000000000000000000099 ff0200000000000000000001ff000001
	87 00 1234 00000000 20010db8000000000000000000000001 0101 020000000099`)

// solicitations are Neighbour Solicitations and their like.
var solicitations = []struct {
	name             string
	frame            []byte
	leased, unleased result
}{
	{"to the group", solicitation, result{"pass", "[1 ND answered]"}, result{"drop", "[1 ND silent]"}},
	{"duplicate address detection", patch(solicitation, 22, make([]byte, 16)...), result{"pass", "[1 ND answered]"}, result{"drop", "[1 ND silent]"}},
	{"unicast to the interface", patch(patch(solicitation, 0, 2, 0, 0, 0, 0, 0x12), 38, addr16("2001:db8::1")...), result{"pass", "[1 ND answered]"}, result{"drop", "[1 ND silent]"}},
	{"to all nodes", patch(solicitation, 38, addr16("ff02::1")...), result{"pass", "[1 ND answered]"}, result{"drop", "[1 ND silent]"}},
	{"without an option", patch(solicitation[:78], 18, 0, 24), result{"pass", "[1 ND answered]"}, result{"drop", "[1 ND silent]"}},

	{"hop limit 254", patch(solicitation, 21, 254), result{"pass", ""}, result{"pass", ""}},
	{"for another address", patch(solicitation, 77, 9), result{"pass", ""}, result{"pass", ""}},
	{"flooded to another host", patch(solicitation, 0, 2, 0, 0, 0, 0, 0x55), result{"pass", ""}, result{"pass", ""}},
	{"on another VLAN", tagged(solicitation, [2]uint16{0x8100, 5}), result{"pass", ""}, result{"pass", ""}},
	{"advertisement", patch(solicitation, 54, 136), result{"pass", ""}, result{"pass", ""}},
	{"code 1", patch(solicitation, 55, 1), result{"pass", ""}, result{"pass", ""}},
	{"echo request", patch(patch(solicitation, 54, 128), 21, 64), result{"pass", ""}, result{"pass", ""}},
	{"ICMPv6 number in IPv4", patch(unhex(freebsd4), 23, 58), result{"pass", ""}, result{"pass", ""}},
	{"cut off in the target", solicitation[:77], result{"pass", ""}, result{"pass", ""}},
}

func TestNeighbourSolicitation(t *testing.T) {
	d := withGroup(t)
	for _, h := range hooks(d) {
		for _, c := range solicitations {
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
					if verdict, out := h.run(t, c.frame); verdict == "pass" && string(out) != string(c.frame) {
						t.Errorf("frame changed to %x", out)
					}
				}
			})
		}
	}
}

// A client that checks on its neighbour asks the virtual MAC itself.
func TestSolicitationToTheVirtualMAC(t *testing.T) {
	d := withGroup(t)
	d.Answer(1, later())
	d.Accept(1, later())
	frame := patch(patch(solicitation, 0, 0, 0, 0x5e, 0, 1, 1), 38, addr16("2001:db8::1")...)
	rx, in := hooks(d)[0], hooks(d)[1]
	if got := rx.judge(t, d, frame, 1); got != (result{"pass", "[1 ND answered]"}) {
		t.Errorf("carp_rx: %v", got)
	}
	if got := in.judge(t, d, frame, 1); got != (result{"pass", "[1 ND answered][1 accepted]"}) {
		t.Errorf("carp_in: %v", got)
	}
	d.Answer(1, past())
	for _, h := range []hook{rx, in} {
		if got := h.judge(t, d, frame, 1); got != (result{"drop", "[1 ND silent]"}) {
			t.Errorf("%s, no lease: %v", h.name, got)
		}
	}
}
