package dataplane

import (
	"errors"
	"net/netip"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cilium/ebpf"

	"github.com/carpd/carpd/internal/boottime"
	"github.com/carpd/carpd/internal/carp"
)

// rows counts the entries of a map.
func rows(t *testing.T, m *ebpf.Map) (n int) {
	t.Helper()
	it := m.Iterate()
	for key, value := []byte(nil), []byte(nil); it.Next(&key, &value); {
		n++
	}
	if err := it.Err(); err != nil {
		t.Fatal(err)
	}
	return n
}

// lookups counts the entries of all maps that packets are looked up in.
func lookups(t *testing.T, d *Dataplane) (n int) {
	for _, m := range []*ebpf.Map{d.objs.CarpVhids, d.objs.CarpVip4, d.objs.CarpVip6, d.objs.CarpVmac, d.objs.CarpGroups} {
		n += rows(t, m)
	}
	var s bpfCarpFilters
	if err := d.objs.CarpFilters.Lookup(uint32(0), &s); err != nil {
		t.Fatal(err)
	}
	for _, word := range s.Sources {
		for ; word != 0; word &= word - 1 {
			n++
		}
	}
	return n
}

// request asks for an IPv4 address by ARP.
func request(a string) []byte {
	return patch(arpRequest, 38, netip.MustParseAddr(a).AsSlice()...)
}

func TestNewGroupIsSilent(t *testing.T) {
	d := load(t, Options{})
	slot := addGroup(t, d, Group{Ifindex: loopback, VHID: 1, Addresses: addrs("192.0.2.1")})
	for _, h := range hooks(d) {
		if got := h.judge(t, d, arpRequest, slot); got != (result{"drop", "[1 ARP silent]"}) {
			t.Errorf("%s: %v", h.name, got)
		}
	}
}

func TestGroupsOfTheSameNameMeetNot(t *testing.T) {
	d := load(t, Options{})
	one := Group{Ifindex: loopback, VHID: 1, Addresses: addrs("192.0.2.1", "2001:db8::1")}
	addGroup(t, d, one)
	before := lookups(t, d)
	for name, g := range map[string]Group{
		"VHID":         {Ifindex: loopback, VHID: 1, Addresses: addrs("192.0.2.9")},
		"IPv4 address": {Ifindex: loopback, VHID: 2, Addresses: addrs("192.0.2.8", "192.0.2.1")},
		"IPv6 address": {Ifindex: loopback, VHID: 2, Addresses: addrs("192.0.2.8", "2001:db8::1")},
	} {
		if slot, err := d.AddGroup(g); !errors.Is(err, ErrTaken) {
			t.Errorf("same %s: slot %d, %v", name, slot, err)
		}
		if n := lookups(t, d); n != before {
			t.Errorf("same %s: %d rows, before %d", name, n, before)
		}
	}
	for name, g := range map[string]Group{
		"interface": {Ifindex: 2, VHID: 1, Addresses: one.Addresses},
		"VLAN":      {Ifindex: loopback, VLAN: 5, VHID: 1, Addresses: one.Addresses},
		"inner tag": {Ifindex: loopback, VLAN: 5, Inner: 6, VHID: 1, Addresses: one.Addresses},
	} {
		if _, err := d.AddGroup(g); err != nil {
			t.Errorf("another %s: %v", name, err)
		}
	}
}

func TestAddressGivenTwiceCountsOnce(t *testing.T) {
	d := load(t, Options{})
	g := Group{Ifindex: loopback, VHID: 1, Addresses: addrs("192.0.2.1", "192.0.2.1", "::ffff:192.0.2.1", "fe80::1%lo")}
	slot := addGroup(t, d, g)
	d.Answer(slot, later())
	if verdict, _ := hooks(d)[0].run(t, arpRequest); verdict != "reply" {
		t.Error(verdict)
	}
	if err := d.RemoveGroup(slot); err != nil {
		t.Fatal(err)
	}
	if n := lookups(t, d); n != 0 {
		t.Errorf("%d rows left", n)
	}
}

func TestRemoveLeavesNothing(t *testing.T) {
	d := load(t, Options{})
	slot := addGroup(t, d, Group{Ifindex: loopback, VHID: 1, Addresses: addrs("192.0.2.1", "192.0.2.2", "2001:db8::1")})
	d.Answer(slot, later())
	d.Accept(slot, later())
	if err := d.RemoveGroup(slot); err != nil {
		t.Fatal(err)
	}
	if n := lookups(t, d); n != 0 {
		t.Errorf("%d rows left", n)
	}
	var l bpfCarpLease
	if err := d.objs.CarpLease.Lookup(slot, &l); err != nil || l != (bpfCarpLease{}) {
		t.Errorf("lease %+v, %v", l, err)
	}
	if got := egress(d).judge(t, d, fromGroup); got != (result{"pass", ""}) {
		t.Errorf("egress: %v", got)
	}
	for _, err := range []error{d.RemoveGroup(slot), d.SetState(slot, Master), d.ReplaceGroup(slot, Group{VHID: 1})} {
		if !errors.Is(err, ErrUnknownSlot) {
			t.Errorf("slot that is free: %v", err)
		}
	}
}

func TestPromiseForAFreeSlotIsNotKept(t *testing.T) {
	d := load(t, Options{})
	d.Answer(1, later())
	d.Accept(Slot(100000), later())
	slot := addGroup(t, d, Group{Ifindex: loopback, VHID: 1, Addresses: addrs("192.0.2.1")})
	if verdict, _ := hooks(d)[0].run(t, arpRequest); slot != 1 || verdict != "drop" {
		t.Errorf("slot %d: %s", slot, verdict)
	}
}

func TestSlots(t *testing.T) {
	s := newSlots(4)
	for want := Slot(1); want < 4; want++ {
		if got, err := s.take(); got != want || err != nil {
			t.Fatalf("took %d, %v", got, err)
		}
	}
	if _, err := s.take(); !errors.Is(err, ErrFull) {
		t.Errorf("took a slot of none: %v", err)
	}
	s.give(2)
	s.give(1)
	if got, _ := s.take(); got != 2 {
		t.Errorf("took %d, want that which is free longest", got)
	}
}

func TestSlotStartsClean(t *testing.T) {
	d := withGroup(t)
	h := hooks(d)[0]
	h.run(t, unhex(freebsd4))
	if err := d.RemoveGroup(1); err != nil {
		t.Fatal(err)
	}
	d.slots.free = []Slot{1}
	slot := addGroup(t, d, Group{Ifindex: loopback, VHID: 7, Addresses: addrs("192.0.2.7")})
	if p := packets(t, d, slot); slot != 1 || p != (Packets{}) {
		t.Errorf("slot %d starts with %v", slot, p)
	}
}

func TestReplaceKeepsLeaseStateAndCounters(t *testing.T) {
	d := withGroup(t)
	h := hooks(d)[0]
	d.Answer(1, later())
	if err := d.SetState(1, Master); err != nil {
		t.Fatal(err)
	}
	h.run(t, unhex(freebsd4))
	err := d.ReplaceGroup(1, Group{Ifindex: loopback, VHID: 1, Addresses: addrs("192.0.2.3", "192.0.2.1")})
	if err != nil {
		t.Fatal(err)
	}
	for a, want := range map[string]string{"192.0.2.1": "reply", "192.0.2.3": "reply", "192.0.2.4": "pass"} {
		if got, _ := h.run(t, request(a)); got != want {
			t.Errorf("%s: %s, want %s", a, got, want)
		}
	}
	if got := h.judge(t, d, unhex(freebsd6), 1); got != (result{"pass", "[0 not ours][1 MAC seen elsewhere]"}) {
		t.Errorf("IPv6 advert without an IPv6 address: %v", got)
	}
	if got := egress(d).judge(t, d, fromGroup6, 1); got != (result{"pass", ""}) {
		t.Errorf("from the address that went: %v", got)
	}
	if p := packets(t, d, 1); p[carp.OK] != 1 || p[carp.ArpAnswered] != 2 {
		t.Errorf("counters %v", p)
	}
	var row bpfCarpGroup
	key := bpfCarpGroupKey{Ifindex: loopback, Vhid: 1}
	if err := d.objs.CarpGroups.Lookup(key, &row); err != nil || row.State != bpfCarpStateCARP_MASTER || row.Addresses != 2 {
		t.Errorf("row %+v, %v", row, err)
	}
}

func TestReplaceMovesAGroup(t *testing.T) {
	d := withGroup(t)
	before := lookups(t, d)
	if err := d.ReplaceGroup(1, Group{Ifindex: 77, VHID: 1, Addresses: addrs("192.0.2.1", "2001:db8::1")}); err != nil {
		t.Fatal(err)
	}
	if got := hooks(d)[0].judge(t, d, unhex(freebsd4), 1); got != (result{"pass", "[0 not ours]"}) {
		t.Errorf("on the old interface: %v", got)
	}
	if n := lookups(t, d); n != before {
		t.Errorf("%d rows, before %d", n, before)
	}
	if err := d.ReplaceGroup(1, Group{Ifindex: 77, VHID: 3, Addresses: addrs("192.0.2.1")}); err == nil {
		t.Error("took another VHID for the same group")
	}
}

func TestReplaceThatFailsChangesNothing(t *testing.T) {
	d := withGroup(t)
	before := lookups(t, d)
	err := d.ReplaceGroup(1, Group{Ifindex: loopback, VHID: 1, Addresses: addrs("192.0.2.8", "192.0.2.2")})
	if !errors.Is(err, ErrTaken) {
		t.Error(err)
	}
	if n := lookups(t, d); n != before {
		t.Errorf("%d rows, before %d", n, before)
	}
	d.Answer(1, later())
	if verdict, _ := hooks(d)[0].run(t, arpRequest); verdict != "reply" {
		t.Errorf("%s", verdict)
	}
}

// An address that stays in the group is answered for at every moment, and its
// frames leave rewritten at every moment.
func TestReplaceLeavesNoGap(t *testing.T) {
	d := withGroup(t)
	d.Answer(1, later())
	var stop atomic.Bool
	type gap struct{ answers, frames int }
	done := make(chan gap)
	go func() {
		var g gap
		for !stop.Load() {
			if v, err := d.objs.CarpRx.Run(&ebpf.RunOptions{Data: arpRequest}); err != nil || v != 3 {
				g.answers++
			}
			out := make([]byte, 256)
			_, err := d.objs.CarpOut.Run(&ebpf.RunOptions{Data: fromGroup, DataOut: out})
			if err != nil || out[6] != 0 {
				g.frames++
			}
		}
		done <- g
	}()
	for i := range 300 {
		as := addrs("192.0.2.1")
		for n := range i % 5 {
			as = append(as, netip.AddrFrom4([4]byte{192, 0, 2, byte(100 + 10*(i%7) + n)}))
		}
		if err := d.ReplaceGroup(1, Group{Ifindex: loopback, VHID: 1, Addresses: as}); err != nil {
			t.Fatal(err)
		}
	}
	stop.Store(true)
	if g := <-done; g != (gap{}) {
		t.Errorf("%d requests not answered, %d frames not rewritten", g.answers, g.frames)
	}
}

func TestRowForPeople(t *testing.T) {
	d := load(t, Options{})
	slot := addGroup(t, d, Group{Ifindex: 3, VHID: 9, Addresses: addrs("192.0.2.1", "2001:db8::1")})
	key := bpfCarpGroupKey{Ifindex: 3, Vhid: 9}
	read := func() (row bpfCarpGroup) {
		t.Helper()
		if err := d.objs.CarpGroups.Lookup(key, &row); err != nil {
			t.Fatal(err)
		}
		return row
	}
	first := read()
	if first.State != bpfCarpStateCARP_INIT || first.Slot != uint32(slot) || first.Addresses != 2 || first.Mac != (carp.MAC{0, 0, 0x5e, 0, 1, 9}) {
		t.Errorf("new: %+v", first)
	}
	if err := d.SetState(slot, Master); err != nil {
		t.Fatal(err)
	}
	if row := read(); row.State != bpfCarpStateCARP_MASTER || row.SinceNs <= first.SinceNs {
		t.Errorf("master: %+v", row)
	}
}

func TestDeadlinesAreStoredInTheMap(t *testing.T) {
	d := load(t, Options{})
	slot := addGroup(t, d, Group{Ifindex: 3, VHID: 9, Addresses: addrs("192.0.2.1")})
	d.Answer(slot, boottime.FromKernel(5_000_000_001))
	d.Accept(slot, boottime.FromKernel(6_000_000_002))
	read := func() (l bpfCarpLease) {
		t.Helper()
		if err := d.objs.CarpLease.Lookup(uint32(slot), &l); err != nil {
			t.Fatal(err)
		}
		return l
	}
	if l := read(); l.AnswerUntil != 5_000_000_001 || l.AcceptUntil != 6_000_000_002 {
		t.Errorf("master: %+v", l)
	}
	d.Answer(slot, time.Time{})
	if l := read(); l.AnswerUntil != 0 || l.AcceptUntil != 6_000_000_002 {
		t.Errorf("leaving: %+v", l)
	}
}

func TestCountersOfAllGroups(t *testing.T) {
	d := withGroup(t)
	h := hooks(d)[0]
	h.run(t, unhex(freebsd4))
	h.run(t, unhex(freebsd4))
	h.run(t, patch(ipv4(advert(2)), 22, 9))
	h.run(t, ipv4(advert(9)))
	c, err := d.Counters()
	if err != nil {
		t.Fatal(err)
	}
	want := Counters{
		Groups: map[Slot]Packets{1: {carp.OK: 2}, 2: {carp.BadTTL: 1}},
		Other:  Packets{carp.NotOurs: 1},
	}
	if len(c.Groups) != 2 || c.Groups[1] != want.Groups[1] || c.Groups[2] != want.Groups[2] || c.Other != want.Other {
		t.Errorf("got %v, want %v", c, want)
	}
}

func TestOwnAddressesAreReplaced(t *testing.T) {
	d := withGroup(t)
	h := hooks(d)[0]
	if err := d.SetOwn(loopback, addrs("192.0.2.13", "fe80::13%lo", "::ffff:192.0.2.14")); err != nil {
		t.Fatal(err)
	}
	for last, want := range map[byte]string{12: "drop", 13: "pass", 14: "pass"} {
		if got, _ := h.run(t, patch(unhex(unicast4), 33, last)); got != want {
			t.Errorf("192.0.2.%d: %s, want %s", last, got, want)
		}
	}
	if n := rows(t, d.objs.CarpOwn); n != 3 {
		t.Errorf("%d rows", n)
	}
}

// The filter in front of the egress lookup says the same in C and Go for every
// group address: a wrong bit would let its frames pass unseen.
func TestSourceFilterAgrees(t *testing.T) {
	d := load(t, Options{})
	slot := Slot(0)
	for i := range 200 {
		a4 := netip.AddrFrom4([4]byte{10, byte(i * 7), byte(i), byte(i * 31)})
		a6 := netip.AddrFrom16([16]byte{0x20, 1, 13: byte(i * 5), 14: byte(i), 15: byte(i * 91)})
		g := Group{Ifindex: loopback, VHID: 1, Addresses: []netip.Addr{a4, a6}}
		if slot == 0 {
			slot = addGroup(t, d, g)
		} else if err := d.ReplaceGroup(slot, g); err != nil {
			t.Fatal(err)
		}
		for _, frame := range [][]byte{patch(fromGroup, 26, a4.AsSlice()...), patch(fromGroup6, 22, a6.AsSlice()...)} {
			if got := egress(d).judge(t, d, frame, slot); got != (result{"drop", "[1 held]"}) {
				t.Errorf("%v %v: %v", a4, a6, got)
			}
		}
		var s bpfCarpFilters
		if err := d.objs.CarpFilters.Lookup(uint32(0), &s); err != nil {
			t.Fatal(err)
		}
		set := 0
		for _, word := range s.Sources {
			for ; word != 0; word &= word - 1 {
				set++
			}
		}
		if set > 2 {
			t.Fatalf("%d bits for 2 addresses", set)
		}
	}
}
