package dataplane

import (
	"errors"
	"slices"
	"testing"

	"github.com/carpd/carpd/internal/carp"
)

// answersIn tells who of n nodes answers the asker when all are leased.
func answersIn(t *testing.T, d *Dataplane, n int, asker string) string {
	t.Helper()
	lease(d, n, all(n)...)
	return hooks(d)[0].judge(t, d, asked(asker), all(n)...).counted
}

// Groups of a share come and go in any order; while one is away its slot is 0,
// and its share is nobody's here.
func TestNodesComeAndGo(t *testing.T) {
	for _, order := range [][]int{{0, 1, 2}, {2, 1, 0}, {1, 2, 0}} {
		d := load(t, Options{})
		groups := nodesOf(carp.BalanceARP, 3)
		slots := map[int]Slot{}
		for _, i := range order {
			slots[i] = addGroup(t, d, groups[i])
		}
		for i, asker := range []string{"192.0.2.99", "192.0.2.100", "192.0.2.102"} { // picks 1, 2, 3 of three
			lease(d, 3, slots[i])
			if got := hooks(d)[0].judge(t, d, asked(asker), slots[i]); got.verdict != "reply" {
				t.Errorf("added %v: node %d: %v", order, i, got)
			}
		}
		for k, i := range order {
			if err := d.RemoveGroup(slots[i]); err != nil {
				t.Fatal(err)
			}
			asker := []string{"192.0.2.99", "192.0.2.100", "192.0.2.102"}[i]
			want := result{"drop", "[0 other share]"}
			if k == 2 {
				want = result{"pass", ""} // Nobody has the address any more.
			}
			if got := hooks(d)[0].judge(t, d, asked(asker), slots[i]); got != want {
				t.Errorf("removed %v: node %d: %v, want %v", order[:k+1], i, got, want)
			}
		}
		if n := lookups(t, d) + rows(t, d.objs.CarpShares); n != 0 || len(d.rows) != 0 || len(d.shares.byKey) != 0 {
			t.Errorf("%d rows left, and %v", n, d.rows)
		}
	}
}

// The rows of a share belong to its first node, also when that comes last.
func TestSharesBelongToTheFirst(t *testing.T) {
	d := load(t, Options{})
	groups := nodesOf(carp.BalanceIP, 2)
	second := addGroup(t, d, groups[1])
	if o := ownerOfAddress(t, d, loopback); o.Slot != 0 || o.Vhid != 3 {
		t.Errorf("without the first: %+v", o)
	}
	first := addGroup(t, d, groups[0])
	if o := ownerOfAddress(t, d, loopback); o.Slot != uint32(first) || o.Vhid != 3 || o.Mac != [6]uint8{1, 0, 0x5e, 0, 1, 3} {
		t.Errorf("%+v, slots %d and %d", o, first, second)
	}
	if err := d.RemoveGroup(first); err != nil {
		t.Fatal(err)
	}
	if o := ownerOfAddress(t, d, loopback); o.Slot != 0 {
		t.Errorf("when the first has gone: %+v", o)
	}
}

func ownerOfAddress(t *testing.T, d *Dataplane, ifindex int) (o bpfCarpOwner) {
	t.Helper()
	t.Helper()
	key := bpfCarpVip4Key{Ifindex: uint32(ifindex), Addr: [4]uint8{192, 0, 2, 1}}
	if err := d.objs.CarpVip4.Lookup(key, &o); err != nil {
		t.Fatal(err)
	}
	return o
}

// Who is no node of the share cannot have its addresses, shared or not.
func TestStrangersOfAShare(t *testing.T) {
	d := withShare(t, carp.BalanceARP, 2)
	before := lookups(t, d)
	for name, g := range map[string]Group{
		"alone":              {Ifindex: loopback, VHID: 9, Addresses: addrs("192.0.2.1")},
		"another share":      {Ifindex: loopback, VHID: 8, Addresses: addrs("192.0.2.1"), Balancing: carp.BalanceARP, Nodes: []carp.VHID{8, 9}},
		"a node's VHID":      {Ifindex: loopback, VHID: 4, Addresses: addrs("192.0.2.9")},
		"alone, IPv6":        {Ifindex: loopback, VHID: 9, Addresses: addrs("2001:db8::1")},
		"a MAC of the share": {Ifindex: loopback, VHID: 3, Addresses: addrs("192.0.2.9")},
	} {
		if slot, err := d.AddGroup(g); !errors.Is(err, ErrTaken) {
			t.Errorf("%s: slot %d, %v", name, slot, err)
		}
		if n := lookups(t, d); n != before {
			t.Errorf("%s: %d rows, before %d", name, n, before)
		}
	}
	addGroup(t, d, Group{Ifindex: loopback, VLAN: 5, VHID: 9, Addresses: addrs("192.0.2.1")})
}

// A longer list of nodes is told to one group after the other. At no moment is
// one of them without its share.
func TestNodesChange(t *testing.T) {
	d := withShare(t, carp.BalanceARP, 2)
	next := nodesOf(carp.BalanceARP, 3)
	for i := range 2 {
		if err := d.ReplaceGroup(Slot(i+1), next[i]); err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct{ asker, want string }{{"192.0.2.99", "[1 ARP answered]"}, {"192.0.2.100", "[2 ARP answered]"}} {
			if got := answersIn(t, d, 2, c.asker); got != c.want {
				t.Errorf("after %d groups: %s: %s", i+1, c.asker, got)
			}
		}
	}
	addGroup(t, d, next[2])
	if got := answersIn(t, d, 3, "192.0.2.102"); got != "[3 ARP answered]" {
		t.Errorf("the new node: %s", got)
	}
	if n := rows(t, d.objs.CarpShares); n != 1 {
		t.Errorf("%d shares", n)
	}
}

// The next carpd finds the share as it was: the same nodes, slots and owners.
func TestSharesAreAdopted(t *testing.T) {
	for _, b := range []carp.Balancing{carp.BalanceARP, carp.BalanceIP} {
		l := newLAN(t)
		o := Options{XDP: "generic", Instance: instanceName()}
		d := l.loadHere(t, o)
		l.attach(t, d)
		groups := nodesOf(b, 2)
		for i := range groups {
			groups[i].Ifindex = l.routerIf
			slot := addGroup(t, d, groups[i])
			if err := d.SetState(slot, Master); err != nil {
				t.Fatal(err)
			}
		}
		before := ownerOfAddress(t, d, l.routerIf)
		if err := d.Close(); err != nil {
			t.Fatal(err)
		}
		next := l.loadHere(t, o)
		if got := ownerOfAddress(t, next, l.routerIf); got != before {
			t.Errorf("%v: %+v, was %+v", b, got, before)
		}
		for i, slot := range []Slot{1, 2} {
			g := next.groups[slot]
			if g == nil || g.Balancing != b || !slices.Equal(g.Nodes, []carp.VHID{3, 4}) || len(g.Addresses) != 2 {
				t.Fatalf("%v: slot %d is %+v", b, slot, g)
			}
			if got := addGroup(t, next, groups[i]); got != slot {
				t.Errorf("%v: slot %d instead of %d", b, got, slot)
			}
		}
		if err := next.Sweep(); err != nil {
			t.Error(err)
		}
		if got := ownerOfAddress(t, next, l.routerIf); got != before || rows(t, next.objs.CarpShares) != 1 {
			t.Errorf("%v: at last %+v, %d shares", b, got, rows(t, next.objs.CarpShares))
		}
	}
}
