package iface

import (
	"net/netip"
	"os"
	"path/filepath"
	"testing"
)

// The ruleset as it is printed, and nft takes it.
func TestBootRules(t *testing.T) {
	var r BootRules
	same(t, "", r.String())
	for _, a := range addrs("192.0.2.1", "2001:db8::1") {
		r.Add("eth0", a)
	}
	r.Add("eth1", netip.MustParseAddr("192.0.2.2"))
	const want = `table arp carpd_boot {
	chain output {
		type filter hook output priority 0;
		oifname "eth0" arp operation reply arp saddr ip 192.0.2.1 drop
		oifname "eth0" arp operation request arp saddr ip 192.0.2.1 arp daddr ip 192.0.2.1 drop
		oifname "eth1" arp operation reply arp saddr ip 192.0.2.2 drop
		oifname "eth1" arp operation request arp saddr ip 192.0.2.2 arp daddr ip 192.0.2.2 drop
	}
}
table ip6 carpd_boot {
	chain output {
		type filter hook output priority 0;
		oifname "eth0" icmpv6 type nd-neighbor-advert @th,64,128 0x20010db8000000000000000000000001 drop
	}
}
`
	same(t, want, r.String())
	host(t)
	file := filepath.Join(t.TempDir(), "rules")
	noError(t, os.WriteFile(file, []byte(r.String()), 0o600))
	run(t, "nft -f "+file)
}

// The kernel answers for an IPv4 address wherever it is, for an IPv6 address
// only on its interface.
func TestWhere(t *testing.T) {
	w := System{Links: []Link{
		{Index: 1, Addrs: prefixes("127.0.0.1/8", "192.0.2.1/32", "2001:db8::1/128")},
		{Index: 2, Addrs: prefixes("192.0.2.1/32", "192.0.2.1/24", "fe80::1/64", "2001:db8::2/128")},
		{Index: 3, Addrs: prefixes("fe80::1/64")},
	}}.Where()
	for _, c := range []struct {
		on   int
		addr string
		want []int
	}{
		{2, "192.0.2.1", []int{1, 2}}, {3, "192.0.2.1", []int{1, 2}}, {2, "192.0.2.9", nil},
		{2, "fe80::1", []int{2}}, {3, "fe80::1", []int{3}}, {1, "fe80::1", nil},
		{2, "2001:db8::1", nil}, {1, "2001:db8::1", []int{1}}, {2, "2001:db8::2", []int{2}},
	} {
		same(t, c.want, w.Answers(c.on, netip.MustParseAddr(c.addr)))
	}
	if !w.Has(2, netip.MustParseAddr("192.0.2.1")) || w.Has(3, netip.MustParseAddr("192.0.2.1")) {
		t.Error("which interface has 192.0.2.1")
	}
}
