package config

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// TestRedactedDiff: what changed, without what is secret; that a password is
// another one is said.
func TestRedactedDiff(t *testing.T) {
	changed := strings.NewReplacer("mekmitasdigoat", "hunter22", "info # not too much", "debug # hunter22", "# Guests.", "# hunter22").Replace(office)
	const want = `--- before
+++ after
@@ -1,16 +1,16 @@
 # …
-log_level: info # …
+log_level: debug # …
 
 groups:
   # …
   - vhid: 1
     carpdev:  eth0 # …
     addresses: [192.0.2.1/24, "2001:db8::1/64"]
-    password: *** (the old one)
+    password: *** (the new one)
     # …
     advskew: 0
 
-  # …
+  # …
   - vhid: 2
     carpdev: eth1
     addresses:
`
	if got := RedactedDiff([]byte(office), []byte(changed)); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if got := RedactedDiff(nil, []byte("vhid: 1\x000\x00true\n")); !strings.HasSuffix(got, "\n+vhid: 10true # …\n") {
		t.Errorf("control characters: %q", got)
	}
	if got := RedactedDiff([]byte(office), []byte(office)); got != "" {
		t.Errorf("of the same file: %q", got)
	}
}

// TestRedactedDiffHides: in files of all styles, broken ones too, before and
// after an edit of the password.
func TestRedactedDiffHides(t *testing.T) {
	styles := append([]string{"hash: sha256:%s", "- hash: %s", "# password: %s", "password: |\n      %s\n      %[1]s", "password: \"a\n%s\"", "\x00%s", "%s\x001\x00true"},
		"password: %s", "password: '%s'", "pasword: %s", "{password: %s", "password: \"%s", "? password\n    : %s", "password:%s")
	rapid.Check(t, func(t *rapid.T) {
		var files [2]string
		for i := range files {
			style := fmt.Sprintf(rapid.SampledFrom(styles).Draw(t, "style"), fmt.Sprintf("hunter22-%d", i))
			style, _, _ = strings.Cut(style, "%!(EXTRA")
			lines := rapid.Permutation([]string{"vhid: 1", "carpdev: eth0", "advskew: x", style}).Draw(t, "lines")
			files[i] = "groups:\n  - " + strings.Join(lines, "\n    ") + "\n"
		}
		if diff := RedactedDiff([]byte(files[0]), []byte(files[1])); strings.Contains(diff, "hunter22") {
			t.Fatalf("of\n%s\nand\n%s\nit is\n%s", files[0], files[1], diff)
		}
	})
}

// TestHidden: it prints as *** however it is printed.
func TestHidden(t *testing.T) {
	h := Hidden("hunter22")
	raw, err := json.Marshal(map[string]any{"a": h, "b": Items{{"password", h}}})
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{fmt.Sprint(h), fmt.Sprintf("%q %s %v %+v %#v %x %d", h, h, h, h, h, h, h), fmt.Sprintf("%#v", AddGroup{Items{{"password", h}}}), string(raw)} {
		if strings.Contains(text, "hunter22") || strings.Contains(text, "68756e746572") || !strings.Contains(text, "***") {
			t.Errorf("printed as %s", text)
		}
	}
	if h.Reveal() != "hunter22" {
		t.Error("it is not what it was")
	}
}
