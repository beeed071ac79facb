package dataplane

import (
	"fmt"
	"testing"

	"github.com/cilium/ebpf"
	"github.com/google/go-cmp/cmp"

	"github.com/carpd/carpd/internal/carp"
)

// contents is what stands in all hashes, and in the slots 1 and 2 of what belongs
// to slots.
func contents(t *testing.T, d *Dataplane) map[string]string {
	t.Helper()
	all := map[string]string{}
	for name, m := range d.maps {
		var err error
		switch m.Type() {
		case ebpf.Hash:
			err = eachRow(m, func(key, value []byte) error {
				all[fmt.Sprintf("%s %x", name, key)] = fmt.Sprintf("%x", value)
				return nil
			})
		case ebpf.Array:
			for slot := range min(uint32(3), m.MaxEntries()) {
				var value []byte
				if value, err = m.LookupBytes(slot); err == nil {
					all[fmt.Sprintf("%s %d", name, slot)] = fmt.Sprintf("%x", value)
				}
			}
		}
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
	}
	return all
}

// A carpd with the same configuration changes nothing in the maps when it goes
// on: not with addresses that are shared, nor the keys, nor our last counters.
func TestTheSameConfigurationChangesNothing(t *testing.T) {
	share := func(b carp.Balancing) func(i int) []Group {
		return func(i int) []Group {
			g := Group{Ifindex: i, VHID: 1, Addresses: addrs("192.0.2.1", "2001:db8::1"), Balancing: b, Nodes: []carp.VHID{1, 2}}
			h := g
			h.VHID = 2
			return []Group{g, h}
		}
	}
	for name, groups := range map[string]func(i int) []Group{
		"two groups": func(i int) []Group {
			return []Group{
				{Ifindex: i, VHID: 1, Addresses: addrs("192.0.2.1", "2001:db8::1", "fe80::1")},
				{Ifindex: i, VLAN: 5, VHID: 1, Addresses: addrs("192.0.2.1")},
			}
		},
		"physical MAC": func(i int) []Group {
			return []Group{{Ifindex: i, VHID: 1, Addresses: addrs("192.0.2.1", "2001:db8::1"), Physical: true}}
		},
		"balancing arp":        share(carp.BalanceARP),
		"balancing ip":         share(carp.BalanceIP),
		"balancing ip-stealth": share(carp.BalanceIPStealth),
	} {
		t.Run(name, func(t *testing.T) {
			l := newLAN(t)
			o := Options{Instance: instanceName()}
			begin := func() *Dataplane {
				d := l.loadHere(t, o)
				l.attach(t, d)
				for _, g := range groups(l.routerIf) {
					addGroup(t, d, g)
				}
				if err := d.SetLink(l.routerIf, Link{MAC: l.routerMAC}); err != nil {
					t.Fatal(err)
				}
				return d
			}
			d := begin()
			setKeys(t, d, 1, states("192.0.2.1", "192.0.2.2"))
			d.SetInterval(1, carp.Interval(1, 0))
			d.Sent(1, 77)
			d.Answer(1, later())
			d.Remember(1, Memory{State: Master, Counter: 77})
			before := contents(t, d)
			if err := d.Close(); err != nil {
				t.Fatal(err)
			}
			d = begin()
			if err := d.Sweep(); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(before, contents(t, d)); diff != "" {
				t.Error(diff)
			}
			if len(d.left) != 0 || !d.Adopted() {
				t.Errorf("%d groups unclaimed, adopted: %t", len(d.left), d.Adopted())
			}
		})
	}
}
