package config

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// good is a configuration to which a test makes one change.
const good = `instance: lab
groups:
  - vhid: 1
    carpdev: eth0
    addresses: [192.0.2.1/24, "2001:db8::1/64"]
    password: mekmitasdigoat
  - vhid: 2
    carpdev: eth0
    addresses:
      - 192.0.2.2/24
    password: mekmitasdigoat
    advskew: 100
`

// load reads a text that must be refused and returns its messages.
func load(t *testing.T, src string) []string {
	t.Helper()
	_, _, err := Load(strings.NewReader(src), "carpd.yaml", Options{})
	if err == nil {
		t.Fatalf("accepted:\n%s", src)
	}
	return strings.Split(err.Error(), "\n")
}

// TestOneMistake changes one piece of the good file; each message is typed by
// hand with the place that an editor shows.
func TestOneMistake(t *testing.T) {
	for _, c := range []struct{ rule, old, new, want string }{
		{"unknown key", "advskew:", "advskw:", `12:5: unknown key "advskw" in a group (did you mean advskew?); allowed: vhid, carpdev, addresses, password, password_file, password_credential, key_format, advbase, advskew, preempt, master_down, timers, lease, prefix_route, mac, address, announce_every, balancing, carpnodes, description, sync`},
		{"unknown key at the top", "instance:", "instanz:", `1:1: unknown key "instanz" in the file (did you mean instance?); allowed: instance, log_level, xdp, detach_on_stop, api, cluster, groups`},
		{"another program's word", "advskew: 100", "interval: 1", `12:5: unknown key "interval" in a group (did you mean advbase?); allowed: vhid, carpdev, addresses, password, password_file, password_credential, key_format, advbase, advskew, preempt, master_down, timers, lease, prefix_route, mac, address, announce_every, balancing, carpnodes, description, sync`},
		{"no key is near", "advskew: 100", "colour: red", `12:5: unknown key "colour" in a group; allowed: vhid, carpdev, addresses, password, password_file, password_credential, key_format, advbase, advskew, preempt, master_down, timers, lease, prefix_route, mac, address, announce_every, balancing, carpnodes, description, sync`},
		{"required key misspelt is one mistake", "- vhid: 2", "- vhdi: 2", `7:5: unknown key "vhdi" in a group (did you mean vhid?); allowed: vhid, carpdev, addresses, password, password_file, password_credential, key_format, advbase, advskew, preempt, master_down, timers, lease, prefix_route, mac, address, announce_every, balancing, carpnodes, description, sync`},
		{"duplicate key", "advskew: 100", "vhid: 3", `12:5: "vhid" is given twice, first on line 7; allowed: each key once`},
		{"duplicate key at the top", "groups:", "instance: b\ngroups:", `2:1: "instance" is given twice, first on line 1; allowed: each key once`},
		{"missing vhid", "- vhid: 2\n    carpdev", "- carpdev", `7:5: vhid is missing in a group; allowed: a whole number from 1 to 255`},
		{"missing carpdev", "    carpdev: eth0\n    addresses:\n", "    addresses:\n", `7:5: carpdev is missing in a group; allowed: auto, or an interface's name (1 to 15 characters, no blank, / or :)`},
		{"missing addresses", "    addresses:\n      - 192.0.2.2/24\n", "", `7:5: addresses is missing in a group; allowed: a list of IPv4 and IPv6 addresses, each once and with its prefix length (such as 192.0.2.1/24)`},
		{"missing password", "    password: mekmitasdigoat\n    advskew", "    advskew", `7:5: password is missing in a group; allowed: exactly one of password, password_file, password_credential (password: "" for none)`},

		{"vhid 0", "vhid: 2", "vhid: 0", `7:11: vhid is 0; allowed: a whole number from 1 to 255`},
		{"vhid 256", "vhid: 2", "vhid: 256", `7:11: vhid is 256; allowed: a whole number from 1 to 255`},
		{"vhid negative", "vhid: 2", "vhid: -1", `7:11: vhid is -1; allowed: a whole number from 1 to 255`},
		{"vhid fraction", "vhid: 2", "vhid: 2.0", `7:11: vhid is 2.0; allowed: a whole number from 1 to 255`},
		{"vhid octal or decimal", "vhid: 2", "vhid: 012", `7:11: vhid is 012; allowed: a whole number from 1 to 255`},
		{"vhid hexadecimal", "vhid: 2", "vhid: 0x2", `7:11: vhid is 0x2; allowed: a whole number from 1 to 255`},
		{"vhid beyond any integer", "vhid: 2", "vhid: 99999999999999999999", `7:11: vhid is "99999999999999999999"; allowed: a whole number from 1 to 255`},
		{"vhid in quotes", "vhid: 2", `vhid: "2"`, `7:11: vhid is the text "2"; allowed: a whole number from 1 to 255`},
		{"vhid a word", "vhid: 2", `vhid: two`, `7:11: vhid is "two"; allowed: a whole number from 1 to 255`},
		{"vhid empty", "vhid: 2", `vhid:`, `7:5: vhid is empty; allowed: a whole number from 1 to 255`},
		{"vhid a list", "vhid: 2", `vhid: [2]`, `7:11: vhid is a list; allowed: a whole number from 1 to 255`},
		{"vhid a mapping", "vhid: 2", `vhid: {a: 2}`, `7:11: vhid is a mapping; allowed: a whole number from 1 to 255`},
		{"advskew 255 is the bow-out", "advskew: 100", "advskew: 255", `12:14: advskew is 255; allowed: a whole number of 1/256 s from 0 to 254`},
		{"advbase 0", "advskew: 100", "advbase: 0", `12:14: advbase is 0; allowed: a whole number of seconds from 1 to 255 (0 would be fast failover, which has no lease yet)`},
		{"advbase 256", "advskew: 100", "advbase: 256", `12:14: advbase is 256; allowed: a whole number of seconds from 1 to 255 (0 would be fast failover, which has no lease yet)`},
		{"a flag of YAML 1.1", "advskew: 100", "preempt: yes", `12:14: preempt is "yes"; allowed: true or false`},
		{"prefix_route a number", "advskew: 100", "prefix_route: 1", `12:19: prefix_route is 1; allowed: true or false`},
		{"master_down", "advskew: 100", "master_down: netbsd", `12:18: master_down is "netbsd"; allowed: freebsd or openbsd`},
		{"timers", "advskew: 100", "timers: both", `12:13: timers is "both"; allowed: per-family or shared`},
		{"key_format", "advskew: 100", "key_format: hex", `12:17: key_format is "hex"; allowed: ifconfig or raw20`},
		{"mac", "advskew: 100", "mac: real", `12:10: mac is "real"; allowed: virtual or physical`},
		{"address", "advskew: 100", "address: 192.0.2.1", `12:14: address is "192.0.2.1"; allowed: on-master or always`},
		{"announce_every too often", "advskew: 100", "announce_every: 4999ms", `12:21: announce_every is "4999ms"; allowed: a duration from 5s to 24h, or 0 for never`},
		{"announce_every too seldom", "advskew: 100", "announce_every: 24h1ns", `12:21: announce_every is "24h1ns"; allowed: a duration from 5s to 24h, or 0 for never`},
		{"announce_every negative", "advskew: 100", "announce_every: -60s", `12:21: announce_every is "-60s"; allowed: a duration from 5s to 24h, or 0 for never`},
		{"announce_every a number", "advskew: 100", "announce_every: 60", `12:21: announce_every is 60; allowed: a duration from 5s to 24h, or 0 for never`},
		{"announce_every a word", "advskew: 100", "announce_every: never", `12:21: announce_every is "never"; allowed: a duration from 5s to 24h, or 0 for never`},
		{"detach_on_stop", "instance: lab", "detach_on_stop: no", `1:17: detach_on_stop is "no"; allowed: auto, true or false`},
		{"detach_on_stop in quotes", "instance: lab", "detach_on_stop: 'true'", `1:17: detach_on_stop is the text "true"; allowed: auto, true or false`},
		{"log_level", "instance: lab", "log_level: loud", `1:12: log_level is "loud"; allowed: debug, info, warn or error`},
		{"xdp", "instance: lab", "xdp: offload", `1:6: xdp is "offload"; allowed: auto, native, generic, tcx or off`},

		{"instance with a slash", "instance: lab", "instance: ../lab", `1:11: instance is "../lab"; allowed: 1 to 32 letters, digits, _ and -`},
		{"instance with a dot, which bpffs reserves", "instance: lab", "instance: lab.1", `1:11: instance is "lab.1"; allowed: 1 to 32 letters, digits, _ and -`},
		{"instance like an option", "instance: lab", "instance: -lab", `1:11: instance is "-lab"; allowed: 1 to 32 letters, digits, _ and -`},
		{"instance empty", "instance: lab", `instance: ""`, `1:11: instance is the text ""; allowed: 1 to 32 letters, digits, _ and -`},
		{"instance too long", "instance: lab", "instance: " + strings.Repeat("a", 33), `1:11: instance is "` + strings.Repeat("a", 33) + `"; allowed: 1 to 32 letters, digits, _ and -`},
		{"instance a number", "instance: lab", "instance: 7", `1:11: instance is 7; allowed: 1 to 32 letters, digits, _ and -`},
		{"carpdev too long", "eth0\n    addresses:\n", "eth0123456789abc\n    addresses:\n", `8:14: carpdev is "eth0123456789abc"; allowed: auto, or an interface's name (1 to 15 characters, no blank, / or :)`},
		{"carpdev with a slash", "eth0\n    addresses:\n", "net/eth0\n    addresses:\n", `8:14: carpdev is "net/eth0"; allowed: auto, or an interface's name (1 to 15 characters, no blank, / or :)`},
		{"carpdev ..", "eth0\n    addresses:\n", "..\n    addresses:\n", `8:14: carpdev is ".."; allowed: auto, or an interface's name (1 to 15 characters, no blank, / or :)`},

		{"no groups", good[14:], "", `1:1: groups is missing in the file; allowed: a list of at least one group`},
		{"groups empty", good[14:], "groups: []\n", `2:9: groups is an empty list; allowed: a list of at least one group`},
		{"groups null", good[14:], "groups:\n", `2:1: groups is empty; allowed: a list of at least one group`},
		{"groups a mapping", good[14:], "groups: {}\n", `2:9: groups is a mapping; allowed: a list of at least one group`},
		{"a group is a text", good[14:], "groups: [eth0]\n", `2:10: a group is a text; allowed: a mapping with the keys vhid, carpdev, addresses, password, password_file, password_credential, key_format, advbase, advskew, preempt, master_down, timers, lease, prefix_route, mac, address, announce_every, balancing, carpnodes, description, sync`},

		{"no address", "192.0.2.2/24", "router", `10:9: "router" is no address; allowed: an IPv4 or IPv6 address with its prefix length, such as 192.0.2.1/24`},
		{"prefix length out of range", "192.0.2.2/24", "192.0.2.2/33", `10:9: "192.0.2.2/33" is no address; allowed: an IPv4 or IPv6 address with its prefix length, such as 192.0.2.1/24`},
		{"prefix length too wide", "192.0.2.2/24", "192.0.2.2/0", `10:9: 192.0.2.2/0 has a prefix length below 8; allowed: the prefix length of the subnet`},
		{"leading zero", "192.0.2.2/24", "192.0.2.02/24", `10:9: "192.0.2.02/24" is no address; allowed: an IPv4 or IPv6 address with its prefix length, such as 192.0.2.1/24`},
		{"address a number", "192.0.2.2/24", "192.0", `10:9: the address is 192.0; allowed: a list of IPv4 and IPv6 addresses, each once and with its prefix length (such as 192.0.2.1/24)`},
		{"address empty", "- 192.0.2.2/24", "-", `10:7: the address is empty; allowed: a list of IPv4 and IPv6 addresses, each once and with its prefix length (such as 192.0.2.1/24)`},
		{"IPv6 address in braces", "  - vhid: 2\n    carpdev: eth0\n    addresses:\n      - 192.0.2.2/24\n    password: mekmitasdigoat\n    advskew: 100\n",
			"  - {vhid: 2, carpdev: eth0, addresses: [fe80::1], password: mekmitasdigoat}\n", `7:42: the address is read as a mapping; allowed: an IPv6 address in quotes, which it needs inside braces`},
		{"addresses no list", "\n      - 192.0.2.2/24", " 192.0.2.2/24", `9:16: addresses is a text; allowed: a list of IPv4 and IPv6 addresses, each once and with its prefix length (such as 192.0.2.1/24)`},
		{"zone", "192.0.2.2/24", "fe80::1%eth0", `10:9: "fe80::1%eth0" has a zone; allowed: the address alone: the carpdev says on which link it is`},
		{"IPv4 in IPv6", "192.0.2.2/24", "::ffff:192.0.2.2/120", `10:9: ::ffff:192.0.2.2/120 is an IPv4 address in IPv6 form; allowed: the IPv4 address itself`},
		{"unspecified IPv4", "192.0.2.2/24", "0.0.0.0/24", `10:9: 0.0.0.0/24 is the unspecified address; allowed: a unicast address`},
		{"unspecified IPv6", "192.0.2.2/24", "'::/64'", `10:9: ::/64 is the unspecified address; allowed: a unicast address`},
		{"loopback IPv4", "192.0.2.2/24", "127.0.0.2/8", `10:9: 127.0.0.2/8 is a loopback address; allowed: an address of a network`},
		{"loopback IPv6", "192.0.2.2/24", "::1", `10:9: ::1 is a loopback address; allowed: an address of a network`},
		{"multicast IPv4", "192.0.2.2/24", "224.0.0.18", `10:9: 224.0.0.18 is a multicast address; allowed: a unicast address`},
		{"multicast IPv6", "192.0.2.2/24", "ff02::12/64", `10:9: ff02::12/64 is a multicast address; allowed: a unicast address`},
		{"limited broadcast", "192.0.2.2/24", "255.255.255.255/32", `10:9: 255.255.255.255/32 is the broadcast address; allowed: a unicast address`},
		{"network address", "192.0.2.2/24", "192.0.2.0/24", `10:9: 192.0.2.0/24 is the network address of its subnet; allowed: an address of a host`},
		{"directed broadcast", "192.0.2.2/24", "192.0.2.127/25", `10:9: 192.0.2.127/25 is the broadcast address of its subnet; allowed: an address of a host`},
		{"subnet-router anycast", "192.0.2.2/24", "2001:db8::/64", `10:9: 2001:db8::/64 is the subnet-router anycast address; allowed: an address of a host`},

		{"address twice in a group", "192.0.2.2/24", "192.0.2.2/24\n      - 192.0.2.2/25", `11:9: address 192.0.2.2 is there already, on line 10; allowed: each address once`},
		{"IPv6 address twice, written in two ways", "192.0.2.2/24", "2001:DB8:0::1/64", `10:9: address 2001:db8::1 is there already, on line 5; allowed: each address once`},
		{"address on another carpdev", "eth0\n    addresses:\n      - 192.0.2.2/24", "eth1\n    addresses:\n      - 192.0.2.1/24", `10:9: address 192.0.2.1 is there already, on line 5; allowed: each address once`},
		{"vhid twice on a carpdev", "vhid: 2", "vhid: 1", `7:11: vhid 1 is on carpdev eth0 already, by line 3; allowed: each vhid once on a carpdev`},

		{"lease a number", "advskew: 100", "lease: 2", `12:12: lease is 2; allowed: a duration such as 1500ms, more than one advert interval and at most 3 x advbase - 50 ms`},
		{"lease no duration", "advskew: 100", "lease: long", `12:12: lease is "long"; allowed: a duration such as 1500ms, more than one advert interval and at most 3 x advbase - 50 ms`},
		{"lease of exactly one interval", "advskew: 100", "advskew: 128\n    lease: 1500ms", `13:12: lease is 1.5s; allowed: more than 1.5s (one advert interval) and at most 2.95s (3 x advbase - 50 ms)`},
		{"lease too long", "advskew: 100", "advbase: 2\n    lease: 5951ms", `13:12: lease is 5.951s; allowed: more than 2s (one advert interval) and at most 5.95s (3 x advbase - 50 ms)`},
		{"prefix route without a subnet", "192.0.2.2/24", "192.0.2.2\n    prefix_route: true", `10:9: 192.0.2.2 has no subnet for prefix_route; allowed: the prefix length of the subnet`},

		{"two passwords", "advskew: 100", "password_file: /x", `12:20: password_file beside password on line 11; allowed: exactly one of password, password_file, password_credential`},
		{"password a number", "password: mekmitasdigoat\n    advskew", "password: 12345678\n    advskew", `11:15: password is a number; allowed: a text of up to 128 bytes, in quotes if it looks like something else`},
		{"password true", "password: mekmitasdigoat\n    advskew", "password: true\n    advskew", `11:15: password is true or false; allowed: a text of up to 128 bytes, in quotes if it looks like something else`},
		{"password null", "password: mekmitasdigoat\n    advskew", "password:\n    advskew", `11:5: password is empty; allowed: a text of up to 128 bytes, in quotes if it looks like something else`},
		{"password a list", "password: mekmitasdigoat\n    advskew", "password: [mekmitasdigoat]\n    advskew", `11:15: password is a list; allowed: a text of up to 128 bytes, in quotes if it looks like something else`},
		{"password of 129 bytes", "password: mekmitasdigoat\n    advskew", "password: " + strings.Repeat("é", 64) + "x\n    advskew", `11:15: password has more than 128 bytes; allowed: at most 128 bytes, of which the first 19 count`},
		{"raw20 password of 21 bytes", "password: mekmitasdigoat\n    advskew: 100", "password: mekmitasdigoat1234567\n    key_format: raw20", `11:15: password has more than 20 bytes; allowed: at most 20 bytes with key_format raw20`},
		{"password of two lines", "password: mekmitasdigoat\n    advskew", "password: |\n      mekmitasdigoat\n    advskew", `11:15: password holds a line end; allowed: one line`},
		{"password_file empty", "password: mekmitasdigoat\n    advskew", "password_file: ''\n    advskew", `11:20: password_file names none; allowed: the path of a file that only its owner may read`},
		{"password_credential with a slash", "password: mekmitasdigoat\n    advskew", "password_credential: a/b\n    advskew", `11:26: password_credential names none; allowed: the name of a systemd credential`},
	} {
		t.Run(c.rule, func(t *testing.T) {
			if strings.Count(good, c.old) == 0 {
				t.Fatalf("the good file has no %q", c.old)
			}
			i := strings.LastIndex(good, c.old)
			got := load(t, good[:i]+c.new+good[i+len(c.old):])
			if diff := cmp.Diff([]string{"carpd.yaml:" + c.want}, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// TestNoFollowUp: a mistake is not said again in other words by a rule that
// needs the value.
func TestNoFollowUp(t *testing.T) {
	const two = "groups:\n" +
		"- {vhid: 1, carpdev: eth0, addresses: [192.0.2.1], password: mekmitasdigoat}\n" +
		"- {vhid: 1, carpdev: eth1, addresses: [192.0.2.2], password: mekmitasdigoat}\n"
	for _, c := range []struct {
		rule    string
		replace []string
		want    []string
	}{
		{"no lease without advbase", []string{"eth0", "eth0, advbase: 0, lease: 5s"}, []string{"advbase is 0"}},
		{"no lease without advskew", []string{"eth0", "eth0, advskew: 255, lease: 900ms"}, []string{"advskew is 255"}},
		{"no vhid twice that is none", []string{"vhid: 1", "vhid: 0", "eth1", "eth0"}, []string{"vhid is 0"}},
		{"no vhid twice on no carpdev", []string{"eth0", "a/b", "eth1", "a/b"}, []string{`carpdev is "a/b"`}},
		{"no password in an unknown format", []string{"mekmitasdigoat", `"a\nb", key_format: hex`}, []string{`key_format is "hex"`}},
	} {
		_, _, err := Load(strings.NewReader(strings.NewReplacer(c.replace...).Replace(two)), "f", Options{})
		var got []string
		var mistakes Errors
		errors.As(err, &mistakes)
		for _, m := range mistakes {
			got = append(got, m.Found)
		}
		if diff := cmp.Diff(c.want, slices.Compact(got)); diff != "" {
			t.Errorf("%s: -want +got:\n%s", c.rule, diff)
		}
	}
}
