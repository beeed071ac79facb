package control

import (
	"bytes"
	"encoding/base64"
	"net/http"
	"net/netip"
	"os"
	"strings"
	"testing"
	"time"
)

// TestOtherNamesAreRefused: a browser that was led here by the name of another
// site is no friend, whatever it shows.
func TestOtherNamesAreRefused(t *testing.T) {
	o := online(t, newFake(), nil)
	own, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	for host, want := range map[string]int{
		o.addr: 200, "127.0.0.1": 200, "[::1]:8443": 200, "localhost:1": 200, "carpd.example": 200, "CARPD.example:8443": 200, own: 200,
		"evil.example": 421, "127.0.0.1.evil.example": 421, "x": 421,
	} {
		got := o.ask(t, o.client(t, ""), "GET", "/api/v1/status", "", func(r *http.Request) { with(readToken)(r); r.Host = host })
		if got.code != want {
			t.Errorf("TLS as %s: %d %s, want %d", host, got.code, got.body, want)
		}
	}
	for host, want := range map[string]int{"carpd": 200, "localhost": 200, "127.0.0.1:8080": 200, "[::1]": 200, "evil.example": 421, "evil.example:80": 421} {
		got := local(t, o.path, "GET", "/api/v1/status", func(r *http.Request) { r.Host = host })
		if got != want {
			t.Errorf("the socket as %s: %d, want %d", host, got, want)
		}
	}
}

// local asks at a socket with a changed request.
func local(t *testing.T, path, method, url string, change func(*http.Request)) int {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, "http://carpd"+url, nil)
	if err != nil {
		t.Fatal(err)
	}
	change(req)
	resp, err := Dial(path).http.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	return resp.StatusCode
}

// TestOtherSitesChangeNothing: over TCP and at the socket, for the API, the
// pages and the session; who is no browser says nothing of a site and may.
func TestOtherSitesChangeNothing(t *testing.T) {
	src := planted("x")
	o := online(t, src, nil)
	session := o.login(t, adminToken)
	for name, c := range map[string]struct {
		set  func(http.Header)
		fine bool
	}{
		"another site":              {func(h http.Header) { h.Set("Sec-Fetch-Site", "cross-site") }, false},
		"another name of this site": {func(h http.Header) { h.Set("Sec-Fetch-Site", "same-site") }, false},
		"an old browser":            {func(h http.Header) { h.Set("Origin", "https://evil.example") }, false},
		"a page without an origin":  {func(h http.Header) { h.Set("Origin", "null") }, false},
		"our own page":              {func(h http.Header) { h.Set("Sec-Fetch-Site", "same-origin") }, true},
		"our own page, old browser": {func(h http.Header) { h.Set("Origin", "https://"+o.addr) }, true},
		"no browser":                {func(http.Header) {}, true},
	} {
		for _, to := range []string{"POST /api/v1/announce", "DELETE /api/v1/maintenance", "POST /do/x", "POST /logout"} {
			method, url, _ := strings.Cut(to, " ")
			if url == "/logout" && c.fine {
				continue
			}
			got := o.ask(t, o.client(t, ""), method, url, "", func(r *http.Request) { r.AddCookie(session); c.set(r.Header) })
			changed := len(src.changes()) > 0
			if refused := got.code == http.StatusForbidden; refused == c.fine || changed && refused {
				t.Errorf("%s by %s: %d %s, changed %t", to, name, got.code, got.body, changed)
			}
		}
		if name == "our own page, old browser" {
			continue // The socket has no such name.
		}
		code := local(t, o.path, "POST", "/api/v1/announce", func(r *http.Request) { c.set(r.Header) })
		if changed := len(src.changes()) > 0; changed != c.fine || (code == 200) != c.fine {
			t.Errorf("at the socket by %s: %d, changed %t", name, code, changed)
		}
	}
	if got := o.as(t, session); got != "page for admin" {
		t.Errorf("the session ended: %s", got)
	}
}

// TestHeadersForBrowsers: on every answer, refusals too.
func TestHeadersForBrowsers(t *testing.T) {
	o := online(t, newFake(), nil)
	for _, url := range []string{"/api/v1/status", "/api/v1/nonsense", "/"} {
		for _, change := range []func(*http.Request){nil, with(readToken)} {
			got := o.ask(t, o.client(t, ""), "GET", url, "", change)
			for name, want := range map[string]string{
				"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY",
				"Referrer-Policy": "no-referrer", "Cross-Origin-Resource-Policy": "same-origin",
				"Content-Security-Policy":     "default-src 'none'; frame-ancestors 'none'",
				"Access-Control-Allow-Origin": "", "Server": "",
			} {
				if have := got.header.Get(name); have != want {
					t.Errorf("GET %s: %s is %q, want %q", url, name, have, want)
				}
			}
		}
	}
}

// TestSecretsStayIn plants secrets in everything that a server knows or is told
// of itself and looks for them in every answer and in the log.
func TestSecretsStayIn(t *testing.T) {
	const mark = "S3cret-of-9"
	src := planted("x")
	o := online(t, src, func(s *Server) { s.failures = newRates(1e6, 1e6) })
	r := o.reachable(o.addr)
	r.Tokens = append(r.Tokens, Token{"marked", Admin, HashToken("carp_" + mark)})
	o.Reach(r)
	key, err := os.ReadFile(o.authority.path("server.key"))
	if err != nil {
		t.Fatal(err)
	}
	session := o.login(t, "carp_"+mark)
	var seen bytes.Buffer
	bodies := []string{
		"", `{"edit":{"password":"` + mark + `"}}`, `{"edit":{"password":7},"` + mark + `":1}`, `{"token":"` + mark + `"}`,
		`{"token":["` + mark + `"]}`, `"` + mark + `"`, mark, `{"password":"` + mark, `{"reason":"x"}{"password":"` + mark + `"}`,
	}
	for _, to := range routes {
		if to.stream != "" {
			continue
		}
		for _, body := range bodies {
			for _, change := range []func(*http.Request){
				with("carp_" + mark), with(mark), func(r *http.Request) { r.AddCookie(session) }, with(adminHash + mark),
				func(r *http.Request) { r.SetBasicAuth(mark, mark) },
			} {
				got := o.ask(t, o.client(t, ""), to.method, prefix+to.path, body, change)
				seen.Write(got.body)
				_ = got.header.Write(&seen)
			}
		}
	}
	for what, secret := range map[string]string{
		"a secret": mark, "a digest": strings.TrimPrefix(HashToken("carp_"+mark), "sha256:"), "another digest": strings.TrimPrefix(adminHash, "sha256:"),
		"a session": session.Value, "the key": strings.Split(string(key), "\n")[1], "a secret in base64": base64.StdEncoding.EncodeToString([]byte(mark))[:12],
	} {
		if i := strings.Index(seen.String(), secret); i >= 0 {
			t.Errorf("%s is in an answer: %s", what, seen.String()[max(0, i-200):i+50])
		}
		if i := strings.Index(o.log.String(), secret); i >= 0 {
			t.Errorf("%s is in the log: %s", what, o.log.String()[max(0, i-200):i+50])
		}
	}
	if seen.Len() < 10000 || !strings.Contains(o.log.String(), "marked") {
		t.Error("the test saw next to nothing")
	}
}

// TestRequestsAreLimitedByAddress: one who asks too much is told so, and others
// are not held back.
func TestRequestsAreLimitedByAddress(t *testing.T) {
	o := online(t, newFake(), func(s *Server) { s.requests = newRates(0.001, 3) })
	for i := range 5 {
		got := o.ask(t, o.client(t, ""), "GET", "/api/v1/status", "", with(readToken))
		if want := []int{200, 200, 200, 429, 429}[i]; got.code != want {
			t.Errorf("request %d: %d, want %d", i, got.code, want)
		}
	}
	if got := request(t, o.path, "GET", "/api/v1/status", nil); got.code != 200 {
		t.Errorf("at the socket: %d", got.code)
	}
}

func TestRatesAreBounded(t *testing.T) {
	r, now := newRates(0.001, 1), time.Now()
	first := hostOf(netip.MustParseAddr("192.0.2.1"))
	if !r.Take(first, now) || r.Take(first, now) || r.Has(first, now) {
		t.Error("one may ask more than once")
	}
	for i := range uint32(maxAddresses) {
		r.Take(netip.PrefixFrom(netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)}), 32), now)
	}
	if r.Callers() != 4096 {
		t.Errorf("%d addresses are remembered", r.Callers())
	}
	if !r.Has(first, now) {
		t.Error("the idlest address was not the one that was forgotten")
	}
}

// TestHosts: what counts as one.
func TestHosts(t *testing.T) {
	for addr, want := range map[string]string{
		"192.0.2.1": "192.0.2.1/32", "::ffff:192.0.2.1": "192.0.2.1/32", "2001:db8:1:2:3:4:5:6": "2001:db8:1:2::/64", "fe80::1%eth0": "fe80::/64",
	} {
		if got := hostOf(netip.MustParseAddr(addr)).String(); got != want {
			t.Errorf("%s is of %s, want %s", addr, got, want)
		}
	}
}
