package web

import (
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/carpd/carpd/internal/status"
)

// good is a form that adds a VIP without a fault.
func good() url.Values {
	return url.Values{"base": {"sha256:aaaa"}, "carpdev": {"eth0"}, "addresses": {"192.0.2.3/24\r\n2001:db8::3/64\r\n"}, "vhid": {"3"},
		"password": {"goat-of-the-year"}, "password_again": {"goat-of-the-year"}, "advbase": {"1"}, "advskew": {"0"},
		"description": {"mail"}, "mac": {"virtual"}, "address": {"on-master"}, "preempt": {"1"}}
}

// with is a form with fields changed; a value of "-" takes a field away.
func with(v url.Values, pairs ...string) url.Values {
	for i := 0; i < len(pairs); i += 2 {
		if v.Set(pairs[i], pairs[i+1]); pairs[i+1] == "-" {
			v.Del(pairs[i])
		}
	}
	return v
}

// TestCheck: each fault is found, beside its own field, and says what to do.
func TestCheck(t *testing.T) {
	long := strings.Repeat("x", 129)
	for _, c := range []struct {
		name   string
		change []string
		field  string // of the one fault; empty = there is none
		says   string
	}{
		{"all is well", nil, "", ""},
		// The package of 2005 had a choice of 1 to 30 for both.
		{"VHID above 30", []string{"vhid", "200"}, "", ""},
		{"VHID at the top", []string{"vhid", "255"}, "", ""},
		{"skew above 30", []string{"advskew", "100"}, "", ""},
		{"skew at the top", []string{"advskew", "254"}, "", ""},
		{"VHID 0", []string{"vhid", "0"}, "vhid", "from 1 to 255"},
		{"VHID 256", []string{"vhid", "256"}, "vhid", "from 1 to 255"},
		{"VHID none", []string{"vhid", ""}, "vhid", "whole number"},
		{"VHID words", []string{"vhid", "three"}, "vhid", "whole number"},
		{"VHID octal", []string{"vhid", "010"}, "vhid", "whole number"},
		{"VHID signed", []string{"vhid", "+3"}, "vhid", "whole number"},
		{"VHID taken", []string{"vhid", "1"}, "vhid", "VHID 1 is taken on eth0 by 1@eth0. The next free one is 3."},
		{"VHID taken by balancing", []string{"vhid", "5"}, "vhid", "taken on eth0 by 4@eth0"},
		{"VHID taken elsewhere", []string{"vhid", "1", "carpdev", "eth1"}, "", ""},
		{"skew 255 is a bow-out", []string{"advskew", "255"}, "advskew", "from 0 to 254"},
		{"skew below 0", []string{"advskew", "-1"}, "advskew", "from 0 to 254"},
		{"base 0 is fast failover", []string{"advbase", "0"}, "advbase", "from 1 to 255"},
		{"base 256", []string{"advbase", "256"}, "advbase", "from 1 to 255"},
		{"no interface", []string{"carpdev", ""}, "carpdev", "Choose an interface"},
		{"AUTO", []string{"carpdev", "auto"}, "", ""},
		{"interface that is not here", []string{"carpdev", "eth7"}, "carpdev", `no interface "eth7"`},
		{"no address", []string{"addresses", " \n "}, "addresses", "at least one address"},
		{"no mask", []string{"addresses", "192.0.2.3"}, "addresses", "192.0.2.3 has no mask, such as 192.0.2.3/24"},
		{"no IPv6 mask", []string{"addresses", "2001:db8::9"}, "addresses", "such as 2001:db8::9/64"},
		{"no address at all", []string{"addresses", "fw1/24"}, "addresses", `"fw1/24" is no address`},
		{"mask too long", []string{"addresses", "192.0.2.3/33"}, "addresses", "is no address"},
		{"network address", []string{"addresses", "192.0.2.0/24"}, "addresses", "is the network address of its subnet"},
		{"broadcast address", []string{"addresses", "192.0.2.255/24"}, "addresses", "is the broadcast address of its subnet"},
		{"zone", []string{"addresses", "fe80::1%eth0/64"}, "addresses", "has a zone"},
		{"twice", []string{"addresses", "192.0.2.3/24\n192.0.2.3/32"}, "addresses", "192.0.2.3 is there twice"},
		{"of another VIP", []string{"addresses", "192.0.2.1/24"}, "addresses", "192.0.2.1 is an address of 1@eth0 already"},
		{"with commas", []string{"addresses", "192.0.2.8/24, 192.0.2.9/24"}, "", ""},
		{"passwords differ", []string{"password_again", "goat-of-the-yeaR"}, "password_again", "not the same"},
		{"only once", []string{"password_again", ""}, "password_again", "not the same"},
		{"only the second", []string{"password", ""}, "password_again", "not the same"},
		{"no password", []string{"password", "", "password_again", ""}, "password", "Enter a password"},
		{"no password on purpose", []string{"password", "", "password_again", "", "bare", "1"}, "", ""},
		{"none and one", []string{"bare", "1"}, "bare", "take it away"},
		{"long", []string{"password", long, "password_again", long}, "password", "129 bytes"},
		{"20 bytes", []string{"password", "12345678901234567890", "password_again", "12345678901234567890"}, "", ""},
		{"blanks count", []string{"password", " goat ", "password_again", " goat"}, "password_again", "not the same"},
		{"a tab", []string{"password", "go\tat", "password_again", "go\tat"}, "password", "cannot be typed"},
		{"a file", []string{"password", "", "password_again", "", "password_file", "/etc/carpd/3.password"}, "", ""},
		{"a file and a password", []string{"password_file", "/etc/carpd/3.password"}, "password_file", "not both"},
		{"long description", []string{"description", long}, "description", "at most 128 characters"},
		{"description of two lines", []string{"description", "a\nb"}, "description", "one line"},
		{"description of 128 letters of two bytes", []string{"description", strings.Repeat("ä", 128)}, "", ""},
		{"MAC", []string{"mac", "00:00:5e:00:01:03"}, "mac", "virtual or physical"},
		{"address mode", []string{"address", "never"}, "address", "on-master or always"},
	} {
		e := newEditor()
		got := readVIPForm(with(good(), c.change...)).check(e.cfg, nil)
		switch {
		case c.field == "" && len(got) > 0:
			t.Errorf("%s: %v", c.name, got)
		case c.field != "" && (len(got) != 1 || got[0].Field != c.field || !strings.Contains(got[0].Text, c.says)):
			t.Errorf("%s: %q, not one fault of %s that says %q", c.name, got, c.field, c.says)
		}
	}
}

// TestCheckEdited: a VIP is not in its own way, and keeps an interface that is
// away and a password that is not typed again.
func TestCheckEdited(t *testing.T) {
	e := newEditor()
	e.cfg.VIPs[0].Carpdev, e.cfg.VIPs[0].Name = "vlan9", "1@vlan9"
	f := formOf(e.cfg.VIPs[0])
	if got := f.check(e.cfg, &e.cfg.VIPs[0]); len(got) > 0 {
		t.Errorf("unchanged: %q", got)
	}
	e.cfg.VIPs[0].Password = "none"
	f.Bare = false
	if got := f.check(e.cfg, &e.cfg.VIPs[0]); len(got) != 1 || got[0].Field != "password" {
		t.Errorf("a password is wanted and none typed: %q", got)
	}
}

// TestLinkLocalRepeats: such an address is on each link of its own.
func TestLinkLocalRepeats(t *testing.T) {
	others := []status.VIP{{Name: "1@eth0", VHID: 1, Carpdev: "eth0", Addresses: []string{"fe80::1/64"}}}
	for carpdev, want := range map[string]int{"eth0": 1, "eth1": 0, "auto": 0} {
		var got faults
		(vipForm{Carpdev: carpdev, Addresses: "fe80::1/64"}).checkAddresses(&got, others)
		if len(got) != want {
			t.Errorf("fe80::1 on %s: %q", carpdev, got)
		}
	}
}

// TestNextVHID: the smallest that is free on the interface, over all groups.
func TestNextVHID(t *testing.T) {
	e := newEditor()
	for carpdev, want := range map[string]int{"eth0": 3, "eth1": 1, "auto": 3} {
		if got := nextVHID(e.cfg.VIPs, carpdev); got != want {
			t.Errorf("on %s: %d, not %d", carpdev, got, want)
		}
	}
	vips := append(slices.Clone(e.cfg.VIPs), status.VIP{VHID: 3, Carpdev: "auto"})
	if got := nextVHID(vips, "eth0"); got != 6 {
		t.Errorf("beside 3@auto and the balancing 4 and 5: %d, not 6", got)
	}
	vips = nil
	for id := 1; id <= 255; id++ {
		vips = append(vips, status.VIP{VHID: id, Carpdev: "eth0"})
	}
	if got := nextVHID(vips, "eth0"); got != 0 {
		t.Errorf("all are taken: %d", got)
	}
	if got := nextVHID(vips[:254], "eth0"); got != 255 {
		t.Errorf("the last one: %d", got)
	}
}

// TestBlame: what carpd refuses is shown beside the field that it speaks of.
func TestBlame(t *testing.T) {
	for line, want := range map[string]fault{
		"carpd.yaml:9:11: vhid is 300; allowed: a whole number from 1 to 255": {"vhid",
			"vhid is 300; allowed: a whole number from 1 to 255 (line 9 of the configuration)"},
		"c.yaml:4:5: address 192.0.2.1 is there already, on line 3; allowed: each address once":                      {"addresses", ""},
		"c.yaml:4:5: address is sometimes; allowed: on-master or always":                                             {"address", ""},
		`c.yaml:4:5: "192.0.2.0/24" is no address; allowed: an address`:                                              {"addresses", ""},
		"c.yaml:4:5: 192.0.2.0/24 is the network address of its subnet; allowed: an address":                         {"addresses", ""},
		"c.yaml:4:5: 2001:db8::/64 is the subnet-router anycast address; allowed: an address of a host":              {"addresses", ""},
		"c.yaml:4:5: password_file /x: no such file or directory; allowed: the path":                                 {"password_file", ""},
		"c.yaml:4:5: password beside password_file on line 3; allowed: exactly one of password, password_file":       {"password", ""},
		"c.yaml:4:5: sync is maybe; allowed: true or false":                                                          {"local", ""},
		"c.yaml:4:5: carpdev is a/b; allowed: auto, or an interface's name":                                          {"carpdev", ""},
		"c.yaml:4:5: vhid 3 is on carpdev eth0 already, by line 2; allowed: each vhid once on a carpdev":             {"vhid", ""},
		"c.yaml:4:5: lease is 1s; allowed: a duration of more than one advert interval (advbase + advskew) and less": {"", ""},
		"no space left on device": {"", "no space left on device"},
	} {
		if got := blamed(line); got.Field != want.Field || want.Text != "" && got.Text != want.Text {
			t.Errorf("%s: %q", line, got)
		}
	}
}
