package control

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func (o *site) as(t *testing.T, cookie *http.Cookie) string {
	t.Helper()
	return string(o.ask(t, o.client(t, ""), "GET", "/", "", func(r *http.Request) { r.AddCookie(cookie) }).body)
}

func TestLoginMakesASession(t *testing.T) {
	o := online(t, newFake(), nil)
	cookie := o.login(t, adminToken)
	const want = "; Path=/; Max-Age=43200; HttpOnly; Secure; SameSite=Strict"
	if !strings.HasPrefix(cookie.String(), "__Host-carpd=") || !strings.HasSuffix(cookie.String(), want) || len(cookie.Value) < 26 {
		t.Errorf("the cookie is %s", cookie)
	}
	if strings.Contains(cookie.Value, adminToken) {
		t.Error("the cookie holds the token")
	}
	if got := o.as(t, cookie); got != "page for admin" {
		t.Error(got)
	}
	out := o.ask(t, o.client(t, ""), "POST", "/logout", "", func(r *http.Request) { r.AddCookie(cookie) })
	if out.code != 303 || !strings.Contains(out.header.Get("Set-Cookie"), "Max-Age=0") {
		t.Errorf("the logout: %d %v", out.code, out.header)
	}
	if got := o.as(t, cookie); got != "page for nobody" {
		t.Errorf("after the logout: %s", got)
	}
}

// TestSessionsEndWithTheirToken: what was taken from the configuration is gone
// at once, and another role counts at once.
func TestSessionsEndWithTheirToken(t *testing.T) {
	o := online(t, newFake(), nil)
	cookie := o.login(t, adminToken)
	r := o.reachable(o.addr)
	r.Tokens[1].Role = ReadOnly
	o.Reach(r)
	if got := o.as(t, cookie); got != "page for read" {
		t.Errorf("with a lesser role: %s", got)
	}
	r = o.reachable(o.addr)
	r.Tokens = r.Tokens[:1]
	o.Reach(r)
	if got := o.as(t, cookie); got != "page for nobody" {
		t.Errorf("without its token: %s", got)
	}
}

func TestWrongTokensAreNotLoggedIn(t *testing.T) {
	o := online(t, newFake(), nil)
	for range failureBurst + 2 {
		got := o.ask(t, o.client(t, ""), "POST", "/login", "token=carp_wrong&next=/", func(r *http.Request) {
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		})
		if got.code != 303 || got.header.Get("Location") != "/login?failed=1&next=%2F" || got.header.Get("Set-Cookie") != "" {
			t.Errorf("%d %v", got.code, got.header)
		}
	}
	// The right one has to wait now, too: else guessing would have no limit.
	got := o.ask(t, o.client(t, ""), "GET", "/api/v1/status", "", with(adminToken))
	if got.code != http.StatusTooManyRequests || got.header.Get("Retry-After") == "" {
		t.Errorf("after too many wrong ones: %d %v", got.code, got.header)
	}
	if n := strings.Count(o.log.String(), "a wrong token"); n != failureBurst {
		t.Errorf("%d lines about wrong tokens, want %d", n, failureBurst)
	}
}

func TestSessionsAreFewAndEnd(t *testing.T) {
	var s sessions
	remote := &Remote{Tokens: []Token{{"ops", Admin, adminHash}}}
	asked := func(cookie string) bool {
		r := httptest.NewRequest("GET", "/", nil)
		r.AddCookie(&http.Cookie{Name: sessionCookie, Value: cookie})
		_, ok := s.find(r, remote)
		return ok
	}
	now := time.Now()
	if old := s.start(adminHash, now.Add(-sessionLife-time.Second)); asked(old) {
		t.Error("a session outlives 12 hours")
	}
	first := s.start(adminHash, now)
	for range maxSessions - 1 {
		s.start(adminHash, now)
	}
	if !asked(first) {
		t.Error("the first session is gone too early")
	}
	if last := s.start(adminHash, now); asked(first) || !asked(last) || len(s.open) != 256 {
		t.Errorf("%d sessions are kept", len(s.open))
	}
}

func TestLoginLeadsNowhereElse(t *testing.T) {
	for path, want := range map[string]string{
		"/vips?x=1": "/vips?x=1", "": "/", "vips": "/", "//evil.example": "/", "https://evil.example/": "/",
		"/\\evil.example": "/", "/a\r\nSet-Cookie: x": "/", "javascript:alert(1)": "/", "/%2f/evil": "/%2f/evil",
	} {
		if got := localPath(path); got != want {
			t.Errorf("%q leads to %q, want %q", path, got, want)
		}
	}
}
