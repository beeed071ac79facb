package config

import (
	"net/netip"
	"regexp"
	"time"

	"github.com/carpd/carpd/internal/carp"
	"github.com/carpd/carpd/internal/election"
)

// fileDraft is a file on its way to a Config.
type fileDraft struct {
	Config
	drafts []*draft
}

// newFileDraft holds the defaults of fileKeys.
func newFileDraft() *fileDraft {
	return &fileDraft{Config: Config{Instance: "default", LogLevel: "info", XDP: "auto", DetachOnStop: "auto"}}
}

// draft is a group on its way, with the places that later checks speak of.
type draft struct {
	Group
	at      place
	seen    seen
	addrs   []place // of Group.Addresses
	secrets []value // password, password_file, password_credential
	nodes   []node  // of carpnodes
	vhidAt  place   // of Group.VHID
	fellow  bool    // shares the addresses of the draft before it
	raw20   bool
}

// newDraft holds the defaults of groupKeys.
func newDraft(at place) *draft {
	return &draft{Group: Group{Advbase: 1, AnnounceEvery: time.Minute, Line: at.line}, at: at}
}

var (
	// The instance is a file name below /run and below bpffs, which reserves
	// names with a dot.
	instanceName = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_-]{0,31}$`)
	// What dev_valid_name() in the kernel allows: "." and ".." are refused apart.
	interfaceName = regexp.MustCompile(`^[^/:\s]{1,15}$`)
)

// What several places have to say in the same words.
const (
	allowedAddresses = "a list of IPv4 and IPv6 addresses, each once and with its prefix length (such as 192.0.2.1/24)"
	allowedSecret    = "exactly one of password, password_file, password_credential"
)

// fileKeys are the keys at the top of the file.
var fileKeys = []key[fileDraft]{
	{name: "instance", def: "default", allowed: "1 to 32 letters, digits, _ and -",
		read: func(v value, f *fileDraft) bool { return v.match(&f.Instance, instanceName) }},
	{name: "log_level", def: "info", allowed: "debug, info, warn or error", also: []string{"loglevel", "verbosity"},
		read: func(v value, f *fileDraft) bool { return v.choice(&f.LogLevel, "debug", "info", "warn", "error") }},
	{name: "xdp", def: "auto", allowed: "auto, native, generic, tcx or off", also: []string{"xdp_mode"},
		read: func(v value, f *fileDraft) bool { return v.choice(&f.XDP, "auto", "native", "generic", "tcx", "off") }},
	{name: "detach_on_stop", def: "auto", allowed: "auto, true or false",
		read: func(v value, f *fileDraft) bool { return v.flagOr(&f.DetachOnStop, "auto") }},
	{name: "api", allowed: "a mapping with the keys of the section api", also: []string{"http", "rest", "web"}, read: readAPI},
	{name: "cluster", allowed: "a mapping with the keys of the section cluster", also: []string{"sync", "ha"}, read: readCluster},
	{name: "groups", required: true, allowed: "a list of at least one group", also: []string{"vhosts", "instances"},
		read: readGroups},
}

// groupKeys are the keys of one group.
var groupKeys = []key[draft]{
	{name: "vhid", required: true, unless: "carpnodes", allowed: "a whole number from 1 to 255", also: []string{"vrid", "virtual_router_id"},
		read: func(v value, d *draft) bool {
			d.vhidAt = v.at
			return v.byte(1, 255, (*uint8)(&d.VHID))
		}},
	{name: "carpdev", required: true, also: []string{"interface", "dev", "iface", "parent"},
		allowed: "auto, or an interface's name (1 to 15 characters, no blank, / or :)",
		read: func(v value, d *draft) bool {
			return v.match(&d.Carpdev, interfaceName) && (d.Carpdev != "." && d.Carpdev != ".." || v.refuse())
		}},
	{name: "addresses", required: true, allowed: allowedAddresses, also: []string{"vip", "vips", "virtual_ipaddress"},
		read: readAddresses},
	{name: "password", secret: true, allowed: "a text of up to 128 bytes, in quotes if it looks like something else",
		also: []string{"pass", "auth_pass", "key", "secret"}, read: readSecret},
	{name: "password_file", allowed: "the path of a file that only its owner may read", also: []string{"passfile"}, read: readSecret},
	{name: "password_credential", allowed: "the name of a systemd credential", also: []string{"credential"}, read: readSecret},
	{name: "key_format", def: "ifconfig", allowed: "ifconfig or raw20",
		read: func(v value, d *draft) bool { return pick(v, &d.raw20, "ifconfig", "raw20") }},
	{name: "advbase", def: "1", also: []string{"interval", "advert_int"},
		allowed: "a whole number of seconds from 1 to 255 (0 would be fast failover, which has no lease yet)",
		read:    func(v value, d *draft) bool { return v.byte(1, 255, &d.Advbase) }},
	{name: "advskew", def: "0", allowed: "a whole number of 1/256 s from 0 to 254", also: []string{"skew"},
		read: func(v value, d *draft) bool { return v.byte(0, carp.BowOut-1, &d.Advskew) }},
	{name: "preempt", def: "false", allowed: "true or false",
		read: func(v value, d *draft) bool { return v.flag(&d.Preempt) }},
	{name: "master_down", def: "freebsd", allowed: "freebsd or openbsd",
		read: func(v value, d *draft) bool {
			var openbsd bool
			ok := pick(v, &openbsd, "freebsd", "openbsd")
			if openbsd {
				d.MasterDown = election.ThreeIntervals
			}
			return ok
		}},
	{name: "timers", def: "per-family", allowed: "per-family or shared",
		read: func(v value, d *draft) bool { return pick(v, &d.SharedTimer, "per-family", "shared") }},
	{name: "lease", def: "3 x advbase - 50 ms", allowed: `a duration such as 1500ms, more than one advert interval and at most 3 x advbase - 50 ms`,
		read: func(v value, d *draft) bool { return v.duration(&d.Lease) }},
	{name: "prefix_route", def: "false", allowed: "true or false",
		read: func(v value, d *draft) bool { return v.flag(&d.PrefixRoute) }},
	{name: "mac", def: "virtual", allowed: "virtual or physical", also: []string{"use_vmac", "vmac", "lladdr"},
		read: func(v value, d *draft) bool { return pick(v, &d.Physical, "virtual", "physical") }},
	{name: "address", def: "on-master", allowed: "on-master or always",
		read: func(v value, d *draft) bool { return pick(v, &d.Always, "on-master", "always") }},
	{name: "announce_every", def: "60s", allowed: "a duration from 5s to 24h, or 0 for never", also: []string{"garp_master_refresh", "garp_interval"},
		read: func(v value, d *draft) bool {
			return v.durationOrNever(5*time.Second, 24*time.Hour, &d.AnnounceEvery)
		}},
	{name: "balancing", def: "none", allowed: "none, arp, ip, ip-stealth or ip-unicast", also: []string{"load_sharing"},
		read: func(v value, d *draft) bool { return v.balancing(&d.Balancing) }},
	{name: "carpnodes", allowed: allowedNodes, also: []string{"nodes"}, read: readNodes},
	{name: "description", allowed: "a text of up to 128 characters on one line", also: []string{"descr", "comment", "name"},
		read: func(v value, d *draft) bool { return v.line(128, &d.Description) }},
	{name: "sync", def: "true", allowed: "true or false", also: []string{"nosync"},
		read: func(v value, d *draft) bool {
			sync := true
			ok := v.flag(&sync)
			d.NoSync = !sync
			return ok
		}},
}

// pick reads one of two words; second tells which.
func pick(v value, second *bool, words ...string) bool {
	var s string
	ok := v.choice(&s, words...)
	*second = ok && s == words[1]
	return ok
}

// readSecret keeps the place of a secret until all keys of the group are known.
func readSecret(v value, d *draft) bool {
	d.secrets = append(d.secrets, v)
	return true
}

// readGroups reads the list of groups. A mistake in a group does not spoil it:
// all groups are looked at.
func readGroups(v value, f *fileDraft) bool {
	entries, ok := v.list("a group")
	for _, e := range entries {
		d := newDraft(e.at)
		if d.seen, ok = walk(e, groupKeys, d); ok {
			v.l.finishGroup(d)
			f.drafts = append(f.drafts, d.expand()...)
		}
	}
	return ok
}

// readAddresses reads the addresses of a group, each with its place.
func readAddresses(v value, d *draft) bool {
	entries, ok := v.list("the address")
	for _, e := range entries {
		p, good := e.address()
		if good {
			d.Addresses = append(d.Addresses, p)
			d.addrs = append(d.addrs, e.at)
		}
		ok = ok && good
	}
	return ok
}

// addressesOf drops the prefix lengths.
func addressesOf(prefixes []netip.Prefix) []netip.Addr {
	out := make([]netip.Addr, len(prefixes))
	for i, p := range prefixes {
		out[i] = p.Addr()
	}
	return out
}
