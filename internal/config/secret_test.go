package config

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// disk is a file system in memory for Options.ReadFile.
type disk map[string]struct {
	data string
	mode fs.FileMode
	err  error
}

func (d disk) read(path string) ([]byte, fs.FileMode, error) {
	f, there := d[path]
	if !there {
		return nil, 0, &fs.PathError{Op: "open", Path: path, Err: fs.ErrNotExist}
	}
	return []byte(f.data), f.mode, f.err
}

var denied = &fs.PathError{Op: "open", Path: "x", Err: fs.ErrPermission}

var files = disk{
	"/etc/carpd/good":     {"mekmitasdigoat\n", 0o600, nil},
	"/etc/carpd/readonly": {"mekmitasdigoat\n", 0o400, nil},
	"/etc/carpd/crlf":     {"mekmitasdigoat\r\n", 0o600, nil},
	"/etc/carpd/bare":     {"mekmitasdigoat", 0o600, nil},
	"/etc/carpd/two":      {"mekmitasdigoat\n\n", 0o600, nil},
	"/etc/carpd/long":     {strings.Repeat("x", 129), 0o600, nil},
	"/etc/carpd/empty":    {"\n", 0o600, nil},
	"/etc/carpd/raw":      {"\x00\xff\n45678901234567890\n", 0o600, nil},
	"/etc/carpd/group":    {"mekmitasdigoat\n", 0o640, nil},
	"/etc/carpd/other":    {"mekmitasdigoat\n", 0o604, nil},
	"/etc/carpd/write":    {"mekmitasdigoat\n", 0o620, nil},
	"/etc/carpd/dir":      {"", fs.ModeDir | 0o700, nil},
	"/etc/carpd/denied":   {"", 0o600, denied},
	"/etc/carpd/open":     {"", 0o644, denied},
	"/run/cred/carpd-1":   {"mekmitasdigoat", 0o440, nil},
	"/run/cred/open":      {"mekmitasdigoat", 0o444, nil},
	"/elsewhere/key":      {"mekmitasdigoat", 0o600, nil},
}

// TestSecretFiles: each line is a key of a group and what becomes of it.
func TestSecretFiles(t *testing.T) {
	for _, c := range []struct{ line, key, want string }{
		{"password_file: good", "mekmitasdigoat", ""},
		{"password_file: ./good", "mekmitasdigoat", ""},
		{"password_file: /elsewhere/key", "mekmitasdigoat", ""},
		{"password_file: readonly", "mekmitasdigoat", ""},
		{"password_file: crlf", "mekmitasdigoat", ""},
		{"password_file: bare", "mekmitasdigoat", ""},
		{"password_file: raw, key_format: raw20", "\x00\xff\n45678901234567890", ""},
		{"password_credential: carpd-1", "mekmitasdigoat", ""},
		{"password_file: empty", "", "1:70: warning: password_file is empty: whoever is on the network can take the addresses"},
		{"password_file: two", "", "1:70: password_file holds a line end; allowed: one line"},
		{"password_file: long", "", "1:70: password_file has more than 128 bytes; allowed: at most 128 bytes, of which the first 19 count"},
		{"password_file: group", "", "1:70: password_file /etc/carpd/group may be read by others (mode 0640); allowed: mode 0600 or less"},
		{"password_file: other", "", "1:70: password_file /etc/carpd/other may be read by others (mode 0604); allowed: mode 0600 or less"},
		{"password_file: write", "", "1:70: password_file /etc/carpd/write may be read by others (mode 0620); allowed: mode 0600 or less"},
		{"password_file: dir", "", "1:70: password_file /etc/carpd/dir is no regular file; allowed: the path of a file that only its owner may read"},
		{"password_file: gone", "", "1:70: password_file /etc/carpd/gone: file does not exist; allowed: the path of a file that only its owner may read"},
		{"password_file: denied", "", "1:70: password_file: /etc/carpd/denied: permission denied; allowed: the path of a file that only its owner may read"},
		{"password_credential: gone", "", "1:76: password_credential /run/cred/gone: file does not exist; allowed: the name of a systemd credential"},
		{"password_credential: open", "", "1:76: password_credential /run/cred/open may be read by others (mode 0444); allowed: mode 0600 or less"},
	} {
		t.Run(c.line, func(t *testing.T) {
			src := "groups: [{vhid: 1, carpdev: e, addresses: [10.0.0.1], " + c.line + "}]"
			cfg, warnings, err := Load(strings.NewReader(src), "/etc/carpd/carpd.yaml", Options{ReadFile: files.read, Credentials: "/run/cred"})
			got := ""
			if err != nil {
				got = strings.TrimPrefix(err.Error(), "/etc/carpd/carpd.yaml:")
			} else if len(warnings) > 0 {
				got = strings.TrimPrefix(warnings[0].String(), "/etc/carpd/carpd.yaml:")
			}
			if got != c.want {
				t.Errorf("got  %q\nwant %q", got, c.want)
			}
			if err == nil && cfg.Groups[0].Secret != keyOf(c.key) {
				t.Errorf("the key is %q", cfg.Groups[0].Secret[:])
			}
		})
	}
}

// TestUnreadableSecrets: who only checks a file need not be able to read its
// secrets, but learns what is to be seen from outside.
func TestUnreadableSecrets(t *testing.T) {
	src := "groups:\n- {vhid: 1, carpdev: e, addresses: [10.0.0.1], password_file: denied}\n" +
		"- {vhid: 2, carpdev: e, addresses: [10.0.0.2], password_credential: carpd-2}\n"
	_, warnings, err := Load(strings.NewReader(src), "/etc/carpd/carpd.yaml", Options{ReadFile: files.read, SkipUnreadable: true})
	want := []string{
		"/etc/carpd/carpd.yaml:2:63: warning: password_file is not checked: /etc/carpd/denied: permission denied",
		"/etc/carpd/carpd.yaml:3:69: warning: password_credential is not checked: $CREDENTIALS_DIRECTORY is not set",
	}
	if diff := cmp.Diff(want, texts(warnings)); diff != "" || err != nil {
		t.Errorf("%v, -want +got:\n%s", err, diff)
	}
	_, _, err = Load(strings.NewReader(src), "/etc/carpd/carpd.yaml", Options{ReadFile: files.read})
	var errs Errors
	if errors.As(err, &errs); len(errs) != 2 {
		t.Errorf("who needs them gets %v", err)
	}
	src = strings.ReplaceAll(src, "denied", "open")
	_, _, err = Load(strings.NewReader(src), "/etc/carpd/carpd.yaml", Options{ReadFile: files.read, SkipUnreadable: true})
	if err == nil || !strings.Contains(err.Error(), "may be read by others (mode 0644)") {
		t.Errorf("the mode of an unreadable file: %v", err)
	}
}

func texts(warnings []Warning) (out []string) {
	for _, w := range warnings {
		out = append(out, w.String())
	}
	return out
}

// TestSecretsNotAsked: without ReadFile nothing is read.
func TestSecretsNotAsked(t *testing.T) {
	c, warnings := accept(t, "groups: [{vhid: 1, carpdev: e, addresses: [10.0.0.1], password_file: /nowhere}]", Options{})
	if len(warnings) != 0 || c.Groups[0].Secret != keyOf("") {
		t.Errorf("got %v", warnings)
	}
}

// TestOwnMode: a configuration that holds passwords is a secret file; it is
// said once.
func TestOwnMode(t *testing.T) {
	_, warnings := accept(t, good, Options{Mode: 0o644})
	want := []string{"carpd.yaml:6:15: warning: the file holds a password and others may read it (mode 0644): chmod 600, or use password_file"}
	if diff := cmp.Diff(want, texts(warnings)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	for _, mode := range []fs.FileMode{0, 0o600, 0o400} {
		if _, warnings = accept(t, good, Options{Mode: mode}); len(warnings) != 0 {
			t.Errorf("mode %o: %v", mode, warnings)
		}
	}
	open := strings.ReplaceAll(good, "password: mekmitasdigoat", `password: ""`)
	if _, warnings = accept(t, open, Options{Mode: 0o644}); strings.Contains(fmt.Sprint(texts(warnings)), "mode") {
		t.Errorf("without a password: %v", warnings)
	}
	if _, warnings = accept(t, strings.ReplaceAll(good, "password: mekmitasdigoat", "password_file: x"), Options{Mode: 0o644}); len(warnings) != 0 {
		t.Errorf("without a password: %v", warnings)
	}
}

// TestPrinting: no way to print a configuration shows a key.
func TestPrinting(t *testing.T) {
	c, _ := accept(t, good, Options{})
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%q", "%d"} {
		out := fmt.Sprintf(verb+verb, c, c.Groups[0])
		if strings.Contains(out, "mekmitas") || strings.Contains(out, "6d656b") || strings.Contains(out, "109 101") || strings.Contains(out, "0x6d, 0x65") {
			t.Errorf("%s prints %s", verb, out)
		}
	}
	out, err := json.Marshal(c)
	if err != nil || strings.Contains(string(out), "mekm") || strings.Contains(string(out), "109,101") {
		t.Errorf("JSON is %s, %v", out, err)
	}
}

// TestErrors: a caller can get at every mistake.
func TestErrors(t *testing.T) {
	_, _, err := Load(strings.NewReader("log_level: 1\n"), "f", Options{})
	var e Errors
	if !errors.As(err, &e) || len(e) != 2 {
		t.Fatalf("got %v", err)
	}
	want := Errors{
		{"f", 1, 1, "groups is missing in the file", "a list of at least one group"},
		{"f", 1, 12, "log_level is 1", "debug, info, warn or error"},
	}
	if diff := cmp.Diff(want, e); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}
