package config

import (
	"fmt"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/carpd/carpd/internal/carp"
	"github.com/carpd/carpd/internal/election"
)

// base is a group to which a test makes one change.
func base() Group {
	return Group{
		VHID: 1, Carpdev: "eth0", Secret: carp.Secret{1}, Advbase: 1, Lease: time.Second, Line: 3,
		Addresses: []netip.Prefix{netip.MustParsePrefix("192.0.2.1/24"), netip.MustParsePrefix("2001:db8::1/64")},
	}
}

// TestAspects changes one setting after the other.
func TestAspects(t *testing.T) {
	for _, c := range []struct {
		setting string
		change  func(*Group)
		want    []Aspect
	}{
		{"password", func(g *Group) { g.Secret[19] = 1 }, []Aspect{AspectKey}},
		{"address removed", func(g *Group) { g.Addresses = g.Addresses[:1] }, []Aspect{AspectAddresses}},
		{"prefix length", func(g *Group) { g.Addresses[0] = netip.MustParsePrefix("192.0.2.1/25") }, []Aspect{AspectAddresses}},
		{"order of addresses", func(g *Group) { slices.Reverse(g.Addresses) }, nil},
		{"line in the file", func(g *Group) { g.Line = 9 }, nil},
		{"advbase", func(g *Group) { g.Advbase = 2 }, []Aspect{AspectTiming}},
		{"advskew", func(g *Group) { g.Advskew = 1 }, []Aspect{AspectTiming}},
		{"master_down", func(g *Group) { g.MasterDown = election.ThreeIntervals }, []Aspect{AspectTiming}},
		{"timers", func(g *Group) { g.SharedTimer = true }, []Aspect{AspectTiming}},
		{"lease", func(g *Group) { g.Lease++ }, []Aspect{AspectLease}},
		{"preempt", func(g *Group) { g.Preempt = true }, []Aspect{AspectPreempt}},
		{"prefix_route", func(g *Group) { g.PrefixRoute = true }, []Aspect{AspectPrefixRoute}},
		{"balancing", func(g *Group) { g.Balancing = carp.BalanceIP }, []Aspect{AspectBalancing}},
		{"carpnodes", func(g *Group) { g.Nodes = []carp.VHID{1, 2} }, []Aspect{AspectBalancing}},
		{"mac", func(g *Group) { g.Physical = true }, []Aspect{AspectMAC}},
		{"address", func(g *Group) { g.Always = true }, []Aspect{AspectAddress}},
		{"description", func(g *Group) { g.Description = "office" }, []Aspect{AspectDescription}},
		{"sync", func(g *Group) { g.NoSync = true }, []Aspect{AspectSync}},
		{"announce_every", func(g *Group) { g.AnnounceEvery = 5 * time.Second }, []Aspect{AspectAnnounce}},
		{"several", func(g *Group) { g.PrefixRoute, g.Advskew, g.Secret = true, 3, carp.Secret{} }, []Aspect{AspectKey, AspectTiming, AspectPrefixRoute}},
	} {
		t.Run(c.setting, func(t *testing.T) {
			g := base()
			c.change(&g)
			want := Plan{Changed: []Change{{"1@eth0", c.want}}}
			if c.want == nil {
				want = Plan{Unchanged: []string{"1@eth0"}}
			}
			order := slices.Clone(g.Addresses)
			if diff := cmp.Diff(want, Diff(&Config{Groups: []Group{base()}}, &Config{Groups: []Group{g}})); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if !slices.Equal(order, g.Addresses) {
				t.Error("Diff changes what it looks at")
			}
		})
	}
}

// TestIdentity: another vhid or carpdev is another group.
func TestIdentity(t *testing.T) {
	a, b, c := base(), base(), base()
	b.VHID, c.Carpdev = 2, "eth1"
	old := &Config{Instance: "a", LogLevel: "info", XDP: "auto", DetachOnStop: "auto", Groups: []Group{a, b}}
	new := &Config{Instance: "b", LogLevel: "warn", XDP: "off", DetachOnStop: "true", Groups: []Group{c, b}}
	got := Diff(old, new)
	want := Plan{
		Added: []string{"1@eth1"}, Removed: []string{"1@eth0"}, Unchanged: []string{"2@eth0"},
		Restart: []string{"instance", "log_level", "xdp", "detach_on_stop"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// configs draws configurations of a few groups that are often the same.
var configs = rapid.Custom(func(t *rapid.T) *Config {
	few := rapid.IntRange(0, 1)
	c := &Config{Instance: rapid.SampledFrom([]string{"a", "b"}).Draw(t, "instance"), LogLevel: "info", XDP: "auto"}
	for _, name := range rapid.SliceOfNDistinct(rapid.IntRange(1, 6), 0, 6, rapid.ID[int]).Draw(t, "groups") {
		g := base()
		g.VHID, g.Carpdev = carp.VHID(name/2+1), fmt.Sprintf("eth%d", name%2)
		g.Advskew, g.Preempt, g.Line = uint8(few.Draw(t, "advskew")), few.Draw(t, "preempt") == 1, few.Draw(t, "line")
		g.Secret[0] = byte(few.Draw(t, "secret"))
		c.Groups = append(c.Groups, g)
	}
	return c
})

// sum is a map from each group's name to what the plan does to it.
func sum(t *rapid.T, p Plan) map[string]string {
	m := map[string]string{}
	put := func(name, what string) {
		if m[name] != "" {
			t.Fatalf("%s is there twice in %+v", name, p)
		}
		m[name] = what
	}
	for _, n := range p.Added {
		put(n, "added")
	}
	for _, n := range p.Removed {
		put(n, "removed")
	}
	for _, n := range p.Unchanged {
		put(n, "unchanged")
	}
	for _, c := range p.Changed {
		put(c.Name, fmt.Sprint("changed ", c.What))
	}
	return m
}

// TestDiffProperties: no difference to itself; every group exactly once; the
// way back is the mirror image.
func TestDiffProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := configs.Draw(t, "a"), configs.Draw(t, "b")
		var all []string
		for _, g := range a.Groups {
			all = append(all, g.Name())
		}
		if diff := cmp.Diff(Plan{Unchanged: all}, Diff(a, a)); diff != "" {
			t.Fatalf("to itself: %s", diff)
		}
		there, back := sum(t, Diff(a, b)), sum(t, Diff(b, a))
		names := map[string]bool{}
		for _, g := range slices.Concat(a.Groups, b.Groups) {
			names[g.Name()] = true
		}
		if len(there) != len(names) {
			t.Fatalf("%d names in %v", len(names), there)
		}
		mirror := map[string]string{"added": "removed", "removed": "added"}
		for name, what := range there {
			if want, turned := mirror[what]; turned && back[name] != want || !turned && back[name] != what {
				t.Fatalf("%s: %s there, %s back", name, what, back[name])
			}
		}
	})
}
