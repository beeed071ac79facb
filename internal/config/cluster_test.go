package config

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestCluster: every key with another value than its default.
func TestCluster(t *testing.T) {
	c, _ := accept(t, `cluster:
  node: router-2
  listen: "[2001:DB8::2]:7430"
  sections: [settings]
  advskew_step: 50
  carpdevs:
    lan: ens3
    "wan": bond0.7
`+Example, Options{})
	want := Cluster{Node: "router-2", Listen: "[2001:db8::2]:7430", Sections: []string{"settings"}, SkewStep: 50,
		Carpdevs: map[string]string{"lan": "ens3", "wan": "bond0.7"}}
	if diff := cmp.Diff(want, c.Cluster); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// TestClusterDefaults: what is not said, and that no section is no cluster.
func TestClusterDefaults(t *testing.T) {
	c, _ := accept(t, "cluster: {node: a, listen: '192.0.2.1:1', sections: [settings, groups]}\n"+Example, Options{})
	want := Cluster{Node: "a", Listen: "192.0.2.1:1", Sections: []string{"groups", "settings"}, SkewStep: 100}
	if diff := cmp.Diff(want, c.Cluster); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if c, _ := accept(t, Example, Options{}); c.Cluster.Node != "" || c.Cluster.SkewStep != 0 {
		t.Errorf("%+v", c.Cluster)
	}
}

// TestBadCluster: one mistake each, with its place; messages are typed by hand.
func TestBadCluster(t *testing.T) {
	const section = `cluster:
  node: r1
  listen: 192.0.2.11:7430
  sections: [groups]
  advskew_step: 100
  carpdevs:
    lan: eth0
`
	const node = "; allowed: 1 to 32 letters, digits and -, not - at the ends"
	const listen = `; allowed: the address and port of this node that the others reach, such as "192.0.2.11:7430"`
	const sections = "; allowed: a list of groups, settings or both"
	for _, c := range []struct{ rule, old, new, want string }{
		{"no name", "  node: r1\n", "", `2:3: node is missing in cluster` + node},
		{"name with a dot", "r1", "r1.example", `2:9: node is "r1.example"` + node},
		{"name that ends with -", "r1", "r-", `2:9: node is "r-"` + node},
		{"name that is a number", "r1", "1", `2:9: node is 1` + node},
		{"long name", "r1", strings.Repeat("a", 33), `2:9: node is "` + strings.Repeat("a", 33) + `"` + node},
		{"no address", "  listen: 192.0.2.11:7430\n", "", `2:3: listen is missing in cluster` + listen},
		{"no port", "192.0.2.11:7430", "192.0.2.11", `3:11: listen is "192.0.2.11"` + listen},
		{"port 0", "192.0.2.11:7430", "192.0.2.11:0", `3:11: listen is "192.0.2.11:0"` + listen},
		{"all addresses", "192.0.2.11:7430", "0.0.0.0:7430", `3:11: listen is "0.0.0.0:7430"` + listen},
		{"all IPv6 addresses", "192.0.2.11:7430", `"[::]:7430"`, `3:11: listen is the text "[::]:7430"` + listen},
		{"a host's name", "192.0.2.11:7430", "r1.example:7430", `3:11: listen is "r1.example:7430"` + listen},
		{"a zone", "192.0.2.11:7430", `"[fe80::1%eth0]:1"`, `3:11: listen is the text "[fe80::1%eth0]:1"` + listen},
		{"unknown section", "[groups]", "[vips]", `4:14: the section is "vips"` + sections},
		{"section twice", "[groups]", "[groups, groups]", `4:22: groups is there already; allowed: each section once`},
		{"no section", "[groups]", "[]", `4:13: sections is an empty list` + sections},
		{"step", "step: 100", "step: 255", `5:17: advskew_step is 255; allowed: a whole number from 0 to 254`},
		{"carpdevs is a list", "\n    lan: eth0", " [eth0]", `6:13: carpdevs is a list; allowed: a mapping of names that all nodes share to interfaces of this node, each once, such as {lan: eth0}`},
		{"shared name", "lan: eth0", "l/n: eth0", `7:5: the shared name is "l/n"; allowed: 1 to 15 characters, no blank, / or :, and not auto`},
		{"shared name auto", "lan: eth0", "auto: eth0", `7:5: the shared name is "auto"; allowed: 1 to 15 characters, no blank, / or :, and not auto`},
		{"interface", "lan: eth0", "lan: e/0", `7:10: the interface is "e/0"; allowed: an interface's name`},
		{"interface auto", "lan: eth0", "lan: auto", `7:10: the interface is "auto"; allowed: an interface's name`},
		{"name twice", "lan: eth0", "lan: eth0\n    lan: eth1", `8:5: lan is there already, on line 7; allowed: each once`},
		{"interface twice", "lan: eth0", "lan: eth0\n    wan: eth0", `8:5: eth0 is there already, on line 7; allowed: each once`},
		{"unknown key", "advskew_step", "advskew_stop", `5:3: unknown key "advskew_stop" in cluster (did you mean advskew_step?); allowed: node, listen, sections, advskew_step, carpdevs`},
	} {
		t.Run(c.rule, func(t *testing.T) {
			if !strings.Contains(section, c.old) {
				t.Fatalf("%q is not in the section", c.old)
			}
			got := load(t, strings.Replace(section, c.old, c.new, 1)+Example)
			if len(got) != 1 || got[0] != "carpd.yaml:"+c.want {
				t.Errorf("got  %s\nwant carpd.yaml:%s", strings.Join(got, "\n"), c.want)
			}
		})
	}
}
