package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// lan was captured on a veth pair: a keepalived that speaks VRRPv2 (VRID 1) and
// VRRPv3 (VRIDs 52 and 53), and three ucarps: VHID 1 with the password
// mekmitasdigoat, VHID 1 with another password, and VHID 7.
const lan = "testdata/lan.pcap"

// decodeConfig has the group of the first ucarp in the capture.
const decodeConfig = `groups:
  - vhid: 1
    carpdev: eth0
    addresses: [192.0.2.1/24]
    password: mekmitasdigoat
`

// carpctl runs a command line in this process.
func carpctl(t *testing.T, getenv func(string) string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	if getenv == nil {
		getenv = func(string) string { return "" }
	}
	e := &env{stdout: &out, stderr: &errs, getenv: getenv, terminal: getenv("TERMINAL") != ""}
	code = run(context.Background(), e, args)
	return code, out.String(), errs.String()
}

func writeFile(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestDecodeTable shows adverts of real daemons: two kinds of VRRP, the right
// password, a VHID that is not ours, and the wrong password.
func TestDecodeTable(t *testing.T) {
	code, stdout, stderr := carpctl(t, nil, "decode", lan, "--config", writeFile(t, "carpd.yaml", decodeConfig))
	want := `
PACKET  TIME                     SOURCE                     KIND     VHID  ADVBASE  ADVSKEW  DEMOTION  COUNTER           VERDICT
     1  2026-11-22 15:08:13.478  192.0.2.11                 VRRPv2      1        -        -         -  -                 VRRP (priority 150 every 1000 ms)
     2  2026-11-22 15:08:13.712  fe80::30b8:28ff:fe89:9fc0  VRRPv3     53        -        -         -  -                 VRRP (priority 90 every 1000 ms)
     3  2026-11-22 15:08:13.852  192.0.2.11                 VRRPv3     52        -        -         -  -                 VRRP (priority 120 every 500 ms)
     4  2026-11-22 15:08:16.998  192.0.2.11                 CARP        1        1        0         0  998868bb40c36e05  ok (1@eth0)
     5  2026-11-22 15:08:16.998  192.0.2.12                 CARP        7        1       20         0  0c4b1dd7dbc9e352  no key
     6  2026-11-22 15:08:17.005  192.0.2.12                 CARP        1        1      100         0  e72a4ef8c41f72ea  bad digest
`
	if diff := cmp.Diff(want[1:], stdout); diff != "" || code != 0 {
		t.Errorf("exit code %d (-want +got):\n%s", code, diff)
	}
	if want := "6 adverts: 3 VRRP, 1 bad digest, 1 no key, 1 ok\n"; stderr != want {
		t.Errorf("stderr %q, want %q", stderr, want)
	}
}

// TestDecodeJSON: one object on each line, and nothing on stderr.
func TestDecodeJSON(t *testing.T) {
	config := writeFile(t, "carpd.yaml", decodeConfig)
	code, stdout, stderr := carpctl(t, nil, "decode", "-o", "json", "-c", config, lan)
	if code != 0 || stderr != "" {
		t.Errorf("exit code %d, stderr %q", code, stderr)
	}
	var got []string
	for line := range strings.Lines(stdout) {
		var r struct {
			SchemaVersion int `json:"schema_version"`
			Kind, Verdict string
		}
		if err := json.Unmarshal([]byte(line), &r); err != nil || r.SchemaVersion != 1 {
			t.Errorf("%s: %v", line, err)
		}
		got = append(got, r.Kind+" "+r.Verdict)
	}
	want := []string{"VRRPv2 VRRP", "VRRPv3 VRRP", "VRRPv3 VRRP", "CARP ok", "CARP no key", "CARP bad digest"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if strings.Contains(stdout, "mekmitas") || strings.Contains(stdout, "6d656b6d") {
		t.Error("the password is in the output")
	}
}

// TestDecodeNoKeys says how digests are checked, once, when they were not.
func TestDecodeNoKeys(t *testing.T) {
	code, stdout, stderr := carpctl(t, nil, "decode", lan)
	if code != 0 || strings.Count(stdout, "  no key\n") != 3 || strings.Contains(stdout, "  ok") {
		t.Errorf("exit code %d\n%s", code, stdout)
	}
	if want := "6 adverts: 3 VRRP, 3 no key; digests are checked with --config FILE\n"; stderr != want {
		t.Errorf("stderr %q, want %q", stderr, want)
	}
}

// TestDecodePasswordFile reads the secret where the configuration says.
func TestDecodePasswordFile(t *testing.T) {
	config := writeFile(t, "carpd.yaml", strings.Replace(decodeConfig, "password: mekmitasdigoat", "password_file: secret", 1))
	secret := filepath.Join(filepath.Dir(config), "secret")
	if err := os.WriteFile(secret, []byte("mekmitasdigoat\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, stdout, stderr := carpctl(t, nil, "decode", lan, "-c", config); !strings.Contains(stdout, "ok (1@eth0)") {
		t.Errorf("%s%s", stdout, stderr)
	}
	if err := os.Chmod(secret, 0o644); err != nil {
		t.Fatal(err)
	}
	code, stdout, stderr := carpctl(t, nil, "decode", lan, "-c", config)
	if code != 1 || stdout != "" || !strings.Contains(stderr, "carpd.yaml:5:") {
		t.Errorf("a secret that others may read: exit code %d, %s%s", code, stdout, stderr)
	}
}

// TestDecodeStdin reads a stream, and leaves it when the user says so.
func TestDecodeStdin(t *testing.T) {
	file, err := os.ReadFile(lan)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	stdin, w := io.Pipe()
	defer w.Close()
	r, err := openCapture(ctx, "-", stdin)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	go w.Write(file)
	got := make([]byte, len(file))
	if _, err := io.ReadFull(r, got); err != nil || !bytes.Equal(got, file) {
		t.Fatalf("%d bytes, %v", len(got), err)
	}
	stop()
	if _, err := r.Read(got); !errors.Is(err, context.Canceled) {
		t.Errorf("after the user's end: %v", err)
	}
}

func TestDecodeColours(t *testing.T) {
	terminal := func(name string) string { return map[string]string{"TERMINAL": "1"}[name] }
	config := writeFile(t, "carpd.yaml", decodeConfig)
	_, stdout, _ := carpctl(t, terminal, "decode", lan, "-c", config)
	for _, want := range []string{"\x1b[32mok\x1b[0m (1@eth0)", "\x1b[31mbad digest\x1b[0m", "\x1b[33mno key\x1b[0m", "\x1b[36mVRRP\x1b[0m"} {
		if !strings.Contains(stdout, want) {
			t.Errorf("no %q in\n%s", want, stdout)
		}
	}
	noColour := func(name string) string { return map[string]string{"TERMINAL": "1", "NO_COLOR": "1"}[name] }
	if _, stdout, _ := carpctl(t, noColour, "decode", lan, "-c", config); strings.Contains(stdout, "\x1b") {
		t.Errorf("coloured in spite of NO_COLOR:\n%s", stdout)
	}
}

// TestDecodeFails: what is wrong, its exit code, and how much was shown before.
func TestDecodeFails(t *testing.T) {
	file, err := os.ReadFile(lan)
	if err != nil {
		t.Fatal(err)
	}
	cut := writeFile(t, "cut.pcap", string(file[:len(file)-1]))
	empty := writeFile(t, "empty.pcap", string(file[:24]))
	text := writeFile(t, "text", "hello, world")
	badConfig := writeFile(t, "bad.yaml", "groups: 7\n")
	rows := []struct {
		name   string
		args   []string
		code   int
		lines  int
		stderr string
	}{
		{"no file", []string{"decode"}, 2, 0, "carpctl: decode needs a FILE or -; see carpctl decode --help\n"},
		{"two files", []string{"decode", lan, "b"}, 2, 0, "carpctl: \"b\" is too much; see carpctl decode --help\n"},
		{"form", []string{"decode", lan, "-o", "ifconfig"}, 2, 0, "carpctl: -o ifconfig: one of table, json\n"},
		{"absent", []string{"decode", "absent.pcap"}, 1, 0, "carpctl: open absent.pcap: no such file or directory\n"},
		{"absent configuration", []string{"decode", lan, "-c", "absent"}, 1, 0, "carpctl: open absent: no such file or directory\n"},
		{"bad configuration", []string{"decode", lan, "-c", badConfig}, 1, 0, badConfig + ":1:9: "},
		{"not a capture", []string{"decode", text}, 1, 0, "carpctl: " + text + ": neither pcap nor pcapng: it begins with 68656c6c\n"},
		{"cut", []string{"decode", cut}, 1, 6, "carpctl: " + cut + ": the capture ends within packet 6: unexpected EOF\n"},
		{"cut, JSON", []string{"decode", cut, "-o", "json"}, 1, 5, "carpctl: " + cut + ": the capture ends within packet 6: unexpected EOF\n"},
		{"no adverts", []string{"decode", empty}, 0, 0, "no CARP or VRRP adverts\n"},
	}
	for _, r := range rows {
		code, stdout, stderr := carpctl(t, nil, r.args...)
		if code == 1 && r.lines == 0 && strings.Contains(stderr, "adverts") {
			t.Errorf("%s: counts what was not read: %s", r.name, stderr)
		}
		if code != r.code || strings.Count(stdout, "\n") != r.lines || !strings.Contains(stderr, r.stderr) {
			t.Errorf("%s: exit code %d, %d lines, stderr %q\nwant %d, %d, %q", r.name, code, strings.Count(stdout, "\n"), stderr, r.code, r.lines, r.stderr)
		}
	}
}
