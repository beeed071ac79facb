package main

import (
	"bytes"
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/carpd/carpd/internal/config"
	"github.com/carpd/carpd/internal/iface"
	"github.com/carpd/carpd/internal/ledger"
)

// TestStandingAddresses: what an interface has without carpd is told with the
// rules, once per address; what carpd has added is not.
func TestStandingAddresses(t *testing.T) {
	prefix := netip.MustParsePrefix
	machine := iface.System{Links: []iface.Link{
		{Index: 1, Name: "lo", Loopback: true, Addrs: []netip.Prefix{prefix("192.0.2.2/32"), prefix("2001:db8::2/128")}},
		{Index: 2, Name: "eth0", Addrs: []netip.Prefix{prefix("192.0.2.250/24"), prefix("192.0.2.1/32"), prefix("192.0.2.2/32"), prefix("2001:db8::1/128")}},
	}}
	cfg := &config.Config{Groups: []config.Group{
		{VHID: 1, Carpdev: "eth0", Line: 7, Addresses: []netip.Prefix{prefix("192.0.2.1/24"), prefix("192.0.2.2/24"), prefix("2001:db8::1/64"), prefix("2001:db8::2/64")}},
		{VHID: 2, Carpdev: "auto", Line: 9, Addresses: []netip.Prefix{prefix("192.0.2.3/24")}},
		{VHID: 3, Carpdev: "eth9", Line: 11, Addresses: []netip.Prefix{prefix("192.0.2.250/24")}},
	}}
	ours := []ledger.Entry{
		{Kind: ledger.Address, Ifindex: 2, Value: "192.0.2.1"},
		{Kind: ledger.Address, Ifindex: 1, Value: "192.0.2.9"}, {Kind: ledger.Filter, Ifindex: 2, Value: "192.0.2.2"},
	}
	var out bytes.Buffer
	found := standingAddresses(cfg, machine, ours)
	found.text(printer{w: &out}, "FILE")
	const want = `FILE:7: 1@eth0: warning: 192.0.2.2 is on lo already: before carpd runs and after it was stopped the kernel answers for it
FILE:7: 1@eth0: warning: 192.0.2.2 is on eth0 already: before carpd runs and after it was stopped the kernel answers for it
FILE:7: 1@eth0: warning: 2001:db8::1 is on eth0 already: before carpd runs and after it was stopped the kernel answers for it
These rules keep the kernel silent from boot on; carpd's own answers do not pass them.
Load them with nft -f before the addresses are configured:

table arp carpd_boot {
	chain output {
		type filter hook output priority 0;
		oifname "eth0" arp operation reply arp saddr ip 192.0.2.2 drop
		oifname "eth0" arp operation request arp saddr ip 192.0.2.2 arp daddr ip 192.0.2.2 drop
	}
}
table ip6 carpd_boot {
	chain output {
		type filter hook output priority 0;
		oifname "eth0" icmpv6 type nd-neighbor-advert @th,64,128 0x20010db8000000000000000000000001 drop
	}
}

`
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	out.Reset()
	none := standingAddresses(cfg, iface.System{Links: machine.Links[1:]}, append(ours, ledger.Entry{Kind: ledger.Address, Ifindex: 2, Value: "192.0.2.2"}, ledger.Entry{Kind: ledger.Address, Ifindex: 2, Value: "2001:db8::1"}))
	if none.text(printer{w: &out}, "FILE"); out.Len() > 0 || none.rules.String() != "" {
		t.Errorf("without any: %s", out.String())
	}
}
