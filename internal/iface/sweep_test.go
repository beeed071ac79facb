package iface

import (
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/carpd/carpd/internal/carp"
)

// After a crash, what is claimed stays and is ours, and what is not goes: with
// another route, on another interface, or not at all.
func TestSweep(t *testing.T) {
	k := keeping(t)
	other := netip.MustParseAddr("192.0.2.2")
	for _, a := range []netip.Addr{vip4, vip6, other} {
		k.add(a, true)
	}
	for _, p := range []string{"192.0.2.1/24", "2001:db8::1/64"} {
		noError(t, k.AddPrefixRoute(k.index, netip.MustParsePrefix(p)))
	}
	noError(t, k.AddFilter(k.index, vhid1))
	noError(t, k.AddFilter(k.index, vhid2))
	k.crash()
	noError(t, k.SweepAddresses(map[int][]Claim{
		k.index:     {{netip.MustParsePrefix("192.0.2.1/24"), true}, {netip.MustParsePrefix("2001:db8::1/64"), false}},
		k.index + 1: {{netip.MustParsePrefix("192.0.2.2/24"), true}},
	}))
	noError(t, k.SweepFilters(map[int][]carp.MAC{k.index: {vhid2}}))
	want := []string{"address 192.0.2.1", "address 2001:db8::1", "route 192.0.2.1/24", "filter 00:00:5e:00:01:02"}
	if diff := cmp.Diff(want, k.listed()); diff != "" {
		t.Error(diff)
	}
	for addr, there := range map[netip.Addr]bool{vip4: true, vip6: true, other: false} {
		present, _, err := k.present(k.index, addr)
		if noError(t, err); present != there {
			t.Errorf("%v is there: %t", addr, present)
		}
	}
	k.add(vip4, true)
	noError(t, k.UndoAll())
	if left := k.listed(); len(left) > 0 {
		t.Errorf("%q", left)
	}
}
