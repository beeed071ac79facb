package config

import (
	"net/netip"
	"strings"
)

// minBits are the widest prefixes that are taken for a subnet.
const minBits = 8

// addressRules refuse what no host can have, in the order in which it is said.
var addressRules = []struct {
	broken         func(netip.Prefix) bool
	found, allowed string
}{
	{func(p netip.Prefix) bool { return p.Addr().Is4In6() }, "is an IPv4 address in IPv6 form", "the IPv4 address itself"},
	{func(p netip.Prefix) bool { return p.Addr().IsUnspecified() }, "is the unspecified address", "a unicast address"},
	{func(p netip.Prefix) bool { return p.Addr().IsLoopback() }, "is a loopback address", "an address of a network"},
	{func(p netip.Prefix) bool { return p.Addr().IsMulticast() }, "is a multicast address", "a unicast address"},
	{func(p netip.Prefix) bool { return p.Addr() == broadcast }, "is the broadcast address", "a unicast address"},
	{func(p netip.Prefix) bool { return p.Bits() < minBits }, "has a prefix length below 8", "the prefix length of the subnet"},
	{func(p netip.Prefix) bool { return hosts(p) && p.Addr().Is4() && p == p.Masked() }, "is the network address of its subnet", "an address of a host"},
	{func(p netip.Prefix) bool { return hosts(p) && p.Addr().Is4() && p.Addr() == last(p) }, "is the broadcast address of its subnet", "an address of a host"},
	{func(p netip.Prefix) bool { return hosts(p) && p.Addr().Is6() && p == p.Masked() }, "is the subnet-router anycast address", "an address of a host"},
}

var broadcast = netip.AddrFrom4([4]byte{255, 255, 255, 255})

// hosts reports whether a subnet has more than the two addresses of a
// point-to-point link, which are both hosts (RFC 3021, RFC 6164).
func hosts(p netip.Prefix) bool { return p.Bits() < p.Addr().BitLen()-1 }

// last is the address with all host bits set.
func last(p netip.Prefix) netip.Addr {
	b := p.Addr().As4()
	for i := p.Bits(); i < 32; i++ {
		b[i/8] |= 0x80 >> (i % 8)
	}
	return netip.AddrFrom4(b)
}

// address reads one entry of the list. An address without a prefix length is
// a subnet of its own, /32 or /128.
func (v value) address() (netip.Prefix, bool) {
	text, ok := v.text()
	if _, colons := pairs(v.node); colons {
		v.l.wrong(v.at, "the address is read as a mapping", "an IPv6 address in quotes, which it needs inside braces")
		return netip.Prefix{}, false
	}
	if !ok {
		return netip.Prefix{}, v.refuse()
	}
	p, found, allowed := Address(text)
	if found != "" {
		v.l.wrong(v.at, found, allowed)
	}
	return p, found == ""
}

// Address reads one entry of a list of addresses. What is wrong with it comes
// in found, with what may stand there instead; found is empty for a good one.
func Address(text string) (p netip.Prefix, found, allowed string) {
	if strings.Contains(text, "%") {
		return netip.Prefix{}, quote(text) + " has a zone", "the address alone: the carpdev says on which link it is"
	}
	p, err := parsePrefix(text)
	if err != nil {
		return netip.Prefix{}, quote(text) + " is no address", "an IPv4 or IPv6 address with its prefix length, such as 192.0.2.1/24"
	}
	for _, r := range addressRules {
		if r.broken(p) {
			return netip.Prefix{}, text + " " + r.found, r.allowed
		}
	}
	return p, "", ""
}

// parsePrefix reads an address with or without a prefix length.
func parsePrefix(s string) (netip.Prefix, error) {
	if strings.Contains(s, "/") {
		return netip.ParsePrefix(s)
	}
	a, err := netip.ParseAddr(s)
	if err != nil {
		return netip.Prefix{}, err
	}
	return a.Prefix(a.BitLen())
}
