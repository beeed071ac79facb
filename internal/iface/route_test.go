package iface

import (
	"net/netip"
	"strings"
	"testing"
)

var (
	first4  = netip.MustParsePrefix("192.0.2.1/24")
	second4 = netip.MustParsePrefix("192.0.2.2/24")
	first6  = netip.MustParsePrefix("2001:db8::1/64")
	second6 = netip.MustParsePrefix("2001:db8::2/64")
)

// routes are the routes of ka0 that carpd marked as its own.
func (k *kept) routes() string {
	k.t.Helper()
	out := run(k.t, "ip -4 route show proto 112 dev ka0") + run(k.t, "ip -6 route show proto 112 dev ka0")
	return strings.Join(strings.Fields(out), " ")
}

// The subnet is reachable from the group address, whatever else the interface
// has, and the route goes when it should.
func TestPrefixRoute(t *testing.T) {
	k := keeping(t)
	run(t, "ip addr add 10.0.0.1/8 dev ka0")
	k.add(first4.Addr(), true)
	k.add(first6.Addr(), true)
	noError(t, k.AddPrefixRoute(k.index, first4))
	noError(t, k.AddPrefixRoute(k.index, first4))
	noError(t, k.AddPrefixRoute(k.index, first6))
	same(t, "192.0.2.0/24 scope link src 192.0.2.1 2001:db8::/64 metric 256 pref medium", k.routes())
	for dst, src := range map[string]string{"192.0.2.77": " src 192.0.2.1 ", "2001:db8::77": " src 2001:db8::1 "} {
		if out := run(t, "ip route get "+dst); !strings.Contains(out, src) {
			t.Errorf("route to %s is %q, want%s", dst, out, src)
		}
	}
	noError(t, k.DelPrefixRoute(k.index, first4))
	noError(t, k.DelPrefixRoute(k.index, first6))
	noError(t, k.DelPrefixRoute(k.index, first6))
	same(t, "", k.routes())
	same(t, []string{"address 192.0.2.1", "address 2001:db8::1"}, k.listed())
}

// A host address has no subnet.
func TestPrefixRouteOfHostAddress(t *testing.T) {
	k := keeping(t)
	noError(t, k.AddPrefixRoute(k.index, netip.MustParsePrefix("192.0.2.1/32")))
	same(t, "", k.routes())
	same(t, []string{}, k.listed())
}

// The operator's route stays the operator's. (With the last IPv4 address of an
// interface the kernel itself drops its routes, so there is another address.)
func TestPrefixRouteOfTheOperator(t *testing.T) {
	k := keeping(t)
	run(t, "ip addr add 10.0.0.1/8 dev ka0")
	run(t, "ip route add 192.0.2.0/24 dev ka0")
	run(t, "ip route add 2001:db8::/64 dev ka0 metric 256")
	k.add(first4.Addr(), true)
	k.add(first6.Addr(), true)
	noError(t, k.AddPrefixRoute(k.index, first4))
	noError(t, k.AddPrefixRoute(k.index, first6))
	same(t, []string{"address 192.0.2.1", "address 2001:db8::1"}, k.listed())
	noError(t, k.DelPrefixRoute(k.index, first4))
	noError(t, k.UndoAll())
	for _, show := range []string{"ip -4 route show 192.0.2.0/24", "ip -6 route show 2001:db8::/64"} {
		if run(t, show) == "" {
			t.Errorf("%s: gone", show)
		}
	}
}

// Also an operator's route that took the place of ours is left alone.
func TestPrefixRouteReplaced(t *testing.T) {
	k := keeping(t)
	run(t, "ip addr add 10.0.0.1/8 dev ka0")
	k.add(first4.Addr(), true)
	noError(t, k.AddPrefixRoute(k.index, first4))
	run(t, "ip route replace 192.0.2.0/24 dev ka0")
	noError(t, k.UndoAll())
	if run(t, "ip -4 route show 192.0.2.0/24") == "" {
		t.Error("the operator's route was deleted")
	}
}

// Two group addresses of one subnet share a route. It stays until both are gone,
// whichever goes first.
func TestPrefixRouteShared(t *testing.T) {
	for name, order := range map[string][2]int{"first goes first": {0, 1}, "second goes first": {1, 0}} {
		t.Run(name, func(t *testing.T) {
			k := keeping(t)
			pairs := [2][2]netip.Prefix{{first4, first6}, {second4, second6}}
			for _, both := range pairs {
				for _, p := range both {
					k.add(p.Addr(), true)
					noError(t, k.AddPrefixRoute(k.index, p))
				}
			}
			for _, p := range pairs[order[0]] {
				noError(t, k.DelPrefixRoute(k.index, p))
				noError(t, k.DelAddress(k.index, p.Addr()))
			}
			left := pairs[order[1]][0].Addr().String()
			same(t, "192.0.2.0/24 scope link src "+left+" 2001:db8::/64 metric 256 pref medium", k.routes())
			for _, p := range pairs[order[1]] {
				noError(t, k.DelPrefixRoute(k.index, p))
				noError(t, k.DelAddress(k.index, p.Addr()))
			}
			same(t, "", k.routes())
			same(t, []string{}, k.listed())
		})
	}
}

// After a crash shared routes go altogether.
func TestPrefixRouteSharedCrash(t *testing.T) {
	k := keeping(t)
	for _, p := range []netip.Prefix{first4, second4} {
		k.add(p.Addr(), true)
		noError(t, k.AddPrefixRoute(k.index, p))
	}
	k.crash()
	noError(t, k.UndoAll())
	same(t, "", k.routes())
	same(t, []string{}, k.listed())
}

// A route that the kernel dropped with the link is no error.
func TestPrefixRouteLostWithTheLink(t *testing.T) {
	k := keeping(t)
	k.add(first4.Addr(), true)
	noError(t, k.AddPrefixRoute(k.index, first4))
	run(t, "ip link set ka0 down")
	noError(t, k.DelPrefixRoute(k.index, first4))
	same(t, []string{"address 192.0.2.1"}, k.listed())
}
