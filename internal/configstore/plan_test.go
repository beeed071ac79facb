package configstore

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/carpd/carpd/internal/config"
	"github.com/carpd/carpd/internal/status"
)

// TestDescribe: each change, in words and with its cost. The times are those of
// advbase 1 and advskew 100: 3 s + 100/256 s are 3.4 s.
func TestDescribe(t *testing.T) {
	const old = "groups:\n  - vhid: 1\n    carpdev: eth0\n    addresses: [192.0.2.1/24]\n    password: abcdefgh\n    advskew: 100\n"
	master := []status.Group{{Name: "1@eth0", State: "MASTER", Peers: []status.Peer{{Address: "192.0.2.12"}}}}
	alone := []status.Group{{Name: "1@eth0", State: "MASTER"}}
	backup := []status.Group{{Name: "1@eth0", State: "BACKUP"}}
	for _, c := range []struct {
		from, to string
		running  []status.Group
		want     []string
	}{
		{"[192.0.2.1/24]", "[192.0.2.1/24, 192.0.2.2/24]", master, []string{"1@eth0: addresses change (adds 192.0.2.2/24): adverts are signed with the old list for 3.4 s, " +
			"and both lists are accepted for 6.8 s, so that the peers can follow: nothing is lost"}},
		{"192.0.2.1/24", "192.0.2.1/25", master, []string{"1@eth0: addresses change (adds 192.0.2.1/25, removes 192.0.2.1/24): adverts stay as they are, nothing is lost"}},
		{"abcdefgh", "abcdefghi", master, []string{"1@eth0: the password changes: adverts are signed with the old one for 3.4 s, and both are accepted for 6.8 s; " +
			"a peer that has only the old one then no longer understands us"}},
		{"advskew: 100", "advskew: 200", master, []string{"1@eth0: adverts come every 1.78 s instead of 1.39 s; as MASTER it yields to a peer that is better now and preempts, nothing is lost"}},
		{"advskew: 100", "advskew: 0\n    preempt: true", backup, []string{
			"1@eth0: adverts come every 1.00 s instead of 1.39 s; it takes over from a MASTER that is worse now, nothing is lost",
			"1@eth0: takes over from a MASTER that is worse from now on, nothing is lost"}},
		{"vhid: 1\n", "vhid: 2\n", master, []string{"1@eth0: removed: bows out, a peer takes over at once",
			"2@eth0: added: listens for 3.4 s and becomes MASTER if it hears no better node"}},
		{"vhid: 1\n", "vhid: 2\n", alone, []string{"1@eth0: removed: bows out; no peer was heard, so that nobody may answer for its addresses then",
			"2@eth0: added: listens for 3.4 s and becomes MASTER if it hears no better node"}},
		{"vhid: 1\n", "vhid: 2\n", backup, []string{"1@eth0: removed: it is BACKUP here, so that nothing changes on the wire",
			"2@eth0: added: listens for 3.4 s and becomes MASTER if it hears no better node"}},
		{"advskew: 100", "advskew: 100\n    mac: physical", master, []string{"1@eth0: begins anew with another MAC or other shares: " +
			"bows out, a peer takes over at once, then it listens for 3.4 s and becomes MASTER if it hears no better node"}},
		{"groups:", "xdp: generic\ngroups:", master, []string{"needs a restart: xdp"}},
		{"advskew: 100", "advskew: 100\n    description: x\n    sync: false\n    announce_every: 0\n    address: always\n    prefix_route: true\n    lease: 2s", master, []string{
			"1@eth0: the lease is 2.0 s instead of 3.0 s from now on, nothing is lost",
			"1@eth0: the route to the subnet comes or goes, nothing changes on the wire",
			"1@eth0: the addresses are on the carpdev at other times, nothing changes on the wire",
			"1@eth0: announcements come at another pace, nothing is lost",
			"1@eth0: the description changes, nothing changes on the wire",
			"1@eth0: whether other nodes share it changes, nothing changes on the wire"}},
		{"advskew: 100", "advskew: 100", master, nil},
	} {
		got := Describe(parsed(t, old), parsed(t, strings.Replace(old, c.from, c.to, 1)), c.running)
		if !slices.Equal(got.Steps, c.want) {
			t.Errorf("%s -> %s:\n%s\nwant\n%s", c.from, c.to, strings.Join(got.Steps, "\n"), strings.Join(c.want, "\n"))
		}
	}
}

func parsed(t *testing.T, text string) *config.Config {
	t.Helper()
	cfg, _, err := config.Load(bytes.NewReader([]byte(text)), "f", config.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}
