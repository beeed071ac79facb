package cluster

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// at is an instant of these tests.
func at(seconds int) time.Time { return time.Unix(int64(1_800_000_000+seconds), 0).UTC() }

// key is a fingerprint of one digit.
func key(digit int) string { return strings.Repeat(fmt.Sprint(digit), 64) }

// lists draws rosters that two nodes could hold.
var lists = rapid.Custom(func(t *rapid.T) roster {
	r := newRoster()
	for _, name := range rapid.SliceOfDistinct(rapid.SampledFrom([]string{"a", "b", "c"}), rapid.ID).Draw(t, "names") {
		r.Members[name] = entry{
			Key: key(rapid.IntRange(1, 4).Draw(t, "key")), Address: fmt.Sprintf("192.0.2.%d:1", rapid.IntRange(1, 2).Draw(t, "address")),
			Rank: rapid.IntRange(0, 2).Draw(t, "rank"), Version: uint64(rapid.IntRange(1, 3).Draw(t, "version")),
			By: rapid.SampledFrom([]string{"a", "b"}).Draw(t, "by"), Since: at(rapid.IntRange(0, 1).Draw(t, "since")),
		}
	}
	for _, k := range rapid.SliceOfNDistinct(rapid.IntRange(1, 4), 0, 3, rapid.ID).Draw(t, "removed") {
		r.Removed[key(k)] = removal{"x", rapid.SampledFrom([]string{"a", "b"}).Draw(t, "by"), at(rapid.IntRange(0, 1).Draw(t, "at"))}
	}
	return r
})

// Whoever hears of which list first: all end with the same one. What is removed is
// in no merge a member.
func TestMerge(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := lists.Draw(t, "a"), lists.Draw(t, "b"), lists.Draw(t, "c")
		all := merge(merge(a, b), c)
		for order, other := range map[string]roster{
			"a(bc)": merge(a, merge(b, c)), "cba": merge(merge(c, b), a), "again": merge(all, a), "bacb": merge(merge(merge(b, a), c), b),
		} {
			if !all.equal(other) || all.digest() != other.digest() {
				t.Fatalf("%s: %v\nand %v", order, other, all)
			}
		}
		for _, m := range all.list() {
			for _, r := range []roster{a, b, c} {
				if _, gone := r.Removed[m.Key]; gone {
					t.Fatalf("%v was removed and is a member", m)
				}
			}
		}
		for i, m := range all.list() {
			if i > 0 && m.Rank <= all.list()[i-1].Rank {
				t.Fatalf("ranks of %v", all.list())
			}
		}
	})
}

// A later entry of a name wins, also over a list that knows of none.
func TestMergeLater(t *testing.T) {
	one := newRoster().enrolled("a", "192.0.2.1:1", key(1), "a", at(0))
	two := one.clone()
	two.set("a", entry{Key: key(1), Address: "192.0.2.9:1", By: "a", Since: at(0)})
	if got := merge(two, one).list()[0].Address; got != "192.0.2.9:1" {
		t.Error(got)
	}
	if got := merge(newRoster(), two).list()[0].Address; got != "192.0.2.9:1" {
		t.Error(got)
	}
}

// A node that was removed does not come back by a list that does not know of it,
// however new its entry there is; with a new key it can.
func TestRemovedStaysRemoved(t *testing.T) {
	r := newRoster().enrolled("a", "192.0.2.1:1", key(1), "a", at(0)).enrolled("b", "192.0.2.2:1", key(2), "a", at(0))
	stale := r.clone()
	if !r.remove("b", "a", at(5)) || r.remove("b", "a", at(6)) || r.remove("z", "a", at(6)) {
		t.Error("remove says the wrong thing")
	}
	for range 9 {
		stale.set("b", entry{Key: key(2), Address: "192.0.2.2:1", Rank: 1, By: "b", Since: at(9)})
	}
	got := merge(r, stale)
	if _, there := got.live("b"); there || len(got.list()) != 1 {
		t.Errorf("%v", got.list())
	}
	got = got.enrolled("b", "192.0.2.2:1", key(3), "a", at(10))
	if e, there := got.live("b"); !there || e.Key != key(3) || e.Rank != 1 {
		t.Errorf("%+v", e)
	}
}

// Ranks: the lowest that is free, and two equal ones are told apart everywhere alike.
func TestRanks(t *testing.T) {
	r := newRoster()
	for i, name := range []string{"a", "b", "c"} {
		r = r.enrolled(name, fmt.Sprintf("192.0.2.%d:1", i+1), key(i+1), "a", at(0))
	}
	r.remove("b", "a", at(1))
	if r.freeRank() != 1 {
		t.Errorf("free is %d", r.freeRank())
	}
	one := r.clone().enrolled("d", "192.0.2.4:1", key(4), "a", at(2))
	two := r.clone().enrolled("e", "192.0.2.5:1", key(5), "c", at(2))
	want := []Member{{"a", "192.0.2.1:1", 0, key(1)}, {"d", "192.0.2.4:1", 1, key(4)}, {"c", "192.0.2.3:1", 2, key(3)}, {"e", "192.0.2.5:1", 3, key(5)}}
	if diff := cmp.Diff(want, merge(one, two).list()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// Lists that no node of ours has written are refused.
func TestListCheck(t *testing.T) {
	good := func() roster { return newRoster().enrolled("a", "192.0.2.1:1", key(1), "a", at(0)) }
	if err := good().check(); err != nil {
		t.Fatal(err)
	}
	for what, spoil := range map[string]func(roster){
		"name":    func(r roster) { r.Members["../a"] = r.Members["a"] },
		"address": func(r roster) { r.Members["b"] = entry{Key: key(1), Address: "somewhere"} },
		"key":     func(r roster) { r.Members["b"] = entry{Key: "abc", Address: "192.0.2.1:1"} },
		"rank":    func(r roster) { r.Members["b"] = entry{Key: key(1), Address: "192.0.2.1:1", Rank: -1} },
		"number": func(r roster) {
			for i := range maxMembers {
				r.Members[fmt.Sprint("n", i)] = r.Members["a"]
			}
		},
	} {
		r := good()
		spoil(r)
		if r.check() == nil {
			t.Errorf("%s: accepted", what)
		}
	}
}
