package iface

import (
	"fmt"
	"net/netip"
	"strings"
)

// BootRules are the addresses for which the kernel is to be silent, by the name
// of the interface on which it would answer.
type BootRules struct {
	arp, nd []string
}

// Add has the kernel say nothing about an address on an interface.
func (r *BootRules) Add(ifname string, addr netip.Addr) {
	if addr.Is4() {
		r.arp = append(r.arp,
			fmt.Sprintf("oifname %q arp operation reply arp saddr ip %s drop", ifname, addr),
			fmt.Sprintf("oifname %q arp operation request arp saddr ip %[2]s arp daddr ip %[2]s drop", ifname, addr))
		return
	}
	r.nd = append(r.nd, fmt.Sprintf("oifname %q icmpv6 type nd-neighbor-advert @th,64,128 0x%x drop", ifname, addr.As16()))
}

// String is a ruleset for nft(8): ARP answers and gratuitous ARP, and Neighbour
// Advertisements, of which the target is at bit 64; older versions have no name
// for that. Only what the kernel itself says passes these hooks: what carpd's
// programs answer and what carpd announces does not.
func (r *BootRules) String() string {
	return table("arp", r.arp) + table("ip6", r.nd)
}

// table is one table with its rules.
func table(family string, rules []string) string {
	if len(rules) == 0 {
		return ""
	}
	return "table " + family + " carpd_boot {\n\tchain output {\n\t\ttype filter hook output priority 0;\n\t\t" +
		strings.Join(rules, "\n\t\t") + "\n\t}\n}\n"
}
