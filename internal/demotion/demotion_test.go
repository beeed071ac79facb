package demotion

import (
	"slices"
	"strings"
	"testing"
	"time"
)

var noon = time.Unix(1_000_000, 0)

// raise raises without mistakes.
func raise(t *testing.T, b *Book, list ...Demotion) {
	t.Helper()
	for _, d := range list {
		if _, _, err := b.Raise(d); err != nil {
			t.Fatal(err)
		}
	}
}

// What counts for a group is the node's and its own, and never more than a byte.
func TestSum(t *testing.T) {
	var b Book
	raise(t, &b,
		Demotion{Name: "a", Weight: 3}, Demotion{Name: "b", Weight: 20},
		Demotion{Name: "a", Group: "1@eth0", Weight: 128}, Demotion{Name: "a", Group: "2@eth0", Weight: 255})
	for group, want := range map[string]int{"": 23, "1@eth0": 151, "2@eth0": 255, "3@eth0": 23} {
		if got := b.Sum(group); got != want {
			t.Errorf("%q: %d, want %d", group, got, want)
		}
	}
}

// One of the same name and group is replaced; of another group it is another.
func TestReplaceAndRemove(t *testing.T) {
	var b Book
	raise(t, &b, Demotion{Name: "a", Weight: 3, Reason: "old"}, Demotion{Name: "a", Group: "1@eth0", Weight: 5})
	before, replaced, err := b.Raise(Demotion{Name: "a", Weight: 7})
	if err != nil || !replaced || before.Reason != "old" || b.Sum("") != 7 || b.Sum("1@eth0") != 12 {
		t.Errorf("%+v %v %v: %d and %d", before, replaced, err, b.Sum(""), b.Sum("1@eth0"))
	}
	if d, ok := b.Remove("a", "1@eth0"); !ok || d.Weight != 5 || b.Sum("1@eth0") != 7 {
		t.Errorf("%+v %v", d, ok)
	}
	if _, ok := b.Remove("a", "1@eth0"); ok {
		t.Error("removed twice")
	}
	if _, ok := b.Get("a", ""); !ok {
		t.Error("the other one is gone")
	}
}

// Each ends at its own time, and not before.
func TestExpire(t *testing.T) {
	var b Book
	raise(t, &b, Demotion{Name: "stays", Weight: 1, Since: noon},
		Demotion{Name: "late", Weight: 2, Since: noon, Until: noon.Add(2 * time.Minute)},
		Demotion{Name: "soon", Weight: 4, Since: noon, Until: noon.Add(time.Minute)})
	if !b.Next().Equal(noon.Add(time.Minute)) {
		t.Errorf("next at %v", b.Next())
	}
	if gone := b.Expire(noon.Add(time.Minute - 1)); gone != nil || b.Sum("") != 7 {
		t.Errorf("too early: %+v", gone)
	}
	if gone := b.Expire(noon.Add(time.Minute)); len(gone) != 1 || gone[0].Name != "soon" || b.Sum("") != 3 {
		t.Errorf("%+v", gone)
	}
	if b.Expire(noon.Add(time.Hour)); b.Sum("") != 1 || !b.Next().IsZero() {
		t.Errorf("%d, next at %v", b.Sum(""), b.Next())
	}
}

// Those of the node come first, then by group and name; the persistent are asked for.
func TestOrder(t *testing.T) {
	var b Book
	raise(t, &b, Demotion{Name: "z", Group: "1@eth0", Weight: 1, Persistent: true}, Demotion{Name: "b", Weight: 1},
		Demotion{Name: "a", Weight: 1, Persistent: true})
	names := func(list []Demotion) (out []string) {
		for _, d := range list {
			out = append(out, d.Name+d.Group)
		}
		return out
	}
	if got := names(b.All()); !slices.Equal(got, []string{"a", "b", "z1@eth0"}) {
		t.Errorf("%q", got)
	}
	if got := names(b.Persistent()); !slices.Equal(got, []string{"a", "z1@eth0"}) {
		t.Errorf("%q", got)
	}
}

// What makes no sense is refused and changes nothing.
func TestRefused(t *testing.T) {
	var b Book
	for want, d := range map[string]Demotion{
		"needs a name":       {Weight: 1},
		"the name":           {Name: strings.Repeat("x", 65), Weight: 1},
		"the name of":        {Name: "two\nlines", Weight: 1},
		"the reason of":      {Name: "a", Reason: "two\nlines", Weight: 1},
		"1 to 255":           {Name: "a"},
		"weight 256":         {Name: "a", Weight: 256},
		"ends after":         {Name: "a", Weight: 1, Since: noon, Until: noon},
		"of at most 256 byt": {Name: "a", Weight: 1, Reason: strings.Repeat("x", 257)},
	} {
		if _, _, err := b.Raise(d); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v", d, err)
		}
	}
	for i := range 1024 {
		raise(t, &b, Demotion{Name: strings.Repeat("x", i%64+1), Group: strings.Repeat("y", i/64), Weight: 1})
	}
	if _, _, err := b.Raise(Demotion{Name: "one more", Weight: 1}); err == nil {
		t.Error("the book has no end")
	}
	if _, replaced, err := b.Raise(Demotion{Name: "x", Weight: 2}); err != nil || !replaced {
		t.Errorf("a full book cannot be changed: %v", err)
	}
}
