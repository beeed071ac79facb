package iface

import (
	"errors"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/carpd/carpd/internal/carp"
)

func prefixes(list ...string) (out []netip.Prefix) {
	for _, s := range list {
		out = append(out, netip.MustParsePrefix(s))
	}
	return out
}

func addrs(list ...string) (out []netip.Addr) {
	for _, s := range list {
		out = append(out, netip.MustParseAddr(s))
	}
	return out
}

// house is a router: two LANs, the second one with a VLAN for guests.
var house = System{Links: []Link{
	{Index: 1, Name: "lo", Loopback: true, Addrs: prefixes("127.0.0.1/8", "192.0.2.200/24")},
	{Index: 2, Name: "eth0", Addrs: prefixes("192.0.2.10/24", "2001:db8:0:2::10/64", "fe80::10/64")},
	{Index: 3, Name: "eth1", Addrs: prefixes("198.51.100.10/25", "198.51.100.200/25", "fe80::11/64")},
	{Index: 4, Name: "eth1.20", Addrs: prefixes("198.51.100.11/24")},
	{Index: 5, Name: "wan", Addrs: prefixes("203.0.113.1/32", "203.0.113.77/31")},
}}

func TestResolve(t *testing.T) {
	for name, c := range map[string]struct {
		addrs []netip.Prefix
		want  string   // the interface, or
		says  []string // words of the error
	}{
		"one subnet":            {prefixes("192.0.2.1/24"), "eth0", nil},
		"own length is nothing": {prefixes("192.0.2.1/32"), "eth0", nil},
		"both families":         {prefixes("192.0.2.1/24", "2001:db8:0:2::1/64"), "eth0", nil},
		"second address":        {prefixes("203.0.113.76/32"), "wan", nil},
		"two interfaces":        {prefixes("198.51.100.1/24"), "", []string{"198.51.100.1", "eth1, eth1.20"}},
		"narrowed down":         {prefixes("198.51.100.1/24", "fe80::1/64"), "eth1", nil},
		"link-local alone":      {prefixes("fe80::1/64"), "", []string{"eth0, eth1;"}},
		"split":                 {prefixes("192.0.2.1/24", "198.51.100.1/24"), "", []string{"192.0.2.1, 198.51.100.1", "eth0, eth1, eth1.20"}},
		"nowhere":               {prefixes("10.1.2.3/8"), "", []string{"10.1.2.3", "no interface"}},
		"not the loopback":      {prefixes("127.0.0.5/8"), "", []string{"no interface"}},
		"not by itself":         {prefixes("203.0.113.1/24"), "", []string{"no interface"}},
	} {
		t.Run(name, func(t *testing.T) {
			l, err := house.Resolve(c.addrs)
			if l.Name != c.want {
				t.Errorf("interface %q, want %q", l.Name, c.want)
			}
			if (err == nil) != (c.want != "") {
				t.Fatalf("error %v", err)
			}
			for _, word := range c.says {
				if !strings.Contains(err.Error(), word) {
					t.Errorf("error %q does not say %q", err, word)
				}
			}
		})
	}
}

func TestResolveErrorNamesCandidates(t *testing.T) {
	_, err := house.Resolve(prefixes("198.51.100.1/24"))
	var why *ResolveError
	if !errors.As(err, &why) {
		t.Fatalf("error %v", err)
	}
	if d := cmp.Diff([]string{"eth1", "eth1.20"}, why.Candidates); d != "" {
		t.Error(d)
	}
}

func TestFind(t *testing.T) {
	if l, ok := house.ByName("wan"); !ok || l.Index != 5 {
		t.Errorf("wan: %v, %v", l, ok)
	}
	if l, ok := house.ByIndex(3); !ok || l.Name != "eth1" {
		t.Errorf("3: %v, %v", l, ok)
	}
	if l, ok := house.ByName("eth"); ok {
		t.Errorf("eth: %v", l)
	}
	if l, ok := house.ByIndex(0); ok {
		t.Errorf("0: %v", l)
	}
}

func TestSource(t *testing.T) {
	groups := addrs("192.0.2.1", "2001:db8::1", "fe80::1")
	for name, c := range map[string]struct {
		family carp.Family
		have   []netip.Prefix
		want   netip.Addr
	}{
		"first own":                {carp.IPv4, prefixes("192.0.2.10/24", "192.0.2.11/24"), netip.MustParseAddr("192.0.2.10")},
		"group address first":      {carp.IPv4, prefixes("192.0.2.1/32", "192.0.2.11/24"), netip.MustParseAddr("192.0.2.11")},
		"group address as own":     {carp.IPv4, prefixes("192.0.2.1/24"), netip.Addr{}},
		"other family":             {carp.IPv4, prefixes("2001:db8::10/64"), netip.Addr{}},
		"none":                     {carp.IPv6, nil, netip.Addr{}},
		"link-local first":         {carp.IPv6, prefixes("192.0.2.10/24", "2001:db8::10/64", "fe80::10/64"), netip.MustParseAddr("fe80::10")},
		"link-local group address": {carp.IPv6, prefixes("fe80::1/64", "2001:db8::10/64"), netip.MustParseAddr("2001:db8::10")},
		"no link-local":            {carp.IPv6, prefixes("2001:db8::1/64", "2001:db8::10/64", "2001:db8::11/64"), netip.MustParseAddr("2001:db8::10")},
	} {
		t.Run(name, func(t *testing.T) {
			if got := Source(c.family, Link{Addrs: c.have}, groups); got != c.want {
				t.Errorf("source %v, want %v", got, c.want)
			}
		})
	}
	mapped := addrs("::ffff:192.0.2.10", "fe80::10%eth0")
	if got := Source(carp.IPv4, house.Links[1], mapped); got.IsValid() {
		t.Errorf("a mapped group address was taken for an own one: %v", got)
	}
	if got := Source(carp.IPv6, house.Links[1], mapped); got != netip.MustParseAddr("2001:db8:0:2::10") {
		t.Errorf("a group address with a zone was taken for an own one: %v", got)
	}
}
