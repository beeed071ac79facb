package config

import (
	"strings"
	"testing"
)

// office is a file as people write them.
const office = `# The routers of the office.
log_level: info # not too much

groups:
  # The default gateway.
  - vhid: 1
    carpdev:  eth0   # the LAN
    addresses: [192.0.2.1/24, "2001:db8::1/64"]
    password: "mekmitasdigoat"
    # r2 has 100
    advskew: 0

  # Guests.
  - vhid: 2
    carpdev: eth1
    addresses:
      - 198.51.100.1/24 # main
      - 198.51.100.2/24 # printer
    password: 'it''s # 1'
    # preempt: true

  # Lab, may go.
  - {vhid: 3, carpdev: eth2, addresses: ["203.0.113.1/24"], password: x}
# The end.
`

// TestRewrite: one edit of the office file, and the lines that change: what is
// taken away, and what comes in its place.
func TestRewrite(t *testing.T) {
	for _, c := range []struct {
		name     string
		edits    []Edit
		old, new string
	}{
		{"a number", []Edit{EditGroup{Name: "1@eth0", Set: Items{{"advskew", 100}}}}, "    advskew: 0\n", "    advskew: 100\n"},
		{"the comment behind a value stays", []Edit{EditGroup{Name: "1@eth0", Set: Items{{"carpdev", "eth7"}}}}, "eth0   # the LAN", "eth7   # the LAN"},
		{"quotes stay", []Edit{EditGroup{Name: "1@eth0", Set: Items{{"password", Hidden("other")}}}}, `"mekmitasdigoat"`, `"other"`},
		{"single quotes stay", []Edit{EditGroup{Name: "2@eth1", Set: Items{{"password", Hidden(`it's "2" \ #`)}}}}, `'it''s # 1'`, `'it''s "2" \ #'`},
		{"the same value", []Edit{EditGroup{Name: "2@eth1", Set: Items{{"password", Hidden("it's # 1")}, {"vhid", 2}}}}, "", ""},
		{"another address in brackets", []Edit{EditGroup{Name: "1@eth0", Set: Items{{"addresses", []any{"192.0.2.1/24", "2001:db8::1/64", "2001:db8::2/64"}}}}},
			`1/64"]`, `1/64", "2001:db8::2/64"]`},
		{"the first address in brackets", []Edit{EditGroup{Name: "1@eth0", Set: Items{{"addresses", []any{"2001:db8::1/64"}}}}}, `[192.0.2.1/24, "`, `["`},
		{"the last address in brackets", []Edit{EditGroup{Name: "1@eth0", Set: Items{{"addresses", []any{"192.0.2.1/24"}}}}}, `, "2001:db8::1/64"]`, `]`},
		{"an address of a list", []Edit{EditGroup{Name: "2@eth1", Set: Items{{"addresses", []any{"198.51.100.1/24"}}}}}, "      - 198.51.100.2/24 # printer\n", ""},
		{"another address in a list", []Edit{EditGroup{Name: "2@eth1", Set: Items{{"addresses", []any{"198.51.100.3/24", "198.51.100.1/24", "198.51.100.2/24"}}}}},
			"      - 198.51.100.1/24 # main\n", "      - 198.51.100.3/24\n      - 198.51.100.1/24 # main\n"},
		{"an address in place of another", []Edit{EditGroup{Name: "2@eth1", Set: Items{{"addresses", []any{"198.51.100.1/24", "198.51.100.9/24"}}}}},
			"100.2/24 # printer", "100.9/24 # printer"},
		{"a new key", []Edit{EditGroup{Name: "2@eth1", Set: Items{{"description", "for guests"}}}},
			"    password: 'it''s # 1'\n", "    password: 'it''s # 1'\n    description: for guests\n"},
		{"a new key in braces", []Edit{EditGroup{Name: "3@eth2", Set: Items{{"description", "a: b"}}}}, "password: x}", `password: x, description: "a: b"}`},
		{"a key less", []Edit{EditGroup{Name: "1@eth0", Unset: []string{"advskew"}}}, "    advskew: 0\n", ""},
		{"the first key less", []Edit{EditGroup{Name: "1@eth0", Unset: []string{"vhid"}}}, "- vhid: 1\n    carpdev", "- carpdev"},
		{"a key less in braces", []Edit{EditGroup{Name: "3@eth2", Unset: []string{"addresses"}}}, ` addresses: ["203.0.113.1/24"],`, ""},
		{"a group less", []Edit{RemoveGroup{"2@eth1"}}, office[strings.Index(office, "  # Guests"):strings.Index(office, "  # Lab")], ""},
		{"the first group less", []Edit{RemoveGroup{"1@eth0"}}, office[strings.Index(office, "  # The default"):strings.Index(office, "\n  # Guests")], ""},
		{"the last group less", []Edit{RemoveGroup{"3@eth2"}}, office[strings.Index(office, "  # Lab"):strings.Index(office, "# The end")], ""},
		{"a group more, in the manner of the last one", []Edit{AddGroup{Items{{"vhid", 4}, {"carpdev", "eth3"}, {"password", Hidden("")}}}},
			"# The end", "\n  - {vhid: 4, carpdev: eth3, password: \"\"}\n# The end"},
		{"a group more", []Edit{RemoveGroup{"3@eth2"}, AddGroup{Items{{"vhid", 4}, {"carpdev", "eth3"}, {"addresses", []any{"2001:db8::4/64", "192.0.2.4/24"}}}}},
			office[strings.Index(office, "  # Lab"):strings.Index(office, "# The end")],
			"  - vhid: 4\n    carpdev: eth3\n    addresses: [\"2001:db8::4/64\", 192.0.2.4/24]\n\n"},
		{"a key at the top", []Edit{SetTop{"log_level", "debug"}}, "info #", "debug #"},
		{"a new key at the top", []Edit{SetTop{"xdp", "generic"}}, "# not too much\n", "# not too much\nxdp: generic\n"},
		{"a new section", []Edit{SetTop{"cluster.node", "r1"}, SetTop{"cluster.listen", "[::1]:5"}}, "# The end.\n", "# The end.\ncluster:\n  node: r1\n  listen: \"[::1]:5\"\n"},
	} {
		got, err := Rewrite([]byte(office), c.edits...)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if want := strings.Replace(office, c.old, c.new, 1); string(got) != want {
			t.Errorf("%s:\n%s", c.name, RedactedDiff([]byte(want), got))
		}
	}
}

// lists is a file whose lists are in brackets.
const lists = `{xdp: off, # first
groups: [ # all of them
  # one
  {vhid: 1, carpdev: eth0, addresses: [
    192.0.2.1/24, # main
    192.0.2.2/24 # printer
  ]}, # gateway
  # two
  {vhid: 2, carpdev: eth1, addresses: []} # guests
]}
`

// TestRewriteInBrackets: the same, where commas part what stands there.
func TestRewriteInBrackets(t *testing.T) {
	for _, c := range []struct {
		name     string
		edit     Edit
		old, new string
	}{
		{"the last address", EditGroup{Name: "1@eth0", Set: Items{{"addresses", []any{"192.0.2.1/24"}}}}, "    192.0.2.2/24 # printer", "     # printer"},
		{"the first address", EditGroup{Name: "1@eth0", Set: Items{{"addresses", []any{"192.0.2.2/24"}}}}, "    192.0.2.1/24, # main\n", ""},
		{"an address more", EditGroup{Name: "1@eth0", Set: Items{{"addresses", []any{"192.0.2.1/24", "192.0.2.2/24", "192.0.2.3/24"}}}},
			"192.0.2.2/24 # printer", "192.0.2.2/24,\n    192.0.2.3/24 # printer"},
		{"an address between", EditGroup{Name: "1@eth0", Set: Items{{"addresses", []any{"192.0.2.1/24", "192.0.2.3/24", "192.0.2.2/24"}}}},
			"192.0.2.2/24 #", "192.0.2.3/24, 192.0.2.2/24 #"},
		{"a list that was empty", EditGroup{Name: "2@eth1", Set: Items{{"addresses", []any{"192.0.2.3/24"}}}}, "[]", "[192.0.2.3/24]"},
		{"the first group", RemoveGroup{"1@eth0"}, "  # one\n  {vhid: 1, carpdev: eth0, addresses: [\n    192.0.2.1/24, # main\n    192.0.2.2/24 # printer\n  ]}, # gateway\n", ""},
		{"the last group", RemoveGroup{"2@eth1"}, "{vhid: 2, carpdev: eth1, addresses: []} # guests", " # guests"},
		{"a group more", AddGroup{Items{{"vhid", 3}, {"carpdev", "a: b"}}}, "addresses: []}", "addresses: []},\n  {vhid: 3, carpdev: \"a: b\"}"},
		{"a key at the top", SetTop{"log_level", "warn"}, "# guests\n]}", "# guests\n],\nlog_level: warn}"},
	} {
		got, err := Rewrite([]byte(lists), c.edit)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		want := strings.Replace(lists, c.old, c.new, 1)
		if string(got) != want {
			t.Errorf("%s:\n%s\nwant\n%s", c.name, got, want)
		}
	}
}

// TestCannotBeEdited: where what comes out would mean something else, nothing does.
func TestCannotBeEdited(t *testing.T) {
	for _, file := range []string{
		"groups:\n  - vhid: 1\n    carpdev: eth0\n    password: |+\n      abc\n\n\n", // The blank lines are part of it.
	} {
		if got, err := Rewrite([]byte(file), EditGroup{Name: "1@eth0", Set: Items{{"description", "x"}}}); err == nil {
			t.Errorf("it became\n%s", got)
		}
	}
	if _, err := Rewrite([]byte(office), SetTop{"groups", nil}); err == nil {
		t.Error("the list of groups as a key")
	}
	if _, err := Rewrite([]byte("groups: [&a {vhid: 1}, *a]\n"), SetTop{"xdp", "off"}); err == nil {
		t.Error("anchors")
	}
}
