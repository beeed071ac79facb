package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/urfave/cli/v2"

	"github.com/carpd/carpd/internal/config"
	"github.com/carpd/carpd/internal/iface"
)

// five has five different mistakes, three of them about secrets.
const five = `instance: lab
groups:
  - vhid: 300
    carpdev: eth0
    addresses: [192.0.2.0/24, "2001:db8::1/64"]
    pasword: mekmitasdigoat
    advskew: 100
  - vhid: 2
    carpdev: eth0
    addresses:
      - 192.0.2.2/24
    password: "mekmitas
      digoat"
    password: mekmitasdigoat
    preempt: yes
`

// fiveMistakes is what check says to it.
const fiveMistakes = `FILE:3:11: vhid is 300; allowed: a whole number from 1 to 255
    3 |   - vhid: 300
      |           ^
FILE:5:17: 192.0.2.0/24 is the network address of its subnet; allowed: an address of a host
    5 |     addresses: [192.0.2.0/24, "2001:db8::1/64"]
      |                 ^
FILE:6:5: unknown key "pasword" in a group (did you mean password?); allowed: vhid, carpdev, addresses, password, password_file, password_credential, key_format, advbase, advskew, preempt, master_down, timers, lease, prefix_route, mac, address, announce_every, balancing, carpnodes, description, sync
    6 |     pasword: ***
      |     ^
FILE:14:5: "password" is given twice, first on line 12; allowed: each key once
   14 |     ***
      |     ^
FILE:15:14: preempt is "yes"; allowed: true or false
   15 |     ***
      |     ^
FILE: 5 mistakes
`

// check runs the command on a file with this text.
func check(t *testing.T, text string, mode os.FileMode, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "carpd.yaml")
	if err := os.WriteFile(file, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
	for i, a := range args {
		args[i] = strings.ReplaceAll(a, "FILE", file)
	}
	var out, errs bytes.Buffer
	app := &cli.App{
		Writer: &out, ErrWriter: &errs, Commands: []*cli.Command{checkCommand()},
		ExitErrHandler: func(*cli.Context, error) {},
	}
	if err := app.Run(append([]string{"carpd", "check"}, args...)); err != nil {
		errs.WriteString(err.Error())
		var coder cli.ExitCoder
		if code = -1; errors.As(err, &coder) {
			code = coder.ExitCode()
		}
	}
	return strings.ReplaceAll(out.String(), file, "FILE"), strings.ReplaceAll(errs.String(), file, "FILE"), code
}

// TestCheckFiveMistakes: all in one run, each with its line, no secret in it.
func TestCheckFiveMistakes(t *testing.T) {
	stdout, stderr, code := check(t, five, 0o600, "FILE")
	if diff := cmp.Diff(fiveMistakes, stderr); diff != "" || stdout != "" || code != 1 {
		t.Errorf("exit %d, stdout %q, -want +got:\n%s", code, stdout, diff)
	}
}

// TestCheckOK: the closing line, and warnings beside it.
func TestCheckOK(t *testing.T) {
	stdout, stderr, code := check(t, config.Example, 0o600, "FILE")
	if stdout != "configuration OK: 1 group\n" || stderr != "" || code != 0 {
		t.Errorf("exit %d, stdout %q, stderr %q", code, stdout, stderr)
	}
	const warning = "FILE:5:15: warning: the file holds a password and others may read it (mode 0644): chmod 600, or use password_file\n" +
		"    5 |     password: ***\n      |               ^\n"
	stdout, stderr, code = check(t, config.Example, 0o644, "FILE")
	if stdout != "configuration OK: 1 group, 1 warning\n" || stderr != warning || code != 0 {
		t.Errorf("exit %d, stdout %q, stderr %q", code, stdout, stderr)
	}
}

// TestCheckJSON: one object with a schema version; no list is null.
func TestCheckJSON(t *testing.T) {
	for _, args := range [][]string{{"-o", "json", "FILE"}, {"FILE", "-o", "json"}, {"FILE", "--output=json"}} {
		stdout, stderr, code := check(t, "log_level: loud\n", 0o600, args...)
		const want = `{
  "schema_version": 1,
  "file": "FILE",
  "ok": false,
  "groups": 0,
  "mistakes": [
    {
      "line": 1,
      "column": 1,
      "found": "groups is missing in the file",
      "allowed": "a list of at least one group"
    },
    {
      "line": 1,
      "column": 12,
      "found": "log_level is \"loud\"",
      "allowed": "debug, info, warn or error"
    }
  ],
  "warnings": [],
  "live": [],
  "standing": [],
  "boot_rules": ""
}
`
		if diff := cmp.Diff(want, stdout); diff != "" || stderr != "" || code != 1 {
			t.Errorf("exit %d, stderr %q, -want +got:\n%s", code, stderr, diff)
		}
	}
	stdout, _, code := check(t, config.Example, 0o644, "-o", "json", "FILE")
	var r checkReport
	if err := json.Unmarshal([]byte(stdout), &r); err != nil || code != 0 || !r.OK || r.Groups != 1 || len(r.Warnings) != 1 || r.Warnings[0].Column != 15 {
		t.Errorf("exit %d, %v: %s", code, err, stdout)
	}
}

// TestCheckUsage: wrong command lines are told from wrong files.
func TestCheckUsage(t *testing.T) {
	for _, c := range []struct {
		args []string
		want string
		code int
	}{
		{nil, "check needs a FILE", 2},
		{[]string{"FILE", "other"}, "check takes one FILE, not also other", 2},
		{[]string{"--wat", "FILE"}, "flag provided but not defined: -wat", 2},
		{[]string{"FILE", "--wat"}, "flag provided but not defined: -wat", 2},
		{[]string{"-o", "xml", "FILE"}, "-o xml: the formats are text and json", 2},
		{[]string{"FILE.gone"}, "open FILE.gone: no such file or directory", 1},
	} {
		stdout, stderr, code := check(t, config.Example, 0o600, c.args...)
		if stdout != "" || stderr != c.want || code != c.code {
			t.Errorf("%q: exit %d, stdout %q, stderr %q", c.args, code, stdout, stderr)
		}
	}
}

// TestLiveProblems: what the machine says to each group.
func TestLiveProblems(t *testing.T) {
	lan := netip.MustParsePrefix("192.0.2.250/24")
	machine := iface.System{Links: []iface.Link{
		{Index: 1, Name: "lo", Loopback: true},
		{Index: 2, Name: "eth0", Addrs: []netip.Prefix{lan}},
		{Index: 3, Name: "eth1"},
		{Index: 4, Name: "eth2", Master: "bond0", MasterKind: "bond"},
		{Index: 5, Name: "eth3", Addrs: []netip.Prefix{netip.MustParsePrefix("203.0.113.9/24")}, Master: "br0", MasterKind: "bridge"},
	}}
	group := func(dev, addr string) config.Group {
		return config.Group{VHID: 1, Carpdev: dev, Line: 7, Addresses: []netip.Prefix{netip.MustParsePrefix(addr)}}
	}
	for _, c := range []struct {
		rule   string
		groups []config.Group
		want   []string
	}{
		{"all there", []config.Group{group("eth0", "192.0.2.1/24"), group("eth1", "198.51.100.1/24")}, nil},
		{"auto finds one", []config.Group{group("auto", "192.0.2.1/24")}, nil},
		{"auto finds none", []config.Group{group("auto", "198.51.100.1/24")},
			[]string{"1@auto: 198.51.100.1: no interface has a subnet for it; name the carpdev, or give it an address of that subnet"}},
		{"no such interface", []config.Group{group("eth9", "192.0.2.1/24")}, []string{"1@eth9: there is no interface eth9, only lo, eth0, eth1, eth2, eth3"}},
		{"loopback", []config.Group{group("lo", "192.0.2.1/24")}, []string{"1@lo: lo is a loopback interface, which has no peers"}},
		{"port of a bond", []config.Group{group("eth2", "192.0.2.1/24")}, []string{"1@eth2: eth2 is a port of the bond bond0: use the bond as carpdev"}},
		{"auto finds a bridge port", []config.Group{group("auto", "203.0.113.1/24")}, []string{"1@auto: eth3 is a port of the bridge br0: use the bridge as carpdev"}},
		{"auto finds one that is taken", []config.Group{group("eth0", "192.0.2.1/24"), group("auto", "192.0.2.2/24")},
			[]string{"1@auto: is on eth0, where 1@eth0 is already"}},
	} {
		var got []string
		for _, p := range liveProblems(&config.Config{Groups: c.groups}, machine) {
			got = append(got, p.Group+": "+p.Problem)
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s: -want +got:\n%s", c.rule, diff)
		}
	}
}

// TestCheckLive looks at this machine, which has a loopback interface and
// none of a name that nobody gives.
func TestCheckLive(t *testing.T) {
	text := strings.Replace(config.Example, "eth0", "no-such-dev-0", 1)
	_, stderr, code := check(t, text, 0o600, "--live", "FILE")
	if code != 1 || !strings.HasPrefix(stderr, "FILE:2: 1@no-such-dev-0: there is no interface no-such-dev-0, only lo") {
		t.Errorf("exit %d, stderr %q", code, stderr)
	}
	if _, stderr, code = check(t, text, 0o600, "FILE"); code != 0 {
		t.Errorf("without --live: exit %d, stderr %q", code, stderr)
	}
}
