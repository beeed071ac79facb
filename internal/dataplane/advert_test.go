package dataplane

import (
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/carpd/carpd/internal/boottime"
	"github.com/carpd/carpd/internal/carp"
)

// withGroup loads a dataplane with vhid 1 of both families on the loopback
// interface in slot 1, and with IPv4 alone as vhid 2 in slot 2.
func withGroup(t testing.TB) *Dataplane {
	t.Helper()
	d := load(t, Options{})
	one := addGroup(t, d, Group{Ifindex: loopback, VHID: 1, Addresses: addrs("192.0.2.1", "2001:db8::1")})
	two := addGroup(t, d, Group{Ifindex: loopback, VHID: 2, Addresses: addrs("192.0.2.2")})
	if one != 1 || two != 2 {
		t.Fatalf("slots are %d and %d", one, two)
	}
	if err := d.SetLink(loopback, Link{MAC: carp.MAC{2, 0, 0, 0, 0, 0x12}}); err != nil {
		t.Fatal(err)
	}
	if err := d.SetOwn(loopback, addrs("192.0.2.12", "fe80::12")); err != nil {
		t.Fatal(err)
	}
	return d
}

// adverts are frames of protocol 112 and what must become of them.
var adverts = []struct {
	name  string
	frame []byte
	want  result
}{
	{"OpenBSD, TOS 0x10 and an id", unhex(openbsd4), result{"pass", "[1 ok]"}},
	{"FreeBSD, TOS 0xe0", unhex(freebsd4), result{"pass", "[1 ok]"}},
	{"UCarp, other source MAC", unhex(ucarp4), result{"pass", "[1 ok]"}},
	{"UCarp -M, broadcast frame", unhex(bcast4), result{"pass", "[1 ok]"}},
	{"captured from UCarp", unhex(captured4), result{"pass", "[1 ok]"}},
	{"unicast to an own address", unhex(unicast4), result{"pass", "[1 ok]"}},
	{"OpenBSD, IPv6", unhex(openbsd6), result{"pass", "[1 ok]"}},
	{"FreeBSD, IPv6, class 0xe0", unhex(freebsd6), result{"pass", "[1 ok]"}},
	{"unicast to an own address, IPv6", patch(unhex(freebsd6), 38, addr16("fe80::12")...), result{"pass", "[1 ok]"}},
	{"source 0.0.0.0", patch(unhex(freebsd4), 26, 0, 0, 0, 0), result{"pass", "[1 ok]"}},
	{"source is the group address", patch(unhex(freebsd4), 26, 192, 0, 2, 1), result{"pass", "[1 ok]"}},
	{"IP options", withOptions(unhex(freebsd4)), result{"pass", "[1 ok]"}},
	{"bytes after the 36", ipv4(append(advert(1), 0xde, 0xad, 0xbe)), result{"pass", "[1 ok]"}},
	{"bytes after the 36, IPv6", ipv6(append(advert(1), 0xde, 0xad, 0xbe)), result{"pass", "[1 ok]"}},
	{"Ethernet padding", append(unhex(freebsd4), make([]byte, 20)...), result{"pass", "[1 ok]"}},
	{"priority tag", tagged(unhex(freebsd4), [2]uint16{0x8100, 0xe000}), result{"pass", "[1 ok]"}},
	{"demotion in byte 4", ipv4(carp.Advert{VHID: 1, Demotion: 9}.AppendTo(nil)), result{"pass", "[1 ok]"}},
	{"the other group", ipv4(advert(2)), result{"pass", "[2 ok]"}},

	{"first fragment", patch(unhex(freebsd4), 20, 0x20, 0), result{"drop", "[1 fragment]"}},
	{"later fragment", patch(unhex(freebsd4), 20, 0, 1), result{"drop", "[1 fragment]"}},
	{"fragment, IPv6", fragment6(advert(1), 112), result{"drop", "[1 fragment]"}},
	{"TTL 254", patch(unhex(freebsd4), 22, 254), result{"drop", "[1 bad TTL]"}},
	{"hop limit 254", patch(unhex(freebsd6), 21, 254), result{"drop", "[1 bad TTL]"}},
	{"another multicast group", patch(unhex(freebsd4), 33, 19), result{"drop", "[1 bad destination]"}},
	{"another multicast group, IPv6", patch(unhex(freebsd6), 53, 0x13), result{"drop", "[1 bad destination]"}},
	{"ff02:0:0:1::12", patch(unhex(freebsd6), 45, 1), result{"drop", "[1 bad destination]"}},
	{"unicast to another host", patch(unhex(unicast4), 33, 13), result{"drop", "[1 bad destination]"}},
	{"checksum", patch(unhex(freebsd4), 40, 0x05), result{"drop", "[1 bad checksum]"}},
	{"last byte of the digest", patch(unhex(freebsd4), 69, 0xea), result{"drop", "[1 bad checksum]"}},
	{"checksum, IPv6", patch(unhex(freebsd6), 60, 0x5f), result{"drop", "[1 bad checksum]"}},
	{"TTL before checksum", patch(patch(unhex(freebsd4), 22, 1), 40, 5), result{"drop", "[1 bad TTL]"}},

	{"VHID of nobody", ipv4(advert(3)), result{"pass", "[0 not ours]"}},
	{"VHID 0", ipv4(summed(patch(advert(1), 1, 0))), result{"pass", "[0 not ours]"}},
	{"group without IPv6", ipv6(advert(2)), result{"pass", "[0 not ours]"}},
	{"35 bytes", padded(ipv4(advert(1)[:35])), result{"pass", "[0 not ours]"}},
	{"35 bytes, IPv6", ipv6(advert(1)[:35]), result{"pass", "[0 not ours]"}},
	{"authlen 0", ipv4(summed(patch(advert(1), 3, 0))), result{"pass", "[0 not ours]"}},
	{"version 1", ipv4(summed(patch(advert(1), 0, 0x11))), result{"pass", "[0 not ours]"}},
	{"type 2", ipv4(summed(patch(advert(1), 0, 0x22))), result{"pass", "[0 not ours]"}},
	{"VLAN of nobody", tagged(unhex(freebsd4), [2]uint16{0x8100, 5}), result{"pass", "[0 not ours]"}},
	{"bad TTL of somebody else", patch(ipv4(advert(3)), 22, 1), result{"pass", "[0 not ours]"}},
	{"empty payload", ipv4(nil), result{"pass", "[0 not ours]"}},
	{"header length 4", patch(unhex(freebsd4), 14, 0x44), result{"pass", "[0 not ours]"}},
	{"header length 4, advert behind it", patch(patch(unhex(freebsd4), 14, 0x44), 30, 0x21, 1, 0, 7), result{"pass", "[0 not ours]"}},
	{"total length 0", patch(unhex(freebsd4), 16, 0, 0), result{"pass", "[0 not ours]"}},
	{"total length 19", patch(unhex(freebsd4), 16, 0, 19), result{"pass", "[0 not ours]"}},
	{"version 5 of IP", patch(unhex(freebsd4), 14, 0x55), result{"pass", "[0 not ours]"}},
	{"version 5 of IP in IPv6", patch(unhex(freebsd6), 14, 0x50), result{"pass", "[0 not ours]"}},
	{"total length beyond the frame", patch(unhex(freebsd4), 16, 0, 57), result{"pass", "[0 not ours]"}},
	{"payload length beyond the frame", patch(unhex(freebsd6), 18, 0, 37), result{"pass", "[0 not ours]"}},

	{"VRRPv2", padded(ipv4(vrrp2(9, 1, ""))), result{"pass", "[0 VRRP]"}},
	{"VRRPv2 with 3 addresses", ipv4(vrrp2(9, 3, "")), result{"pass", "[0 VRRP]"}},
	{"VRRPv2 with 7 addresses", ipv4(vrrp2(9, 7, "")), result{"pass", "[0 VRRP]"}},
	{"VRRPv3", padded(ipv4(vrrp3(9))), result{"pass", "[0 VRRP]"}},
	{"VRRPv3, IPv6", ipv6(vrrp3(9)), result{"pass", "[0 VRRP]"}},
	{"VRRPv3 as long as an advert", ipv4(patch(advert(9), 0, 0x31)), result{"pass", "[0 VRRP]"}},
	{"VRRPv2, our id", padded(ipv4(vrrp2(1, 1, ""))), result{"pass", "[1 VRRP]"}},
	{"VRRPv2 with a password", ipv4(vrrp2(9, 2, "password")), result{"pass", "[0 VRRP]"}},
	{"VRRPv2 with 7 addresses and a password, our id", ipv4(vrrp2(1, 7, "password")), result{"pass", "[1 VRRP]"}},
	// Without a password its first 36 bytes have a right checksum as well.
	{"VRRPv2 with 7 addresses, our id", ipv4(vrrp2(1, 7, "")), result{"pass", "[1 VRRP]"}},
	{"VRRPv2 with 7 addresses, our id, TTL 1", patch(ipv4(vrrp2(1, 7, "")), 22, 1), result{"pass", "[1 VRRP]"}},
	{"44 bytes that are no VRRP", ipv4(append(advert(1), 1, 2, 3, 4, 5, 6, 7, 8)), result{"pass", "[1 ok]"}},
	{"VRRPv3, our id", padded(ipv4(vrrp3(1))), result{"pass", "[1 VRRP]"}},
	{"VRRPv3, our id, IPv6 where we have none", ipv6(vrrp3(2)), result{"pass", "[2 VRRP]"}},
	{"VRRPv3 with TTL 1, our id", padded(patch(ipv4(vrrp3(1)), 22, 1)), result{"pass", "[1 VRRP]"}},

	{"TCP", patch(unhex(freebsd4), 23, 6), result{"pass", ""}},
	{"TCP, IPv6", patch(unhex(freebsd6), 20, 6), result{"pass", ""}},
	{"fragment of UDP, IPv6", fragment6(advert(1), 17), result{"pass", ""}},
	{"another EtherType", patch(unhex(freebsd4), 12, 0x88, 0xcc), result{"pass", ""}},
	{"three tags", tagged(unhex(freebsd4), [2]uint16{0x88a8, 0}, [2]uint16{0x8100, 0}, [2]uint16{0x8100, 0}), result{"pass", ""}},
}

// addr16 are the bytes of an IPv6 address.
func addr16(s string) []byte { return netip.MustParseAddr(s).AsSlice() }

// withOptions is an IPv4 frame with four bytes of options.
func withOptions(frame []byte) []byte {
	out := slices.Concat(frame[:34], []byte{1, 1, 1, 0}, frame[34:])
	out[14], out[17] = 0x46, out[17]+4
	return out
}

// fragment6 is an IPv6 fragment with a payload of some protocol.
func fragment6(payload []byte, proto byte) []byte {
	f := ipv6(append([]byte{proto, 0, 0, 1, 0, 0, 0, 9}, payload...))
	f[20] = 44
	return f
}

func TestAdverts(t *testing.T) {
	d := withGroup(t)
	for _, h := range hooks(d) {
		for _, c := range adverts {
			t.Run(h.name+"/"+c.name, func(t *testing.T) {
				if got := h.judge(t, d, c.frame, 1, 2); got != h.spent(c.want) {
					t.Errorf("got %v, want %v", got, h.spent(c.want))
				}
			})
		}
	}
}

func TestFramesAreLeftAsTheyAre(t *testing.T) {
	d := withGroup(t)
	for _, h := range append(hooks(d), egress(d)) {
		for _, c := range adverts {
			if _, out := h.run(t, c.frame); string(out) != string(c.frame) {
				t.Errorf("%s: %s: frame changed to %x", h.name, c.name, out)
			}
		}
	}
}

func TestAdvertEvent(t *testing.T) {
	d := withGroup(t)
	for _, h := range hooks(d) {
		before := boottime.Now()
		h.run(t, unhex(freebsd4))
		h.run(t, unhex(openbsd6))
		h.run(t, patch(unhex(freebsd4), 22, 254))
		want := []Event{{
			Kind: Advert, Ifindex: loopback, Slot: 1, VHID: 1, Family: carp.IPv4, TTL: 255,
			Src: netip.MustParseAddr("192.0.2.11"), Dst: netip.MustParseAddr("224.0.0.18"),
			MAC:     carp.MAC{0, 0, 0x5e, 0, 1, 1},
			Payload: unhex("21010007000104310123456789abcdef804538a172de9d658c695edfe8729c0371ca91eb"),
		}, {
			Kind: Advert, Ifindex: loopback, Slot: 1, VHID: 1, Family: carp.IPv6, TTL: 255,
			Src: netip.MustParseAddr("fe80::11"), Dst: netip.MustParseAddr("ff02::12"),
			MAC:     carp.MAC{0, 0, 0x5e, 0, 1, 1},
			Payload: unhex("2101000700015e1f0123456789abcdef5d59a778cee10f2713156573bca724f92c357978"),
		}}
		got := events(t, d)
		if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(Event{}, "At"), cmp.Comparer(sameAddr)); diff != "" {
			t.Errorf("%s: %s", h.name, diff)
		}
		for _, e := range got {
			if e.At.Before(before) || e.At.After(boottime.Now()) {
				t.Errorf("%s: event at %v, not between %v and now", h.name, e.At, before)
			}
		}
	}
}

func sameAddr(a, b netip.Addr) bool { return a == b }

func TestTagsSelectTheGroup(t *testing.T) {
	d := load(t, Options{})
	for i, g := range []Group{
		{}, {VLAN: 5}, {VLAN: 7}, {VLAN: 5, Inner: 7}, {VLAN: 7, Inner: 5},
	} {
		g.Ifindex, g.VHID, g.Addresses = loopback, 1, addrs("192.0.2.1")
		if slot := addGroup(t, d, g); slot != Slot(i+1) {
			t.Fatalf("slot %d", slot)
		}
	}
	q, s := uint16(0x8100), uint16(0x88a8)
	for _, c := range []struct {
		tags [][2]uint16
		want string
		vlan [2]uint16
	}{
		{nil, "[1 ok]", [2]uint16{0, 0}},
		{[][2]uint16{{q, 0}}, "[1 ok]", [2]uint16{0, 0}},
		{[][2]uint16{{s, 0}, {q, 0x2000}}, "[1 ok]", [2]uint16{0, 0}},
		{[][2]uint16{{q, 5}}, "[2 ok]", [2]uint16{5, 0}},
		{[][2]uint16{{q, 0xf005}}, "[2 ok]", [2]uint16{5, 0}},
		{[][2]uint16{{s, 0}, {q, 5}}, "[2 ok]", [2]uint16{5, 0}},
		{[][2]uint16{{s, 5}, {q, 0}}, "[2 ok]", [2]uint16{5, 0}},
		{[][2]uint16{{s, 7}}, "[3 ok]", [2]uint16{7, 0}},
		{[][2]uint16{{s, 5}, {q, 7}}, "[4 ok]", [2]uint16{5, 7}},
		{[][2]uint16{{q, 7}, {q, 5}}, "[5 ok]", [2]uint16{7, 5}},
		{[][2]uint16{{q, 6}}, "[0 not ours]", [2]uint16{}},
		{[][2]uint16{{s, 5}, {q, 5}}, "[0 not ours]", [2]uint16{}},
	} {
		for _, h := range hooks(d) {
			got := h.judge(t, d, tagged(unhex(freebsd4), c.tags...), 1, 2, 3, 4, 5)
			if got != h.spent(result{"pass", c.want}) {
				t.Errorf("%s: tags %x: got %v, want %s", h.name, c.tags, got, c.want)
			}
			for _, e := range events(t, d) {
				if e.VLAN != c.vlan[0] || e.Inner != c.vlan[1] {
					t.Errorf("%s: tags %x: event of VLAN %d, inner %d", h.name, c.tags, e.VLAN, e.Inner)
				}
			}
		}
	}
}

func TestFullRingIsCountedAndPasses(t *testing.T) {
	d := withGroup(t)
	h := hooks(d)[0]
	const sent, room = 40000, 4096 * 1024 / 112
	for range sent {
		if verdict, _ := h.run(t, unhex(freebsd4)); verdict != "pass" {
			t.Fatal(verdict)
		}
	}
	p := packets(t, d, 1)
	if p[carp.OK] < room-1 || p[carp.OK] > room || p[carp.OK]+p[carp.RingFull] != sent {
		t.Errorf("%d taken and %d refused of %d; there is room for %d", p[carp.OK], p[carp.RingFull], sent, room)
	}
	if n := len(events(t, d)); n != int(p[carp.OK]) {
		t.Errorf("%d events for %d taken adverts", n, p[carp.OK])
	}
	h.run(t, unhex(freebsd4))
	if n := len(events(t, d)); n != 1 {
		t.Errorf("%d events after the ring was emptied, want 1", n)
	}
}

func TestReadyTellsOfEvents(t *testing.T) {
	d := withGroup(t)
	h := hooks(d)[0]
	for round := range 20 {
		h.run(t, unhex(freebsd4))
		h.run(t, unhex(freebsd6))
		for n := 0; n < 2; {
			select {
			case <-d.Ready():
				n += len(events(t, d))
			case <-time.After(5 * time.Second):
				t.Fatalf("round %d: %d of 2 events", round, n)
			}
		}
	}
}

func TestDrainTakesWhatWasThere(t *testing.T) {
	d := withGroup(t)
	h := hooks(d)[0]
	h.run(t, unhex(freebsd4))
	h.run(t, unhex(freebsd4))
	<-d.Ready()
	n := 0
	if err := d.Drain(func(Event) {
		n++
		h.run(t, unhex(freebsd4)) // a flood that never ends
	}); err != nil {
		t.Fatal(err)
	}
	if n != 2 {
		t.Errorf("drained %d events, want the 2 that were there", n)
	}
	select {
	case <-d.Ready():
	default:
		t.Error("not ready, though events have come during Drain")
	}
	if n := len(events(t, d)); n != 2 {
		t.Errorf("%d events left, want 2", n)
	}
}

func TestCollisionIsReportedOncePerSecond(t *testing.T) {
	d := withGroup(t)
	for _, h := range hooks(d) {
		if err := d.clear(1); err != nil {
			t.Fatal(err)
		}
		for range 3 {
			h.run(t, padded(ipv4(vrrp3(1))))
			h.run(t, padded(ipv4(vrrp2(2, 1, ""))))
			h.run(t, padded(ipv4(vrrp2(9, 1, ""))))
		}
		got := events(t, d)
		want := Event{
			Kind: VRRPCollision, Ifindex: loopback, Slot: 1, VHID: 1, TTL: 255,
			Src: netip.MustParseAddr("192.0.2.11"), Dst: netip.MustParseAddr("224.0.0.18"),
			MAC: carp.MAC{2, 0, 0, 0, 0, 0x11}, Payload: unhex("3101640100641234"),
		}
		if len(got) == 0 {
			t.Fatalf("%s: no event", h.name)
		}
		if diff := cmp.Diff(want, got[0], cmpopts.IgnoreFields(Event{}, "At"), cmp.Comparer(sameAddr)); diff != "" {
			t.Errorf("%s: %s", h.name, diff)
		}
		if h.name == "carp_rx" && (len(got) != 2 || got[1].Slot != 2 || got[1].VHID != 2) {
			t.Errorf("%s: want one event per group, got %+v", h.name, got)
		}
	}
}

// The virtual MAC of VRRP over IPv4 is ours also where we have IPv6 alone.
func TestCollisionOfAnIPv6Group(t *testing.T) {
	d := load(t, Options{})
	addGroup(t, d, Group{Ifindex: loopback, VHID: 1, Addresses: addrs("2001:db8::1")})
	for _, h := range hooks(d) {
		if got := h.judge(t, d, padded(ipv4(vrrp3(1))), 1); got != (result{"pass", "[1 VRRP]"}) {
			t.Errorf("%s: %v", h.name, got)
		}
	}
	if got := events(t, d); len(got) != 1 || got[0].Kind != VRRPCollision || got[0].Slot != 1 {
		t.Errorf("events %+v", got)
	}
}

func TestReportsComeBackAfterASecond(t *testing.T) {
	d := withGroup(t)
	h := hooks(d)[0]
	h.run(t, padded(ipv4(vrrp3(1))))
	events(t, d)
	var r bpfCarpReports
	if err := d.objs.CarpReports.Lookup(uint32(1), &r); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		back time.Duration
		want int
	}{{900 * time.Millisecond, 0}, {1001 * time.Millisecond, 1}} {
		r.CollisionNs = boottime.ToKernel(boottime.Now().Add(-c.back))
		if err := d.objs.CarpReports.Put(uint32(1), r); err != nil {
			t.Fatal(err)
		}
		h.run(t, padded(ipv4(vrrp3(1))))
		if n := len(events(t, d)); n != c.want {
			t.Errorf("last report %v ago: %d events, want %d", c.back, n, c.want)
		}
	}
}
