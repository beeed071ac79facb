package config

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/carpd/carpd/internal/carp"
)

// shared is a configuration whose only entry shares its address.
const shared = `groups:
  - carpnodes: ["7:100", '2:0']
    balancing: arp
    carpdev: eth0
    addresses: [192.0.2.1/24]
    password: mekmitasdigoat
    preempt: true
`

// TestCarpnodes: an entry becomes one group of each node; all have the same
// addresses and know of each other, and none announces them.
func TestCarpnodes(t *testing.T) {
	got, warnings := accept(t, shared, Options{})
	if len(warnings) != 0 {
		t.Error(warnings)
	}
	of := func(vhid carp.VHID, advskew uint8) Group {
		return Group{
			VHID: vhid, Carpdev: "eth0", Addresses: []netip.Prefix{netip.MustParsePrefix("192.0.2.1/24")},
			Secret: keyOf("mekmitasdigoat"), Advbase: 1, Advskew: advskew, Preempt: true, Lease: 2950 * time.Millisecond,
			Balancing: carp.BalanceARP, Nodes: []carp.VHID{2, 7}, Line: 2,
		}
	}
	compare(t, &Config{Instance: "default", LogLevel: "info", XDP: "auto", DetachOnStop: "auto", Groups: []Group{of(7, 100), of(2, 0)}}, got)
}

// TestBalancingWords: every kind by its word.
func TestBalancingWords(t *testing.T) {
	for word, want := range map[string]carp.Balancing{
		"arp": carp.BalanceARP, "ip": carp.BalanceIP, "ip-stealth": carp.BalanceIPStealth, "ip-unicast": carp.BalanceIPUnicast,
	} {
		c, _ := accept(t, strings.Replace(shared, "balancing: arp", "balancing: "+word, 1), Options{})
		if got := c.Groups[1].Balancing; got != want || got.String() != word {
			t.Errorf("%s is %v", word, got)
		}
	}
}

// TestNodesStay: without preemption a share that moved stays where it is.
func TestNodesStay(t *testing.T) {
	_, warnings := accept(t, strings.Replace(shared, "    preempt: true\n", "", 1), Options{})
	want := "carpd.yaml:2:16: warning: without preempt: true a share that has moved to another node does not come back"
	if len(warnings) != 1 || warnings[0].String() != want {
		t.Errorf("%v", warnings)
	}
}

// TestMostNodes: 32 are accepted, as on OpenBSD.
func TestMostNodes(t *testing.T) {
	c, _ := accept(t, strings.Replace(shared, `["7:100", '2:0']`, nodeList(32), 1), Options{})
	if n := len(c.Groups); n != 32 || len(c.Groups[0].Nodes) != 32 {
		t.Errorf("%d groups", n)
	}
}

// nodeList writes n nodes.
func nodeList(n int) string {
	var list []string
	for i := range n {
		list = append(list, fmt.Sprintf("'%d:0'", i+1))
	}
	return "[" + strings.Join(list, ", ") + "]"
}

// TestBadNodes changes one piece of the shared entry.
func TestBadNodes(t *testing.T) {
	const allowed = `; allowed: a list of 2 to 32 nodes, each a text of its vhid, a colon and its advskew, such as ["1:0", "2:100"]`
	const bounds = "; allowed: a vhid from 1 to 255 and an advskew from 0 to 254"
	for _, c := range []struct{ rule, old, new, want string }{
		{"a word", "'2:0'", "two", `2:26: the node is "two"` + allowed},
		{"no advskew", "'2:0'", "'2'", `2:26: the node is the text "2"` + allowed},
		{"a number", "'2:0'", "2", `2:26: the node is 2` + allowed},
		{"leading zero", "'2:0'", "'02:0'", `2:26: the node is the text "02:0"` + allowed},
		{"vhid 0", "'2:0'", "'0:0'", `2:26: the node is "0:0"` + bounds},
		{"vhid 256", "'2:0'", "'256:0'", `2:26: the node is "256:0"` + bounds},
		{"advskew 255", "'2:0'", "'2:255'", `2:26: the node is "2:255"` + bounds},
		{"twice", "'2:0'", "'7:0'", `2:26: vhid 7 is a node already; allowed: each vhid once`},
		{"one", ", '2:0'", "", `2:16: carpnodes has 1 entries` + allowed},
		{"none", `["7:100", '2:0']`, "[]", `2:16: carpnodes is an empty list` + allowed},
		{"33", `["7:100", '2:0']`, nodeList(33), `2:16: carpnodes has 33 entries` + allowed},
		{"a text", `["7:100", '2:0']`, "'7:100'", `2:16: carpnodes is a text` + allowed},
		{"vhid", "    balancing", "    vhid: 3\n    balancing", `3:11: vhid beside carpnodes; allowed: the vhid of each node in carpnodes`},
		{"advskew", "    balancing", "    advskew: 3\n    balancing", `3:14: advskew beside carpnodes; allowed: the advskew of each node in carpnodes`},
		{"no balancing", "    balancing: arp\n", "", `2:16: carpnodes without balancing; allowed: balancing: arp, ip, ip-stealth or ip-unicast beside it`},
		{"balancing none", "balancing: arp", "balancing: none", `2:16: carpnodes without balancing; allowed: balancing: arp, ip, ip-stealth or ip-unicast beside it`},
		{"balancing alone", `carpnodes: ["7:100", '2:0']`, "vhid: 1", `3:16: balancing is arp without carpnodes; allowed: carpnodes beside it, such as ["1:0", "2:100"]`},
		{"unknown balancing", "balancing: arp", "balancing: round-robin", `3:16: balancing is "round-robin"; allowed: none, arp, ip, ip-stealth or ip-unicast`},
		{"physical MAC", "    preempt", "    mac: physical\n    preempt", `7:10: mac is physical with balancing; allowed: mac: virtual: addresses are shared by their virtual MACs`},
		{"the longest interval counts for the lease", "    preempt", "    lease: 1391ms\n    advbase: 1\n    preempt", ""},
		{"lease below the slowest node", "    preempt", "    lease: 1390ms\n    preempt", `7:12: lease is 1.39s; allowed: more than 1.390625s (one advert interval) and at most 2.95s (3 x advbase - 50 ms)`},
		{"vhid of another entry", "    preempt: true\n", "    preempt: true\n  - {vhid: 2, carpdev: eth0, addresses: [192.0.2.9/24], password: mekmitasdigoat}\n", `8:12: vhid 2 is on carpdev eth0 already, by line 2; allowed: each vhid once on a carpdev`},
		{"address of another entry", "    preempt: true\n", "    preempt: true\n  - {vhid: 3, carpdev: eth0, addresses: [192.0.2.1/24], password: mekmitasdigoat}\n", `8:42: address 192.0.2.1 is there already, on line 5; allowed: each address once`},
	} {
		t.Run(c.rule, func(t *testing.T) {
			src := strings.Replace(shared, c.old, c.new, 1)
			if c.want == "" {
				accept(t, src, Options{})
				return
			}
			if got := load(t, src); len(got) != 1 || got[0] != "carpd.yaml:"+c.want {
				t.Errorf("got  %v\nwant %s", got, c.want)
			}
		})
	}
}
