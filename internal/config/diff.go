package config

import (
	"net/netip"
	"reflect"
	"slices"
)

// Aspect is a part of a group that can change while it runs.
type Aspect string

// The aspects, in the order in which a Change lists them.
const (
	AspectKey         Aspect = "key"          // the password or how it is read
	AspectAddresses   Aspect = "addresses"    // one came, went, or has another prefix length
	AspectTiming      Aspect = "timing"       // advbase, advskew, master_down, timers
	AspectLease       Aspect = "lease"        // how long the kernel may answer
	AspectPreempt     Aspect = "preempt"      // whether a better node takes over
	AspectPrefixRoute Aspect = "prefix_route" // whether the subnet gets a route
	AspectMAC         Aspect = "mac"          // the virtual or the interface's own
	AspectAddress     Aspect = "address"      // when the addresses are on the carpdev
	AspectAnnounce    Aspect = "announce_every"
	AspectBalancing   Aspect = "balancing" // how addresses are shared, and among which nodes
	AspectDescription Aspect = "description"
	AspectSync        Aspect = "sync" // whether it is shared with other nodes
)

// Change is a group that is in both configurations with different settings.
type Change struct {
	Name string
	What []Aspect
}

// Plan is the way from one configuration to another. Every group is in one
// of its lists; groups of the old configuration are in that order, the others
// in the order of the new one.
type Plan struct {
	Added     []string
	Removed   []string
	Changed   []Change
	Unchanged []string
	// Sections are those at the top of the file that changed and count at once.
	Sections []string
	// Restart names the keys at the top of the file that changed and only
	// count after a restart.
	Restart []string
}

// Diff compares two configurations. Groups are the same when vhid and carpdev
// are: another carpdev is another group.
func Diff(old, new *Config) Plan {
	p := Plan{Restart: restart(old, new), Sections: sections(old, new)}
	before, after := byName(old), byName(new)
	for _, g := range old.Groups {
		if _, stays := after[g.Name()]; !stays {
			p.Removed = append(p.Removed, g.Name())
		}
	}
	for _, g := range new.Groups {
		was, there := before[g.Name()]
		if !there {
			p.Added = append(p.Added, g.Name())
			continue
		}
		if what := aspects(was, g); len(what) > 0 {
			p.Changed = append(p.Changed, Change{g.Name(), what})
			continue
		}
		p.Unchanged = append(p.Unchanged, g.Name())
	}
	return p
}

// byName finds groups by their names.
func byName(c *Config) map[string]Group {
	m := make(map[string]Group, len(c.Groups))
	for _, g := range c.Groups {
		m[g.Name()] = g
	}
	return m
}

// restart lists what a running carpd cannot change.
func restart(old, new *Config) (keys []string) {
	for _, k := range []struct{ name, old, new string }{
		{"instance", old.Instance, new.Instance},
		{"log_level", old.LogLevel, new.LogLevel},
		{"xdp", old.XDP, new.XDP},
		{"detach_on_stop", old.DetachOnStop, new.DetachOnStop},
	} {
		if k.old != k.new {
			keys = append(keys, k.name)
		}
	}
	return keys
}

// sections lists what changed beside the groups.
func sections(old, new *Config) (names []string) {
	if !reflect.DeepEqual(old.API, new.API) {
		names = append(names, "api")
	}
	if !reflect.DeepEqual(old.Cluster, new.Cluster) {
		names = append(names, "cluster")
	}
	return names
}

// aspects lists what differs between two groups of one name. The line in the
// file and the order of the addresses are no difference.
func aspects(a, b Group) (what []Aspect) {
	for _, x := range []struct {
		aspect  Aspect
		differs bool
	}{
		{AspectKey, a.Secret != b.Secret},
		{AspectAddresses, !slices.Equal(sorted(a.Addresses), sorted(b.Addresses))},
		{AspectTiming, a.Advbase != b.Advbase || a.Advskew != b.Advskew || a.MasterDown != b.MasterDown || a.SharedTimer != b.SharedTimer},
		{AspectLease, a.Lease != b.Lease},
		{AspectPreempt, a.Preempt != b.Preempt},
		{AspectPrefixRoute, a.PrefixRoute != b.PrefixRoute},
		{AspectMAC, a.Physical != b.Physical},
		{AspectAddress, a.Always != b.Always},
		{AspectAnnounce, a.AnnounceEvery != b.AnnounceEvery},
		{AspectBalancing, a.Balancing != b.Balancing || !slices.Equal(a.Nodes, b.Nodes)},
		{AspectDescription, a.Description != b.Description},
		{AspectSync, a.NoSync != b.NoSync},
	} {
		if x.differs {
			what = append(what, x.aspect)
		}
	}
	return what
}

// sorted is a copy in ascending order.
func sorted(addresses []netip.Prefix) []netip.Prefix {
	return slices.SortedFunc(slices.Values(addresses), netip.Prefix.Compare)
}
