package control

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/carpd/carpd/internal/status"
)

// listens tells whether somebody takes connections there.
func listens(addr string) bool {
	c, err := net.DialTimeout("tcp", addr, 10*time.Second)
	if err == nil {
		_ = c.Close()
	}
	return err == nil
}

// eventually waits for what another goroutine does.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("never: %s", what)
		}
	}
}

// TestDoorsFollowTheConfiguration opens, changes and closes listeners. The local
// socket answers all the time.
func TestDoorsFollowTheConfiguration(t *testing.T) {
	o := online(t, newFake(), nil)
	other := freeAddr(t)
	for _, want := range [][]string{{o.addr}, {other}, {o.addr, other}, {}, {other}} {
		if problems := o.Reach(o.reachable(want...)); problems != nil {
			t.Errorf("%v: %v", want, problems)
		}
		listening, problems := o.Reached()
		if len(listening) != len(want) || problems != nil {
			t.Errorf("wants %v, listens on %v, %v", want, listening, problems)
		}
		for _, addr := range []string{o.addr, other} {
			wanted := strings.Contains(strings.Join(want, " "), addr)
			if wanted && !listens(addr) {
				t.Errorf("wants %v: nobody listens on %s", want, addr)
			}
			if !wanted {
				eventually(t, addr+" closes", func() bool { return !listens(addr) })
			}
		}
		if _, err := Dial(o.path).Status(t.Context()); err != nil {
			t.Errorf("the socket: %v", err)
		}
	}
}

// TestDoorsThatCannotOpen: a problem is told, ends nothing, and goes away by
// itself with its cause.
func TestDoorsThatCannotOpen(t *testing.T) {
	o := online(t, newFake(), func(s *Server) { s.again = 10 * time.Millisecond })
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	addr := taken.Addr().String()
	problems := o.Reach(o.reachable(o.addr, addr))
	want := "api: cannot listen on " + addr + ": bind: address already in use"
	if len(problems) != 1 || problems[0] != want {
		t.Errorf("problems %q, want %q", problems, want)
	}
	if listening, now := o.Reached(); len(listening) != 1 || listening[0] != o.addr || len(now) != 1 {
		t.Errorf("listens on %v with %v", listening, now)
	}
	if got := o.ask(t, o.client(t, ""), "GET", "/api/v1/status", "", with(readToken)); got.code != 200 {
		t.Errorf("the other listener: %d", got.code)
	}
	_ = taken.Close()
	eventually(t, "it listens when the address is free", func() bool { listening, _ := o.Reached(); return len(listening) == 2 })
	if n := strings.Count(o.log.String(), "cannot listen"); n != 1 {
		t.Errorf("one problem is %d lines of the log", n)
	}
}

// TestCertificateThatComesLater: that of a cluster is there when it was joined.
func TestCertificateThatComesLater(t *testing.T) {
	o := online(t, newFake(), func(s *Server) { s.again = 10 * time.Millisecond })
	r := o.reachable(freeAddr(t))
	r.Certificate, r.Key = o.authority.path("later.crt"), o.authority.path("later.key")
	if problems := o.Reach(r); len(problems) != 1 || !strings.Contains(problems[0], "later.key: no such file") {
		t.Errorf("problems %q", problems)
	}
	o.issue(t, "later", x509.ExtKeyUsageServerAuth, time.Now().Add(time.Hour))
	eventually(t, "it listens", func() bool { listening, problems := o.Reached(); return len(listening) == 1 && problems == nil })
}

// shown is the name in the certificate that a server shows.
func (o *site) shown(t *testing.T) string {
	t.Helper()
	c, err := tls.Dial("tcp", o.addr, &tls.Config{InsecureSkipVerify: true}) //nolint:gosec // The name is all that is wanted.
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	return c.ConnectionState().PeerCertificates[0].SerialNumber.String()
}

// TestCertificateIsReadAgain when its file changes; one that is broken changes
// nothing but is told.
func TestCertificateIsReadAgain(t *testing.T) {
	o := online(t, newFake(), nil)
	first := o.shown(t)
	if again := o.shown(t); again != first {
		t.Fatal("the certificate changes by itself")
	}
	o.issue(t, "server", x509.ExtKeyUsageServerAuth, time.Now().Add(time.Hour))
	second := o.shown(t)
	if second == first {
		t.Error("the new certificate is not shown")
	}
	if err := os.WriteFile(o.authority.path("server.crt"), []byte("nonsense"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := o.shown(t); got != second {
		t.Error("a broken file changed the certificate")
	}
	if _, problems := o.Reached(); len(problems) != 1 || !strings.Contains(problems[0], "server.crt") {
		t.Errorf("problems %q", problems)
	}
}

func TestKeyThatOthersReadIsRefused(t *testing.T) {
	o := online(t, newFake(), nil)
	o.issue(t, "fresh", x509.ExtKeyUsageServerAuth, time.Now().Add(time.Hour))
	if err := os.Chmod(o.authority.path("fresh.key"), 0o604); err != nil {
		t.Fatal(err)
	}
	r := o.reachable(freeAddr(t))
	r.Certificate, r.Key = o.authority.path("fresh.crt"), o.authority.path("fresh.key")
	if problems := o.Reach(r); len(problems) != 1 || !strings.HasSuffix(problems[0], "fresh.key may be read by others (mode 0604)") {
		t.Errorf("problems %q", problems)
	}
}

// TestOldTLSIsRefused: 1.3 is what all clients of today speak.
func TestOldTLSIsRefused(t *testing.T) {
	o := online(t, newFake(), nil)
	_, err := tls.Dial("tcp", o.addr, &tls.Config{InsecureSkipVerify: true, MaxVersion: tls.VersionTLS12}) //nolint:gosec // It is refused anyway.
	if err == nil {
		t.Error("TLS 1.2 is spoken")
	}
}

// TestCertificatesOfClients: only those of the CA, that have not ended, and only
// as long as the CA is trusted.
func TestCertificatesOfClients(t *testing.T) {
	o := online(t, newFake(), nil)
	o.issue(t, "jane", x509.ExtKeyUsageClientAuth, time.Now().Add(time.Hour))
	c := o.client(t, "jane")
	if got := o.ask(t, c, "GET", "/", "", nil); string(got.body) != "page for admin" {
		t.Errorf("jane is: %s", got.body)
	}
	other := newAuthority(t)
	other.issue(t, "jane", x509.ExtKeyUsageClientAuth, time.Now().Add(time.Hour))
	o.issue(t, "ended", x509.ExtKeyUsageClientAuth, time.Now().Add(-time.Minute))
	o.issue(t, "of-a-server", x509.ExtKeyUsageServerAuth, time.Now().Add(time.Hour))
	r := o.reachable(o.addr)
	r.Clients = append(r.Clients, RemoteClient{"ended", Admin}, RemoteClient{"of-a-server", Admin})
	o.Reach(r)
	stranger := &site{Server: o.Server, authority: &authority{dir: other.dir, cert: o.cert}, addr: o.addr}
	for name, c := range map[string]*http.Client{
		"an ended one": o.client(t, "ended"), "that of a server": o.client(t, "of-a-server"), "one of another authority": stranger.client(t, "jane"),
	} {
		resp, err := c.Do(o.newRequest(t.Context(), t, "GET", "/", "", nil))
		if err == nil {
			_ = resp.Body.Close()
			t.Errorf("%s is taken: %d", name, resp.StatusCode)
		}
	}
}

// TestTrustEndsForOpenConnections: a CA that is no longer trusted counts for
// those who are connected already.
func TestTrustEndsForOpenConnections(t *testing.T) {
	o := online(t, newFake(), nil)
	o.issue(t, "jane", x509.ExtKeyUsageClientAuth, time.Now().Add(time.Hour))
	r := &Remote{Clients: []RemoteClient{{"jane", Admin}}}
	raw, err := tls.LoadX509KeyPair(o.authority.path("jane.crt"), o.authority.path("jane.key"))
	if err != nil {
		t.Fatal(err)
	}
	roots, others := x509.NewCertPool(), x509.NewCertPool()
	roots.AddCert(o.cert)
	others.AddCert(newAuthority(t).cert)
	if _, ok := r.client([]*x509.Certificate{raw.Leaf}, roots); !ok {
		t.Error("a good certificate is not taken")
	}
	if _, ok := r.client([]*x509.Certificate{raw.Leaf}, others); ok {
		t.Error("a certificate of another CA is taken")
	}
	if _, ok := r.client([]*x509.Certificate{raw.Leaf}, nil); ok {
		t.Error("a certificate is taken without a CA")
	}
}

// TestReloadOverTheDoorThatItCloses: who removes his own way in still gets the
// answer, and what he asked for is done.
func TestReloadOverTheDoorThatItCloses(t *testing.T) {
	src := newFake()
	o := online(t, src, nil)
	src.reload = func(context.Context) error {
		o.Reach(Remote{})
		return nil
	}
	got := o.ask(t, o.client(t, ""), "POST", "/api/v1/reload", "", with(adminToken))
	if got.code != 200 || !strings.Contains(string(got.body), `"done":"reloaded"`) {
		t.Errorf("%d %s", got.code, got.body)
	}
	eventually(t, "the door closes", func() bool { return !listens(o.addr) })
}

// TestConnect: the client of carpctl over TCP, and what it says when it cannot.
func TestConnect(t *testing.T) {
	o := online(t, planted("x"), nil)
	o.issue(t, "jane", x509.ExtKeyUsageClientAuth, time.Now().Add(time.Hour))
	token := o.authority.path("token")
	if err := os.WriteFile(token, []byte(readToken+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	at := Address{Server: "https://" + o.addr, CA: o.authority.path("ca.crt")}
	withToken, withCert, untrusting := at, at, at
	withToken.TokenFile = token
	withCert.Certificate, withCert.Key = o.authority.path("jane.crt"), o.authority.path("jane.key")
	untrusting.CA = ""
	for name, c := range map[string]struct {
		at   Address
		ask  func(*Client) error
		want string
	}{
		"a token":         {withToken, askStatus, ""},
		"a certificate":   {withCert, askReload, ""},
		"nothing":         {at, askStatus, "carpd at " + o.addr + ": who are you? A token or a certificate is needed"},
		"a token to look": {withToken, askReload, "carpd at " + o.addr + ": nagios may only look: that takes the role admin"},
		"no trust":        {untrusting, askStatus, "carpd at " + o.addr + ": its certificate is not trusted: tls: failed to verify certificate: x509: certificate signed by unknown authority"},
		"nobody there":    {Address{Server: "https://" + freeAddr(t)}, askStatus, "nobody listens on https://127.0.0.1:"},
	} {
		client, err := Connect(c.at)
		if err != nil {
			t.Fatal(err)
		}
		switch err := c.ask(client); {
		case c.want == "" && err != nil:
			t.Errorf("%s: %v", name, err)
		case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
	}
	client, err := Connect(withToken)
	if err != nil {
		t.Fatal(err)
	}
	if ids, err := collect(t.Context(), client, 0, 1); !errors.Is(err, errEnough) || len(ids) != 1 {
		t.Errorf("Follow over TCP: %v, %v", ids, err)
	}
}

func askStatus(c *Client) error { _, err := c.Status(context.Background()); return err }

func askReload(c *Client) error {
	_, err := c.Reload(context.Background(), status.ReloadRequest{})
	return err
}
