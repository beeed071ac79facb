package control

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/rs/zerolog"
)

// Tokens of the tests, and their digests as `printf %s TOKEN | sha256sum` has them.
const (
	readToken  = "carp_reader"
	adminToken = "carp_admin"
	readHash   = "sha256:03820fc1a8f267e2734641f633762e356a213b23b80576f0e532f7a2cc88c1fc"
	adminHash  = "sha256:47e05bb60c50afb73e48f600556ec2c67f483587c454dca24fc4db837361b0d0"
)

// authority is a CA of the tests.
type authority struct {
	dir  string
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	a := &authority{dir: t.TempDir()}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "CA of a test"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), KeyUsage: x509.KeyUsageCertSign,
	}
	a.cert, a.key = template, newKey(t)
	a.write(t, "ca", template, template, a.key, a.key)
	raw, _ := os.ReadFile(a.path("ca.crt"))
	block, _ := pem.Decode(raw)
	var err error
	if a.cert, err = x509.ParseCertificate(block.Bytes); err != nil {
		t.Fatal(err)
	}
	return a
}

func newKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func (a *authority) path(name string) string { return filepath.Join(a.dir, name) }

// write signs a certificate and puts it beside its key.
func (a *authority) write(t *testing.T, name string, template, parent *x509.Certificate, key, by *ecdsa.PrivateKey) {
	t.Helper()
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, by)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for file, block := range map[string]*pem.Block{".crt": {Type: "CERTIFICATE", Bytes: der}, ".key": {Type: "EC PRIVATE KEY", Bytes: raw}} {
		tmp := a.path(name + file + ".new") // As people replace them: at once.
		if err := os.WriteFile(tmp, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(tmp, a.path(name+file)); err != nil {
			t.Fatal(err)
		}
	}
}

// issue makes a certificate for a name, of a server or of a client.
func (a *authority) issue(t *testing.T, name string, usage x509.ExtKeyUsage, until time.Time) {
	t.Helper()
	serial, _ := rand.Int(rand.Reader, big.NewInt(1<<62))
	a.write(t, name, &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: name}, DNSNames: []string{"carpd.example"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: until, ExtKeyUsage: []x509.ExtKeyUsage{usage}, KeyUsage: x509.KeyUsageDigitalSignature,
	}, a.cert, newKey(t), a.key)
}

// site is a server on TCP with its CA and its log.
type site struct {
	*Server
	*authority
	addr string
	log  *logs
	path string // of its socket
}

// freeAddr is an address on which nobody listens, most probably not in a moment either.
func freeAddr(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// reachable is how the site of a test is reached.
func (a *authority) reachable(listen ...string) Remote {
	return Remote{
		Listen: listen, Certificate: a.path("server.crt"), Key: a.path("server.key"), ClientCA: a.path("ca.crt"),
		Tokens:  []Token{{"nagios", ReadOnly, readHash}, {"ops", Admin, adminHash}},
		Clients: []RemoteClient{{"jane", Admin}, {"bob", ReadOnly}},
	}
}

// online runs a server that is reached on TCP.
func online(t *testing.T, src Source, change func(*Server)) *site {
	t.Helper()
	a := newAuthority(t)
	a.issue(t, "server", x509.ExtKeyUsageServerAuth, time.Now().Add(time.Hour))
	log := &logs{}
	s, err := Listen(filepath.Join(t.TempDir(), "r1.sock"), src, zerolog.New(log))
	if err != nil {
		t.Fatal(err)
	}
	s.Show(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, "page for "+RoleOf(r).String()) }))
	s.requests = newRates(1e6, 1e6) // Tests are many requests from one address.
	if change != nil {
		change(s)
	}
	o := &site{Server: s, authority: a, addr: freeAddr(t), log: log}
	if problems := s.Reach(a.reachable(o.addr)); problems != nil {
		t.Fatal(problems)
	}
	o.path = run(t, s)
	return o
}

// client is a TLS client with the certificate of a name, or with none.
func (o *site) client(t *testing.T, name string) *http.Client {
	t.Helper()
	pool := x509.NewCertPool()
	pool.AddCert(o.cert)
	config := &tls.Config{RootCAs: pool}
	if name != "" {
		pair, err := tls.LoadX509KeyPair(o.authority.path(name+".crt"), o.authority.path(name+".key"))
		if err != nil {
			t.Fatal(err)
		}
		// Shown even if the server does not ask for one of this CA.
		config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &pair, nil }
	}
	tr := &http.Transport{TLSClientConfig: config, DisableKeepAlives: true, ForceAttemptHTTP2: true}
	return &http.Client{Transport: tr, Timeout: time.Minute, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// newRequest is one to the site; change may be nil.
func (o *site) newRequest(ctx context.Context, t *testing.T, method, url, body string, change func(*http.Request)) *http.Request {
	t.Helper()
	req, err := http.NewRequestWithContext(ctx, method, "https://"+o.addr+url, bytes.NewReader([]byte(body)))
	if err != nil {
		t.Fatal(err)
	}
	if change != nil {
		change(req)
	}
	return req
}

// ask sends one request with a client.
func (o *site) ask(t *testing.T, c *http.Client, method, url, body string, change func(*http.Request)) reply {
	t.Helper()
	resp, err := c.Do(o.newRequest(t.Context(), t, method, url, body, change))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	got, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return reply{resp.StatusCode, resp.Header, got}
}

// with sets the token of a request.
func with(token string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+token) }
}

// login shows a token in the form and returns the cookie of the session.
func (o *site) login(t *testing.T, token string) *http.Cookie {
	t.Helper()
	got := o.ask(t, o.client(t, ""), "POST", "/login", "token="+token+"&next=%2Fvips", func(r *http.Request) {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	})
	cookies := (&http.Response{Header: got.header}).Cookies()
	if got.code != http.StatusSeeOther || got.header.Get("Location") != "/vips" || len(cookies) != 1 {
		t.Fatalf("the login: %d %v %s", got.code, got.header, got.body)
	}
	return cookies[0]
}
