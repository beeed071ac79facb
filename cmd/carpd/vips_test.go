package main

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/carpd/carpd/internal/config"
	"github.com/carpd/carpd/internal/status"
)

// office has a group of each kind.
const office = `groups:
  - vhid: 1
    carpdev: eth0
    addresses: [192.0.2.1/24]
    password: mekmitasdigoat
    description: gateway
    advskew: 100
  - carpdev: auto
    addresses: ["2001:db8::1/64"]
    password_file: /etc/carpd/2
    balancing: ip
    carpnodes: ["3:0", "2:100"]
    preempt: true
    sync: false
  - {vhid: 4, carpdev: eth1, addresses: [198.51.100.1/24], password: "", mac: physical, address: always}
`

// read is the file as an editor sees it.
func read(t *testing.T, text string) []status.VIP {
	t.Helper()
	cfg, _, err := config.Load(bytes.NewReader([]byte(text)), "f", config.Options{})
	if err != nil {
		t.Fatal(err)
	}
	o, err := config.ReadOutline([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return vips(o, cfg)
}

// TestVIPs: an entry each, never a password.
func TestVIPs(t *testing.T) {
	got := read(t, office)
	want := []status.VIP{
		{Name: "1@eth0", VHID: 1, Carpdev: "eth0", Addresses: []string{"192.0.2.1/24"}, Description: "gateway", Advbase: 1, Advskew: 100,
			MAC: "virtual", Address: "on-master", Password: "inline", Sync: true, Line: 2},
		{Name: "3@auto", VHID: 3, Carpdev: "auto", Addresses: []string{"2001:db8::1/64"}, Advbase: 1, Preempt: true,
			MAC: "virtual", Address: "on-master", Balancing: "ip", Carpnodes: []string{"3:0", "2:100"}, Password: "file", Line: 8},
		{Name: "4@eth1", VHID: 4, Carpdev: "eth1", Addresses: []string{"198.51.100.1/24"}, Advbase: 1,
			MAC: "physical", Address: "always", Password: "none", Sync: true, Line: 15},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if raw, _ := json.Marshal(got); strings.Contains(string(raw), "mekmitas") {
		t.Errorf("a password in %s", raw)
	}
}

// TestEditOf: what is the same is no edit, and a password has one place.
func TestEditOf(t *testing.T) {
	now := read(t, office)
	for _, c := range []struct {
		name     string
		vip      int
		edit     status.VIPEdit
		old, new string
	}{
		{"the same", 0, status.VIPEdit{VHID: new(1), Carpdev: new("eth0"), Addresses: []string{"192.0.2.1/24"}, Advbase: new(1), Advskew: new(100),
			Preempt: new(false), MAC: new("virtual"), Address: new("on-master"), Description: new("gateway"), Sync: new(true)}, "", ""},
		{"a file instead", 0, status.VIPEdit{PasswordFile: new("/etc/1")}, "    password: mekmitasdigoat\n    description: gateway\n    advskew: 100\n",
			"    description: gateway\n    advskew: 100\n    password_file: /etc/1\n"},
		{"a password instead", 1, status.VIPEdit{Password: new("x")}, "    password_file: /etc/carpd/2\n    balancing: ip\n    carpnodes: [\"3:0\", \"2:100\"]\n    preempt: true\n    sync: false\n",
			"    balancing: ip\n    carpnodes: [\"3:0\", \"2:100\"]\n    preempt: true\n    sync: false\n    password: \"x\"\n"},
		{"no description", 0, status.VIPEdit{Description: new("")}, "    description: gateway\n", ""},
		{"back to the default", 2, status.VIPEdit{MAC: new("virtual")}, "mac: physical", "mac: virtual"},
		{"another number", 0, status.VIPEdit{VHID: new(255), Advskew: new(0)}, "vhid: 1\n    carpdev: eth0\n    addresses: [192.0.2.1/24]\n    password: mekmitasdigoat\n    description: gateway\n    advskew: 100",
			"vhid: 255\n    carpdev: eth0\n    addresses: [192.0.2.1/24]\n    password: mekmitasdigoat\n    description: gateway\n    advskew: 0"},
	} {
		got, err := config.Rewrite([]byte(office), editOf(c.edit, now[c.vip]))
		if want := strings.Replace(office, c.old, c.new, 1); err != nil || string(got) != want {
			t.Errorf("%s: %v\n%s", c.name, err, cmp.Diff(want, string(got)))
		}
	}
}
