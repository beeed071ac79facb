package test

import (
	"bufio"
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/cookiejar"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/carpd/carpd/internal/lab"
	"github.com/carpd/carpd/internal/web"
)

// issuer makes certificates in the directory of a lab.
type issuer struct {
	s    *site
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

// newIssuer makes a CA, in ca.crt.
func (s *site) newIssuer() *issuer {
	s.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	s.must(err)
	i := &issuer{s: s, key: key, cert: &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "CA of a test"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), KeyUsage: x509.KeyUsageCertSign,
	}}
	der, err := x509.CreateCertificate(rand.Reader, i.cert, i.cert, &key.PublicKey, key)
	s.must(err)
	i.cert, err = x509.ParseCertificate(der)
	s.must(err)
	s.must(os.WriteFile(s.File("ca.crt"), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600))
	return i
}

// issue makes a certificate for a name, in name.crt and name.key.
func (i *issuer) issue(name string) {
	i.s.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	i.s.must(err)
	serial, err := rand.Int(rand.Reader, big.NewInt(1<<62))
	i.s.must(err)
	der, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: name}, IPAddresses: []net.IP{net.IPv4(192, 0, 2, 11), net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), KeyUsage: x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}, i.cert, &key.PublicKey, i.key)
	i.s.must(err)
	raw, err := x509.MarshalECPrivateKey(key)
	i.s.must(err)
	i.s.must(os.WriteFile(i.s.File(name+".key"), pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: raw}), 0o600))
	i.s.must(os.WriteFile(i.s.File(name+".crt"), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600))
}

// unseen is a password that no page has as an example.
const unseen = "Unseen-of-19-bytes"

// reached is a carpd that is reached over TLS.
type reached struct {
	*carpd
	*issuer
	base  string // from outside of the lab
	https http.Client
	// The tokens, of which the configuration has the digests.
	reader, admin string
	entries       string
}

// newReached starts one with a token for each role.
func newReached(t *testing.T) *reached {
	s := newSite(t, lab.Topology{Routers: 1})
	r := &reached{carpd: s.newCarpd(s.Routers[0], group{password: unseen}), issuer: s.newIssuer()}
	r.issue("server")
	r.issue("jane")
	r.reader, r.admin = r.newToken("nagios", "read"), r.newToken("ops", "admin")
	r.configure("192.0.2.11:8443")
	r.start()
	r.is("MASTER", masterDown0+5*time.Second)
	local, err := s.Routers[0].Forward("192.0.2.11:8443")
	s.must(err)
	r.base = "https://" + local
	pool := x509.NewCertPool()
	pool.AddCert(r.cert)
	r.https = http.Client{
		Transport:     &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}, DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }, Timeout: time.Minute,
	}
	return r
}

// newToken makes one as an operator does, and keeps the entry that is printed.
func (r *reached) newToken(name, role string) string {
	out := r.carpctl("token", "new", name, "--role", role)
	token, _, _ := strings.Cut(out, "\n")
	_, entry, _ := strings.Cut(out, "    - name")
	r.entries += "    - name" + entry
	r.carpd.s.must(os.WriteFile(r.carpd.s.File(role+".token"), []byte(token+"\n"), 0o600))
	return token
}

// configure writes a configuration with a section api, or without one when there
// is nowhere to listen.
func (r *reached) configure(listen ...string) {
	r.write(group{password: unseen})
	raw, err := os.ReadFile(r.config)
	r.carpd.s.must(err)
	if len(listen) > 0 {
		list, _ := json.Marshal(listen)
		raw = append(raw, fmt.Sprintf("api:\n  listen: %s\n  certificate: server.crt\n  key: server.key\n  client_ca: ca.crt\n  tokens:\n%s"+
			"  clients:\n    - {name: jane, role: admin}\n", list, r.entries)...)
	}
	r.carpd.s.must(os.WriteFile(r.config, raw, 0o600))
}

// over runs carpctl on the client's machine, over TLS.
func (r *reached) over(args ...string) (string, error) {
	args = append([]string{"--server", "https://192.0.2.11:8443", "--ca", r.carpd.s.File("ca.crt")}, args...)
	return r.carpd.s.client.Command(program(r.carpd.s.t, "carpctl"), args...).Output()
}

// ask sends one request over TLS.
func (r *reached) ask(method, path, token, body string) (code int, answer string) {
	r.carpd.s.t.Helper()
	req, err := http.NewRequestWithContext(r.carpd.s.t.Context(), method, r.base+path, bytes.NewReader([]byte(body)))
	r.carpd.s.must(err)
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	if strings.HasPrefix(path, "/do/") {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	resp, err := r.https.Do(req)
	r.carpd.s.must(err)
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	r.carpd.s.must(err)
	return resp.StatusCode, string(raw)
}

// TestCarpctlOverTLS: from another machine, in each role.
func TestCarpctlOverTLS(t *testing.T) {
	t.Parallel()
	r := newReached(t)
	file := r.carpd.s.File
	for _, c := range []struct {
		rule, args string
		want       string // in what is printed
		fine       bool
	}{
		{"a token to look", "status --token-file " + file("read.token"), "1@eth0  MASTER", true},
		{"a certificate", "status --cert " + file("jane.crt") + " --key " + file("jane.key"), "1@eth0  MASTER", true},
		{"a certificate for all", "demote add x --cert " + file("jane.crt") + " --key " + file("jane.key"), "x", true},
		{"a token for all", "demote remove x --token-file " + file("admin.token"), "", true},
		{"a token to look, a change", "demote add y --token-file " + file("read.token"), "nagios may only look: that takes the role admin", false},
		{"nothing", "status", "who are you? A token or a certificate is needed", false},
		{"a wrong token", "status --token-file " + file("ca.crt"), "holds no token", false},
	} {
		out, err := r.over(strings.Fields(c.args)...)
		if (err == nil) != c.fine || !strings.Contains(out, c.want) {
			t.Errorf("%s: %v\n%s", c.rule, err, out)
		}
	}
	if got := r.demoted(); len(got) != 0 {
		t.Errorf("demotions: %v", got)
	}
}

// TestNobodyAndReadersChangeNothing asks every route of the API and of the pages
// of a running carpd, as nobody and as somebody who may only look.
func TestNobodyAndReadersChangeNothing(t *testing.T) {
	t.Parallel()
	r := newReached(t)
	_, raw := r.ask("GET", "/api/v1/openapi.json", r.reader, "")
	var doc struct {
		Paths map[string]map[string]any `json:"paths"`
	}
	r.carpd.s.must(json.Unmarshal([]byte(raw), &doc))
	before := r.state()
	tried := 0
	for path, methods := range doc.Paths {
		for method := range methods {
			if method == "get" {
				continue
			}
			tried++
			for token, want := range map[string]int{"": 401, r.reader: 403} {
				if code, answer := r.ask(strings.ToUpper(method), "/api/v1"+path, token, "{}"); code != want {
					t.Errorf("%s %s: %d %s, want %d", method, path, code, answer, want)
				}
			}
		}
	}
	for _, to := range web.Routes() {
		if to.Method == http.MethodGet {
			continue
		}
		tried++
		for token, want := range map[string]int{"": 401, r.reader: 403} {
			if code, _ := r.ask(to.Method, to.Path, token, "group=1@eth0&name=x&vhid=9"); code != want {
				t.Errorf("%s %s: %d, want %d", to.Method, to.Path, code, want)
			}
		}
	}
	if tried < 30 {
		t.Errorf("only %d routes", tried)
	}
	if after := r.state(); after != before {
		t.Errorf("before\n%s\nafter\n%s", before, after)
	}
	// The table would show nothing if nobody at all got through.
	if code, answer := r.ask("POST", "/api/v1/demotions", r.admin, `{"name":"x"}`); code != 200 || r.state() == before {
		t.Errorf("an administrator: %d %s", code, answer)
	}
}

// state is what a client might change.
func (r *reached) state() string {
	_, config := r.ask("GET", "/api/v1/config", r.reader, "")
	_, demotions := r.ask("GET", "/api/v1/demotions", r.reader, "")
	_, maintenance := r.ask("GET", "/api/v1/maintenance", r.reader, "")
	g := r.group()
	return fmt.Sprintln(config, demotions, maintenance, g.State, g.Transitions, g.Disabled, r.Running())
}

// TestListenersFollowReloads: they come and go without a restart, what cannot be
// opened is a warning, and the group notices nothing of it.
func TestListenersFollowReloads(t *testing.T) {
	t.Parallel()
	r := newReached(t)
	s := r.carpd.s
	before := r.group()
	r.configure("192.0.2.11:8443", "192.0.2.250:8443")
	r.carpctl("reload")
	want := "api: cannot listen on 192.0.2.250:8443: bind: cannot assign requested address"
	if st := r.status(); !slices.Equal(st.Warnings, []string{want}) || !slices.Equal(st.Listening, []string{"192.0.2.11:8443"}) {
		t.Errorf("listens on %v, warns %q", st.Listening, st.Warnings)
	}
	if out := r.carpctl("status"); !strings.Contains(out, want) {
		t.Errorf("carpctl status does not warn:\n%s", out)
	}
	s.ip(r.node, "addr add 192.0.2.250/24 dev eth0")
	s.eventually(20*time.Second, "it listens when the address is there", func() bool { return len(r.status().Listening) == 2 })

	r.issue("server") // Another certificate in the same file.
	if code, _ := r.ask("GET", "/api/v1/status", r.reader, ""); code != 200 {
		t.Errorf("with a new certificate: %d", code)
	}
	r.entries = ""
	r.newToken("nagios", "read")
	r.configure("192.0.2.11:8443")
	r.carpctl("reload")
	if code, _ := r.ask("GET", "/api/v1/status", r.reader, ""); code != 401 {
		t.Errorf("with a token that was replaced: %d", code)
	}
	r.configure()
	r.carpctl("reload")
	s.eventually(10*time.Second, "nobody listens", func() bool {
		_, err := r.over("status")
		return err != nil && len(r.status().Listening) == 0
	})
	if g := r.group(); g.State != "MASTER" || g.Transitions != before.Transitions || !g.Since.Equal(before.Since) {
		t.Errorf("the group noticed: %+v", g)
	}
}

// TestSecretsOfARunningCarpd: password, tokens, digests and keys are in no answer
// of any route, in no page and not in the log.
func TestSecretsOfARunningCarpd(t *testing.T) {
	t.Parallel()
	r := newReached(t)
	var seen strings.Builder
	paths := []string{"/api/v1/nonsense"}
	for _, p := range []string{"status", "counters", "dataplane", "events", "demotions", "maintenance", "config", "cluster", "openapi.json"} {
		paths = append(paths, "/api/v1/"+p)
	}
	for _, to := range web.Routes() {
		if to.Method == http.MethodGet && !strings.Contains(to.Path, "{") {
			paths = append(paths, to.Path)
		}
	}
	for _, path := range append(paths, "/vips/edit?name=1@eth0", "/vips/edit?name=1%40eth0") {
		_, answer := r.ask("GET", path, r.admin, "")
		seen.WriteString(answer)
	}
	_, answer := r.ask("POST", "/api/v1/vips/edit", r.admin, `{"name":"1@eth0","edit":{"password":"an0ther-Secret","advskew":7}}`)
	seen.WriteString(answer)
	_, answer = r.ask("POST", "/api/v1/vips/add", r.admin, `{"edit":{"vhid":300,"password":"an0ther-Secret"}}`)
	seen.WriteString(answer)
	_, answer = r.ask("GET", "/vips", r.admin, "")
	seen.WriteString(answer)
	text := seen.String() + r.log()
	for what, secret := range map[string]string{
		"the password": unseen, "a new password": "an0ther-Secret", "a token": r.reader, "another token": r.admin,
		"a key": secretOf(t, r.carpd.s.File("server.key")),
	} {
		if strings.Contains(text, secret) {
			i := strings.Index(text, secret)
			t.Errorf("%s is shown: %s", what, text[max(0, i-300):i+100])
		}
	}
	for _, hash := range regexp.MustCompile(`sha256:([0-9a-f]{64})`).FindAllStringSubmatch(r.entries, -1) {
		if strings.Contains(text, hash[1]) {
			t.Error("a digest is shown")
		}
	}
	if !strings.Contains(text, `"advskew":7`) || !strings.Contains(text, "nagios") {
		t.Error("the test saw next to nothing")
	}
}

// secretOf is a line of a key.
func secretOf(t *testing.T, path string) string {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(string(raw), "\n")[1]
}

// TestCarpctlWeb: the address that it prints leads one browser to the pages of a
// running carpd, where it may do everything.
func TestCarpctlWeb(t *testing.T) {
	t.Parallel()
	s := newSite(t, lab.Topology{Routers: 1})
	c := s.carpd(s.Routers[0], group{})
	cmd := exec.Command(program(t, "carpctl"), "web", "--instance", c.instance)
	out, err := cmd.StdoutPipe()
	s.must(err)
	s.must(cmd.Start())
	defer func() { _ = cmd.Process.Kill(); _ = cmd.Wait() }()
	link, err := bufio.NewReader(out).ReadString('\n')
	s.must(err)
	jar, err := cookiejar.New(nil)
	s.must(err)
	browser := http.Client{Jar: jar, Timeout: time.Minute}
	for _, want := range []int{200, 200} { // Again with the cookie.
		resp, err := browser.Get(strings.TrimSpace(link))
		s.must(err)
		page, err := io.ReadAll(resp.Body)
		s.must(err)
		_ = resp.Body.Close()
		if resp.StatusCode != want || !strings.Contains(string(page), "1@eth0") || resp.Request.URL.Path != "/" {
			t.Errorf("%d at %s\n%s", resp.StatusCode, resp.Request.URL, page)
		}
	}
	resp, err := (&http.Client{Timeout: time.Minute}).Get(strings.TrimSpace(link))
	s.must(err)
	_ = resp.Body.Close()
	if resp.StatusCode != 401 {
		t.Errorf("a second browser: %d", resp.StatusCode)
	}
}

// TestCertificateOfTheCluster: without one of its own, carpd shows the one that
// it gets with a cluster, as soon as it has it.
func TestCertificateOfTheCluster(t *testing.T) {
	t.Parallel()
	s := newSite(t, lab.Topology{Routers: 1})
	r := &reached{carpd: s.newCarpd(s.Routers[0], group{password: unseen})}
	r.newToken("nagios", "read")
	raw, err := os.ReadFile(r.config)
	s.must(err)
	s.must(os.WriteFile(r.config, append(raw, "api:\n  listen: [\"192.0.2.11:8443\"]\n  tokens:\n"+r.entries...), 0o600))
	r.start()
	if w := r.status().Warnings; len(w) != 1 || !strings.HasPrefix(w[0], "api: cannot listen on 192.0.2.11:8443: there is no certificate yet: ") {
		t.Errorf("warnings %q", w)
	}
	enrol(r.carpd)
	s.eventually(30*time.Second, "it listens", func() bool { return len(r.status().Listening) == 1 && len(r.status().Warnings) == 0 })
	out, err := s.client.Command(program(t, "carpctl"), "status", "--server", "https://192.0.2.11:8443", "--token-file", s.File("read.token"),
		"--ca", filepath.Join(s.File("state"), r.instance, "cluster", "ca.crt")).Output()
	if err != nil || !strings.Contains(out, "1@eth0") {
		t.Errorf("over TLS: %v\n%s", err, out)
	}
}
