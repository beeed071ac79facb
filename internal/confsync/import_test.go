package confsync

import (
	"strings"
	"testing"
)

// second is another node: its own names, skews, comments and an own group.
const second = `# the second router
instance: other
cluster: {node: r2, listen: "192.0.2.3:7430", carpdevs: {lan: br0, wan: ppp}}
groups:
  # the office
  - carpdev: br0 # a bridge
    vhid: 7
    addresses: [192.0.2.7/24]
    password: "old one"
    advskew: 33 # tuned by hand
    preempt: true
  - vhid: 9
    carpdev: br0
    addresses: [192.0.2.9/24]
    password: mekmitasdigoat
  - vhid: 10
    carpdev: br0
    addresses: [192.0.2.10/24]
    password: mekmitasdigoat
    sync: false
`

var other = self{node: "r2", sections: []string{Groups, Settings}, skews: skews{1, 100}, carpdevs: map[string]string{"lan": "br0", "wan": "ppp"}}

// TestImport: a group that is there keeps its advskew, its interface and its
// comments; one that is new gets the advskew of this node's rank; one that is
// not in the document goes, unless it is this node's own.
func TestImport(t *testing.T) {
	got, err := other.rewrite([]byte(second), *update(t, lan, whole))
	must(t, err)
	const want = `# the second router
instance: other
cluster: {node: r2, listen: "192.0.2.3:7430", carpdevs: {lan: br0, wan: ppp}}
detach_on_stop: true
groups:
  # the office
  - carpdev: br0 # a bridge
    vhid: 7
    addresses: [192.0.2.7/24, "2001:db8::7/64"]
    password: "mekmitasdigoat"
    advskew: 33 # tuned by hand
    description: office
    advbase: 2
  - vhid: 10
    carpdev: br0
    addresses: [192.0.2.10/24]
    password: mekmitasdigoat
    sync: false
  - carpdev: ppp
    addresses: [198.51.100.1/24]
    password_credential: wan
    balancing: arp
    preempt: true
    carpnodes: ["2:100", "3:200"]
`
	if string(got) != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	again, err := other.rewrite(got, *update(t, lan, whole))
	must(t, err)
	if string(again) != string(got) {
		t.Errorf("a second time changes something:\n%s", again)
	}
}

// TestSkewOfANewGroup: the role map has an end.
func TestSkewOfANewGroup(t *testing.T) {
	for rank, want := range []string{"advskew: 20", "advskew: 120", "advskew: 220", "advskew: 254", "advskew: 254"} {
		s := other
		s.skews.rank = rank
		text := strings.Replace(second, "vhid: 7", "vhid: 77", 1)
		got, err := s.rewrite([]byte(text), *update(t, lan, whole))
		must(t, err)
		if !strings.Contains(string(got), want+"\n") {
			t.Errorf("rank %d has no %s:\n%s", rank, want, got)
		}
	}
}

// TestOwnGroupInTheWay: what must not be overwritten and cannot stay is refused
// with both names.
func TestOwnGroupInTheWay(t *testing.T) {
	for _, c := range []struct{ old, new, want string }{
		{"vhid: 10\n", "vhid: 7\n", "group 7@lan comes in and 7@br0 has sync: false here: remove one of them"},
		{"192.0.2.10/24", "192.0.2.7/25", "address 192.0.2.7 of the incoming group 7@lan belongs to 10@br0, which has sync: false here: remove one of them"},
		{"[192.0.2.10/24]", `["2001:db8::7/128"]`, "address 2001:db8::7 of the incoming group 7@lan belongs to 10@br0, which has sync: false here: remove one of them"},
	} {
		mine := strings.Replace(second, c.old, c.new, 1)
		mine = strings.Replace(mine, "    vhid: 7\n    addresses: [192.0.2.7/24]", "    vhid: 70\n    addresses: [192.0.2.70/24]", 1)
		_, err := other.rewrite([]byte(mine), *update(t, lan, whole))
		wants(t, err, c.want)
	}
}

// TestLinkLocalAddressOfAnotherLink is no clash.
func TestLinkLocalAddressOfAnotherLink(t *testing.T) {
	text := strings.Replace(whole, `"2001:db8::7/64"`, `"fe80::7/64"`, 1)
	mine := strings.Replace(second, "vhid: 10\n    carpdev: br0\n    addresses: [192.0.2.10/24]", "vhid: 10\n    carpdev: br1\n    addresses: [\"fe80::7/64\"]", 1)
	_, err := other.rewrite([]byte(mine), *update(t, lan, text))
	must(t, err)
	_, err = other.rewrite([]byte(strings.Replace(mine, "br1", "br0", 1)), *update(t, lan, text))
	wants(t, err, "address fe80::7 of the incoming group 7@lan belongs to 10@br0, which has sync: false here: remove one of them")
}

// TestUpdateIsChecked before anything is made of it.
func TestUpdateIsChecked(t *testing.T) {
	for _, c := range []struct {
		change func(*Update)
		want   string
	}{
		{func(u *Update) { u.Document = []byte(strings.Replace(string(u.Document), "192.0.2.7", "192.0.2.6", 1)) },
			"the document is not that of version 1 of r1 (2e02ed51): its hash is "},
		{func(u *Update) { u.Version.Number = 0 }, `the version is 0 of "r1", which no node makes`},
		{func(u *Update) { u.Version.Number = 1 << 53 }, `the version is 9007199254740992 of "r1", which no node makes`},
		{func(u *Update) { u.Version.Node = "" }, `the version is 1 of "", which no node makes`},
	} {
		u := update(t, lan, whole)
		c.change(u)
		_, err := other.rewrite([]byte(second), *u)
		if err == nil || !strings.HasPrefix(err.Error(), c.want[:min(len(c.want), 40)]) {
			t.Errorf("got  %v\nwant %s", err, c.want)
		}
	}
	less := other
	less.sections = []string{Groups}
	_, err := less.rewrite([]byte(second), *update(t, lan, whole))
	wants(t, err, "it holds groups and settings and this node shares groups: choose the same cluster.sections on all nodes")
}

// TestNoInterfaceOfThatName: a name that means another interface here is asked for.
func TestNoInterfaceOfThatName(t *testing.T) {
	s := other
	s.carpdevs = map[string]string{"lan": "wan"}
	_, err := s.rewrite([]byte(strings.ReplaceAll(second, "br0", "wan")), *update(t, lan, whole))
	wants(t, err, "group 2,3@wan comes in and its carpdev is no interface of this node: name one in cluster.carpdevs")
}

// TestReleased: a group that another node took out of what is shared stays here,
// as this node's own; one that was removed there goes.
func TestReleased(t *testing.T) {
	u := update(t, lan, whole)
	u.Released = []string{"9@lan"}
	got, err := other.rewrite([]byte(second), *u)
	must(t, err)
	if !strings.Contains(string(got), "  - vhid: 9\n    carpdev: br0\n    addresses: [192.0.2.9/24]\n    password: mekmitasdigoat\n    sync: false\n") {
		t.Errorf("the group is not kept:\n%s", got)
	}
}
