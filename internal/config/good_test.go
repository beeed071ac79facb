package config

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/carpd/carpd/internal/carp"
	"github.com/carpd/carpd/internal/election"
)

// accept reads a text that must be accepted.
func accept(t *testing.T, src string, o Options) (*Config, []Warning) {
	t.Helper()
	c, warnings, err := Load(strings.NewReader(src), "carpd.yaml", o)
	if err != nil {
		t.Fatal(err)
	}
	return c, warnings
}

// compare shows keys too, which print as ***.
func compare(t *testing.T, want, got *Config) {
	t.Helper()
	opts := cmp.Options{
		cmp.Comparer(func(a, b carp.Secret) bool { return a == b }),
		cmp.Comparer(func(a, b netip.Prefix) bool { return a == b }),
	}
	if diff := cmp.Diff(want, got, opts); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// key is a password filled up to 20 bytes, made without the code under test.
func keyOf(password string) (s carp.Secret) {
	for i := range len(password) {
		s[i] = password[i]
	}
	return s
}

// TestEveryKey gives every key a value that is not its default.
func TestEveryKey(t *testing.T) {
	got, warnings := accept(t, `
instance: lab-2
log_level: debug
xdp: "off"
detach_on_stop: true
api:
  listen: ["[::1]:8443", 192.0.2.11:1]
  certificate: tls/api.crt
  key: /etc/api.key
  client_ca: ca.crt
  tokens:
  - {name: nagios, role: read, hash: "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}
  - {name: ops, role: admin, hash: "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"}
  clients: [{name: "Jane Röe", role: admin}, {name: r2, role: read}]
groups:
- vhid: 255
  carpdev: auto
  addresses: [192.0.2.129/25, 2001:db8::1/64, fe80::1]
  password: 'pä ss"wörd'
  key_format: raw20
  advbase: 2
  advskew: 254
  preempt: true
  master_down: openbsd
  timers: shared
  lease: 4s
  prefix_route: false
  mac: physical
  address: always
  announce_every: 5s
- {vhid: 1, carpdev: bond0.100, addresses: [10.0.0.1/31], password: "0123456789", prefix_route: true, announce_every: 0}
`, Options{})
	if len(warnings) != 0 {
		t.Error(warnings)
	}
	compare(t, &Config{
		Instance: "lab-2", LogLevel: "debug", XDP: "off", DetachOnStop: "true",
		API: API{
			Listen: []string{"[::1]:8443", "192.0.2.11:1"}, Certificate: "tls/api.crt", Key: "/etc/api.key", ClientCA: "ca.crt",
			Tokens: []APIToken{
				{"nagios", "read", "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"},
				{"ops", "admin", "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"},
			},
			Clients: []APIClient{{"Jane Röe", "admin"}, {"r2", "read"}},
		},
		Groups: []Group{{
			VHID: 255, Carpdev: "auto",
			Addresses: []netip.Prefix{
				netip.MustParsePrefix("192.0.2.129/25"),
				netip.MustParsePrefix("2001:db8::1/64"),
				netip.MustParsePrefix("fe80::1/128"),
			},
			Secret: keyOf("p\xc3\xa4 ss\"w\xc3\xb6rd"), Advbase: 2, Advskew: 254, Preempt: true,
			MasterDown: election.ThreeIntervals, SharedTimer: true, Lease: 4 * time.Second, Physical: true, Always: true,
			AnnounceEvery: 5 * time.Second, Line: 16,
		}, {
			VHID: 1, Carpdev: "bond0.100", Addresses: []netip.Prefix{netip.MustParsePrefix("10.0.0.1/31")},
			Secret: keyOf("0123456789"), Advbase: 1, Lease: 2950 * time.Millisecond, PrefixRoute: true, Line: 31,
		}},
	}, got)
}

// TestDefaults: what the tables call the default is what a file without the
// key gets.
func TestDefaults(t *testing.T) {
	const few = "groups:\n  - vhid: 1\n    carpdev: eth0\n    addresses: [192.0.2.1/24]\n    password: mekmitasdigoat\n"
	want, _ := accept(t, few, Options{})
	if d := want.Groups[0].Lease; d != 2950*time.Millisecond {
		t.Errorf("the lease is %v", d)
	}
	if d := want.Groups[0].AnnounceEvery; d != 60*time.Second {
		t.Errorf("it announces every %v", d)
	}
	all := few
	for _, k := range groupKeys {
		if k.def != "" && k.name != "lease" {
			all += fmt.Sprintf("    %s: %s\n", k.name, k.def)
		}
	}
	for _, k := range fileKeys {
		if k.def != "" {
			all += fmt.Sprintf("%s: %s\n", k.name, k.def)
		}
	}
	got, _ := accept(t, all, Options{})
	compare(t, want, got)
}

// TestAnnounceEvery: the bounds, and the ways to write never.
func TestAnnounceEvery(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"5s": 5 * time.Second, "24h": 24 * time.Hour, "1m30s": 90 * time.Second, "0": 0, "0s": 0, "'0'": 0,
	} {
		c, _ := accept(t, "groups: [{vhid: 1, carpdev: eth0, password: mekmitasdigoat, addresses: [192.0.2.1/24], announce_every: "+text+"}]", Options{})
		if got := c.Groups[0].AnnounceEvery; got != want {
			t.Errorf("%s is %v", text, got)
		}
	}
}

// TestDetachOnStop: the words are not those of a text in quotes.
func TestDetachOnStop(t *testing.T) {
	for _, want := range []string{"auto", "true", "false"} {
		c, _ := accept(t, "detach_on_stop: "+want+"\n"+good[14:], Options{})
		if c.DetachOnStop != want {
			t.Errorf("%s is read as %s", want, c.DetachOnStop)
		}
	}
}

// TestAcceptedAddresses are at the edge of what is refused.
func TestAcceptedAddresses(t *testing.T) {
	for _, a := range []string{
		"192.0.2.1", "192.0.2.1/32", "192.0.2.0/31", "192.0.2.255/31", "192.0.2.0/32", "192.0.3.0/23", "10.0.0.1/8",
		"2001:db8::", "2001:db8::/127", "2001:db8::ffff:ffff:ffff:ffff/64", "fe80::1/10", "169.254.0.1/16",
	} {
		src := "groups: [{vhid: 1, carpdev: eth0, password: mekmitasdigoat, addresses: [\"" + a + "\"]}]"
		c, _ := accept(t, src, Options{})
		want := a
		if !strings.Contains(a, "/") {
			want = netip.PrefixFrom(netip.MustParseAddr(a), netip.MustParseAddr(a).BitLen()).String()
		}
		if got := c.Groups[0].Addresses[0].String(); got != want {
			t.Errorf("%s is read as %s", a, got)
		}
	}
}

// TestAcceptedTogether: the same VHID on two carpdevs, one link-local address
// on two links, and on two links that are only known later.
func TestAcceptedTogether(t *testing.T) {
	const a = "{vhid: 1, carpdev: %s, password: mekmitasdigoat, addresses: [%s, 'fe80::1/64']}"
	for _, c := range [][4]string{
		{"eth0", "192.0.2.1", "eth1", "192.0.2.2"},
		{"eth0", "192.0.2.1", "auto", "192.0.2.2"},
	} {
		accept(t, fmt.Sprintf("groups: ["+a+", "+a+"]", c[0], c[1], c[2], c[3]), Options{})
	}
	const two = "groups: [{vhid: 1, carpdev: auto, password: mekmitasdigoat, addresses: [192.0.2.1/24, 'fe80::1']}, " +
		"{vhid: 2, carpdev: %s, password: mekmitasdigoat, addresses: [198.51.100.1/24, 'fe80::1']}]"
	accept(t, fmt.Sprintf(two, "auto"), Options{})
	same := strings.ReplaceAll(fmt.Sprintf(two, "eth0"), "auto", "eth0")
	if got := load(t, same); len(got) != 1 || !strings.Contains(got[0], "address fe80::1 is there already, on line 1") {
		t.Errorf("one link-local address twice on a link: %q", got)
	}
}

// TestWarnings: what works and should be known, with its place.
func TestWarnings(t *testing.T) {
	for _, c := range []struct{ rule, old, new, want string }{
		{"19 bytes are kept", "mekmitasdigoat", "mekmitasdigoat12345", ""},
		{"20 bytes are cut", "mekmitasdigoat", "mekmitasdigoat123456", "6:15: warning: password is cut to 19 bytes, as ifconfig does; UCarp refuses one so long"},
		{"128 bytes are cut", "mekmitasdigoat", strings.Repeat("x", 128), "6:15: warning: password is cut to 19 bytes, as ifconfig does; UCarp refuses one so long"},
		{"20 raw bytes are kept", "mekmitasdigoat", "mekmitasdigoat123456\n    key_format: raw20", ""},
		{"cut at NUL", "mekmitasdigoat", `"mekmitas\0digoat"`, "6:15: warning: password is cut at its first NUL byte, as ifconfig does"},
		{"raw NUL is kept", "mekmitasdigoat", `"mekmitas\0digoat"` + "\n    key_format: raw20", ""},
		{"empty", "mekmitasdigoat", `""`, "6:15: warning: password is empty: whoever is on the network can take the addresses"},
		{"short", "mekmitasdigoat", "secret7", "6:15: warning: password has less than 8 bytes: one recorded advert is enough to guess it"},
		{"8 bytes", "mekmitasdigoat", "secrets8", ""},
		{"bow-out is noticed", "mekmitasdigoat", "mekmitasdigoat\n    advbase: 85", ""},
		{"bow-out is not noticed", "mekmitasdigoat", "mekmitasdigoat\n    advbase: 86", "7:14: warning: advbase 86 is above 85: a peer does not notice a bow-out and takes over only after the master-down time"},
		{"lease of a demoted node", "mekmitasdigoat", "mekmitasdigoat\n    lease: 1500ms", "7:12: warning: lease 1.5s ends before the next advert of a demoted node, which comes after 1.9375s"},
		{"lease beyond a demoted node", "mekmitasdigoat", "mekmitasdigoat\n    lease: 1940ms", ""},
		{"lease at its bound", "mekmitasdigoat", "mekmitasdigoat\n    lease: 2950ms", ""},
	} {
		t.Run(c.rule, func(t *testing.T) {
			_, warnings := accept(t, strings.Replace(good, c.old, c.new, 1), Options{})
			got := ""
			for _, w := range warnings {
				got += strings.TrimPrefix(w.String(), "carpd.yaml:")
			}
			if got != c.want {
				t.Errorf("got  %q\nwant %q", got, c.want)
			}
		})
	}
}
