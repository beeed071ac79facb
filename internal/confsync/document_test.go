package confsync

import (
	"fmt"
	"strings"
	"testing"
)

// lan is a node with a name of its own for an interface.
var lan = self{node: "r1", sections: []string{Groups, Settings}, skews: skews{step: 100}, carpdevs: map[string]string{"lan": "eth3"}}

const whole = `instance: lab # not shared
log_level: debug
xdp: generic
detach_on_stop: true
cluster: {node: r1, listen: "192.0.2.2:7430", carpdevs: {lan: eth3}}
groups:
  - vhid: 7
    carpdev: eth3
    description: office
    addresses: [192.0.2.7/24, "2001:db8::7/64"]
    password: mekmitasdigoat
    advskew: 20
    advbase: 2
  - vhid: 8
    carpdev: eth3
    addresses: [192.0.2.8/24]
    password_file: 8.secret
    sync: false
  - carpdev: wan
    balancing: arp
    carpnodes: ["3:100", "2:0"]
    addresses: [198.51.100.1/24]
    password_credential: wan
    preempt: true
    sync: true
`

// TestExport: what leaves a node, in its canonical form. The own group, the
// advskews, the interface's name here and everything about this machine stay.
func TestExport(t *testing.T) {
	d, bases, err := lan.export([]byte(whole))
	must(t, err)
	const want = `{"format":1,"sections":["groups","settings"],"groups":[` +
		`{"carpdev":"lan","vhids":[7],"keys":{"addresses":["192.0.2.7/24","2001:db8::7/64"],"advbase":2,"description":"office","password":"mekmitasdigoat"}},` +
		`{"carpdev":"wan","vhids":[2,3],"shares":true,"keys":{"addresses":["198.51.100.1/24"],"balancing":"arp","password_credential":"wan","preempt":true}}],` +
		`"settings":{"detach_on_stop":true}}`
	if got := string(d.encode()); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if got := fmt.Sprint(bases); got != "map[2@wan:0 3@wan:100 7@lan:20]" {
		t.Error(got)
	}
}

// TestBases: the advskew of the first node follows from that of any.
func TestBases(t *testing.T) {
	for _, c := range []struct{ rank, skew, base, there int }{
		{0, 0, 0, 0}, {0, 20, 20, 20}, {1, 120, 20, 120}, {2, 200, 0, 200}, {1, 50, 0, 100}, {2, 254, 54, 254}, {3, 100, 0, 254},
	} {
		s := skews{c.rank, 100}
		if got := s.base(c.skew); got != c.base {
			t.Errorf("advskew %d on rank %d: the first one has %d, want %d", c.skew, c.rank, got, c.base)
		}
		if got := s.of(c.base); got != c.there {
			t.Errorf("rank %d of %d: %d, want %d", c.rank, c.base, got, c.there)
		}
	}
}

// TestOneSection: what is not chosen stays where it is.
func TestOneSection(t *testing.T) {
	s := lan
	s.sections = []string{Settings}
	d, _, err := s.export([]byte(whole))
	must(t, err)
	if got := string(d.encode()); got != `{"format":1,"sections":["settings"],"settings":{"detach_on_stop":true}}` {
		t.Error(got)
	}
}

// TestTheNameOfAnInterfaceIsTaken: eth3 is lan here, so another lan cannot be
// shared under its own name.
func TestTheNameOfAnInterfaceIsTaken(t *testing.T) {
	_, _, err := lan.export([]byte(strings.Replace(whole, "carpdev: wan", "carpdev: lan", 1)))
	wants(t, err, "carpdev lan is what the nodes call eth3 of this one: give lan a name of its own in cluster.carpdevs")
}

// TestDecode refuses what this carpd does not know, rather than drop it.
func TestDecode(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{`{"format":2,"sections":["groups"],"zones":{}}`, "the document has format 2 and this carpd reads up to 1: update this node"},
		{`{"format":1,"sections":["groups"],"zones":{}}`, `the document cannot be read: json: unknown field "zones"`},
		{`{"format":1,"sections":["firewall"]}`, `the document has a section "firewall" that this carpd does not know: update this node`},
		{`{"sections":["groups"]}`, "the document has format 0; the first is 1"},
		{`{"format":1,"sections":["groups"],"groups":[{"carpdev":"lan","keys":{}}]}`, "the document has a group without vhid or carpdev"},
		{`[]`, "the document cannot be read: json: cannot unmarshal array into Go value of type struct { Format int \"json:\\\"format\\\"\" }"},
	} {
		_, err := decode([]byte(c.text))
		wants(t, err, c.want)
	}
}

// TestNothingPrintsADocument: it holds passwords.
func TestNothingPrintsADocument(t *testing.T) {
	d, _, err := lan.export([]byte(whole))
	must(t, err)
	for _, v := range []any{d, &d, d.Groups, Update{Document: d.encode()}, *update(t, lan, whole)} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x"} {
			if got := fmt.Sprintf(verb, v); strings.Contains(got, "mekmitas") || strings.Contains(got, "6d656b6d69746173") {
				t.Errorf("%s of %T shows a password: %s", verb, v, got)
			}
		}
	}
}

// update is what a node with a file would offer first.
func update(t testing.TB, s self, text string) *Update {
	t.Helper()
	d, bases, err := s.export([]byte(text))
	must(t, err)
	u := &Update{Document: d.encode(), Bases: bases}
	u.Version.Number, u.Version.Node, u.Version.Hash = 1, s.node, hash(u.Document)
	return u
}

// wants checks the text of an error.
func wants(t testing.TB, err error, want string) {
	t.Helper()
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}
