package config

import (
	"strings"
	"testing"
)

// TestBadAPI: one mistake each, with its place; messages are typed by hand.
// Nothing that stands in an entry of tokens is ever shown.
func TestBadAPI(t *testing.T) {
	const section = `api:
  listen: [127.0.0.1:8443]
  tokens:
    - name: nagios
      role: read
      hash: sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
  clients:
    - name: jane
      role: admin
`
	const hash = "; allowed: sha256: and 64 hexadecimal digits, as carpctl token new prints them"
	const listen = `; allowed: a list of addresses and ports, such as ["127.0.0.1:8443", "[2001:db8::1]:8443"]`
	const tokens = "; allowed: a list of mappings with name, role and hash, as carpctl token new prints them"
	for _, c := range []struct{ rule, old, new, want string }{
		{"no port", "[127.0.0.1:8443]", "[127.0.0.1]", `2:12: the address is "127.0.0.1"` + listen},
		{"port 0", "[127.0.0.1:8443]", `["127.0.0.1:0"]`, `2:12: the address is the text "127.0.0.1:0"` + listen},
		{"a name", "[127.0.0.1:8443]", "[localhost:8443]", `2:12: the address is "localhost:8443"` + listen},
		{"no list", "[127.0.0.1:8443]", "127.0.0.1:8443", `2:11: listen is a text` + listen},
		{"twice", "[127.0.0.1:8443]", "[127.0.0.1:8443, 127.0.0.1:8443]", `2:28: the address is there already, on line 2; allowed: each once`},
		{"nowhere", "  listen: [127.0.0.1:8443]\n", "", `2:3: listen is missing in api` + listen},
		{"unknown key", "listen:", "lisen:", `2:3: unknown key "lisen" in api (did you mean listen?); allowed: listen, certificate, key, client_ca, tokens, clients`},
		{"certificate without key", "  tokens:", "  certificate: a.crt\n  tokens:", `3:16: certificate without key; allowed: both or neither; with neither the cluster's are used`},
		{"key without certificate", "  tokens:", "  key: a.key\n  tokens:", `3:8: key without certificate; allowed: both or neither; with neither the cluster's are used`},
		{"key is empty", "  tokens:", "  certificate: a.crt\n  key: ''\n  tokens:", `4:8: key names none; allowed: the path of a file with the key of the certificate, as PEM`},
		{"hash of another kind", "sha256:aaa", "md5:aaa", `6:13: hash is something else` + hash},
		{"hash too short", "sha256:aaa", "sha256:aa", `6:13: hash is something else` + hash},
		{"hash in capitals", "sha256:aaa", "sha256:AAA", `6:13: hash is something else` + hash},
		{"the token in place of its hash", "sha256:aaa", "carp_S3cret-of-9aaa", `6:13: hash is something else` + hash},
		{"role", "role: read", "role: S3cret-of-9", `5:13: role is something else; allowed: read or admin`},
		{"name", "name: nagios", "name: 'S3cret-of-9 '", `4:13: name is something else; allowed: 1 to 64 letters, digits, _, ., @ and -`},
		{"key of a token", "role: read", "role: read\n      S3cret-of-9: 1", `6:7: unknown key *** in a token; allowed: name, role, hash`},
		{"no hash", "      hash: sha256:" + strings.Repeat("a", 64) + "\n", "", `4:7: hash is missing in a token` + hash},
		{"tokens by name", "tokens:\n    - name: nagios", "tokens:\n      name: nagios", `4:7: tokens is a mapping` + tokens},
		{"a token", "- name: nagios\n      role: read\n      hash: sha256:" + strings.Repeat("a", 64), "- carp_S3cret-of-9", `4:7: a token is a text; allowed: a mapping with the keys name, role, hash`},
		{"two tokens of one name", "  clients:", "    - {name: nagios, role: read, hash: 'sha256:" + strings.Repeat("b", 64) + "'}\n  clients:", `7:7: another token has this name, on line 4; allowed: each once`},
		{"two tokens of one hash", "  clients:", "    - {name: other, role: read, hash: 'sha256:" + strings.Repeat("a", 64) + "'}\n  clients:", `7:7: another token has this hash, on line 4; allowed: each once`},
		{"role of a client", "role: admin", "role: root", `9:13: role is "root"; allowed: read or admin`},
		{"two clients of one name", "    - name: jane", "    - {name: jane, role: read}\n    - name: jane", `9:7: another client has this name, on line 8; allowed: each once`},
		{"name of a client", "name: jane", "name: ''", `8:13: name is the text ""; allowed: the common name of a certificate, 1 to 64 characters`},
	} {
		t.Run(c.rule, func(t *testing.T) {
			if !strings.Contains(section, c.old) {
				t.Fatalf("%q is not in the section", c.old)
			}
			got := load(t, strings.Replace(section, c.old, c.new, 1)+Example)
			if len(got) != 1 || got[0] != "carpd.yaml:"+c.want {
				t.Errorf("got  %s\nwant carpd.yaml:%s", strings.Join(got, "\n"), c.want)
			}
			if strings.Contains(strings.Join(Shown([]byte(strings.Replace(section, c.old, c.new, 1))), "\n"), "S3cret-of-9") {
				t.Error("the lines that are shown beside a message have what may be a secret")
			}
		})
	}
}

// TestAPIForNobody: a door that opens to nobody is a warning.
func TestAPIForNobody(t *testing.T) {
	_, warnings := accept(t, "api: {listen: ['127.0.0.1:8443']}\n"+Example, Options{})
	if len(warnings) != 1 || warnings[0].String() != "carpd.yaml:1:6: warning: api has neither tokens nor clients: nobody may come in" {
		t.Error(warnings)
	}
}

// TestAPIPaths: relative ones begin at the directory of the file.
func TestAPIPaths(t *testing.T) {
	c, _, err := Load(strings.NewReader("api: {listen: ['127.0.0.1:1'], certificate: a, key: ../b, client_ca: /c}\n"+Example), "/etc/carpd/carpd.yaml", Options{})
	if err != nil || c.API.Certificate != "/etc/carpd/a" || c.API.Key != "/etc/b" || c.API.ClientCA != "/c" {
		t.Errorf("%+v, %v", c.API, err)
	}
}
