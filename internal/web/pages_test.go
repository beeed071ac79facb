package web

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/rs/zerolog"

	"github.com/carpd/carpd/internal/control"
)

// request sends one request as a caller and gives the answer. Headers are pairs.
func request(src control.Source, who control.Caller, method, path string, form url.Values, headers ...string) *httptest.ResponseRecorder {
	h := New(src, func(*http.Request) control.Caller { return who }, zerolog.Nop())
	r := httptest.NewRequest(method, path, strings.NewReader(form.Encode()))
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

var (
	nobody = control.Caller{}
	reader = control.Caller{Role: control.ReadOnly, Name: "eve"}
	admin  = control.Caller{Role: control.Admin, Name: "ann"}
)

// TestEveryRouteNeedsItsRole: who may not, gets no page and changes nothing.
func TestEveryRouteNeedsItsRole(t *testing.T) {
	open := []string{"/login", "/static/style.css"}
	posts := 0
	for _, r := range Routes() {
		path := strings.ReplaceAll(r.Path, "{file}", "style.css")
		if r.Method == http.MethodPost {
			posts++
			checkPost(t, path)
			continue
		}
		got := request(newFake(), nobody, r.Method, path, nil)
		if path == open[0] || path == open[1] {
			if got.Code != http.StatusOK {
				t.Errorf("%s %s as nobody: %d", r.Method, path, got.Code)
			}
			continue
		}
		if to := got.Header().Get("Location"); got.Code != http.StatusSeeOther || to != "/login?next="+url.QueryEscape(path) || got.Body.Len() > 200 {
			t.Errorf("%s %s as nobody: %d, to %q", r.Method, path, got.Code, to)
		}
	}
	if posts < 8 {
		t.Errorf("%d forms only", posts)
	}
}

// checkPost is the part of who may change nothing.
func checkPost(t *testing.T, path string) {
	t.Helper()
	for who, want := range map[control.Caller]int{nobody: http.StatusUnauthorized, reader: http.StatusForbidden} {
		src := newFake()
		got := request(src, who, http.MethodPost, path, url.Values{"group": {"1@eth0"}, "name": {"uplink"}, "weight": {"1"}})
		if got.Code != want || len(src.asked) > 0 {
			t.Errorf("POST %s as %v: %d, and it did %v", path, who.Role, got.Code, src.asked)
		}
		if !strings.Contains(got.Body.String(), "Nothing was changed.") {
			t.Errorf("POST %s as %v does not say that nothing was changed", path, who.Role)
		}
	}
}

// TestOtherSitesChangeNothing, with the browser of an administrator either.
func TestOtherSitesChangeNothing(t *testing.T) {
	for _, headers := range [][]string{
		{"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Site", "same-site"},
		{"Origin", "https://evil.example"}, {"Origin", "null"},
	} {
		src := newFake()
		got := request(src, admin, http.MethodPost, "/do/disable", url.Values{"group": {""}}, headers...)
		if got.Code != http.StatusForbidden || len(src.asked) > 0 {
			t.Errorf("%v: %d, and it did %v", headers, got.Code, src.asked)
		}
	}
	src := newFake()
	if got := request(src, admin, http.MethodPost, "/do/disable", url.Values{"group": {""}}, "Sec-Fetch-Site", "same-origin"); got.Code != http.StatusSeeOther || len(src.asked) != 1 {
		t.Errorf("from our own page: %d, and it did %v", got.Code, src.asked)
	}
}

// TestMethodsAndPaths that there are not.
func TestMethodsAndPaths(t *testing.T) {
	for _, c := range []struct {
		method, path string
		want         int
	}{
		{"GET", "/nothing", 404}, {"GET", "/static/nothing.css", 404}, {"GET", "/static/../web.go", 404},
		{"GET", "/do/disable", 404}, {"PUT", "/", 404}, {"POST", "/", 404}, {"POST", "/do/nothing", 404},
	} {
		src := newFake()
		got := request(src, admin, c.method, c.path, nil)
		if got.Code != c.want && got.Code/100 != 3 || len(src.asked) > 0 {
			t.Errorf("%s %s: %d, want %d", c.method, c.path, got.Code, c.want)
		}
	}
}

var inline = regexp.MustCompile(`(?i)<style|\sstyle=|<script(?:>|\s+(?:[^s>]|s[^r]))|\son[a-z]+=|javascript:`)

// TestPolicy: every answer, a refusal too, forbids what is not ours, and no page
// has anything inline that the policy would stop.
func TestPolicy(t *testing.T) {
	const want = "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
	src := newFake()
	src.cluster = plantCluster()
	for _, path := range []string{"/", "/log", "/login", "/dataplane", "/static/page.js", "/nothing", "/?span=24h"} {
		got := request(src, admin, "GET", path, nil)
		h := got.Header()
		if h.Get("Content-Security-Policy") != want || h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Referrer-Policy") != "same-origin" {
			t.Errorf("%s: headers %v", path, h)
		}
		if !strings.HasPrefix(path, "/static") {
			if found := inline.FindString(got.Body.String()); found != "" {
				t.Errorf("%s has %q", path, found)
			}
			if h.Get("Cache-Control") != "no-store" {
				t.Errorf("%s may be kept: %s", path, h.Get("Cache-Control"))
			}
		}
	}
}

// TestStaticFilesAreKept for good under the address that a page uses, and asked
// for again under any other.
func TestStaticFilesAreKept(t *testing.T) {
	page := request(newFake(), nobody, "GET", "/login", nil).Body.String()
	link := regexp.MustCompile(`/static/style\.css\?[0-9a-f]{16}`).FindString(page)
	got := request(newFake(), nobody, "GET", link, nil)
	if got.Code != 200 || got.Header().Get("Cache-Control") != "public, max-age=31536000, immutable" || got.Header().Get("Content-Type") != "text/css; charset=utf-8" {
		t.Fatalf("%s: %d %v", link, got.Code, got.Header())
	}
	tag := got.Header().Get("ETag")
	again := request(newFake(), nobody, "GET", "/static/style.css", nil, "If-None-Match", tag)
	if again.Code != http.StatusNotModified || again.Body.Len() > 0 || again.Header().Get("Cache-Control") != "no-cache" {
		t.Errorf("with its tag: %d, %d bytes", again.Code, again.Body.Len())
	}
	if other := request(newFake(), nobody, "GET", "/static/style.css?0000000000000000", nil); other.Header().Get("Cache-Control") != "no-cache" {
		t.Errorf("under the hash of another release it may be kept: %v", other.Header())
	}
}

// TestDoneIsToldOnce: after a form comes a redirect; the page then tells what was
// done, once, to the person and not to the script.
func TestDoneIsToldOnce(t *testing.T) {
	src := newFake()
	got := request(src, admin, "POST", "/do/disable", url.Values{"group": {"1@eth0"}})
	if got.Code != http.StatusSeeOther || got.Header().Get("Location") != "/" {
		t.Fatalf("%d to %q", got.Code, got.Header().Get("Location"))
	}
	c := got.Result().Cookies()[0]
	if !c.HttpOnly || c.SameSite != http.SameSiteStrictMode || c.MaxAge != 60 {
		t.Errorf("the cookie is %v", c)
	}
	const said = "1@eth0 is disabled until it is enabled or carpd is restarted."
	script := request(src, admin, "GET", "/", nil, "Cookie", c.String(), "X-Carpd-Live", "1")
	if strings.Contains(script.Body.String(), said) || len(script.Result().Cookies()) > 0 {
		t.Error("the script took the message")
	}
	page := request(src, admin, "GET", "/", nil, "Cookie", c.String())
	if !strings.Contains(page.Body.String(), `<p class="flash" role="status">`+said) {
		t.Error("the page does not tell")
	}
	if gone := page.Result().Cookies(); len(gone) != 1 || gone[0].MaxAge >= 0 {
		t.Errorf("the message stays: %v", gone)
	}
}

// TestSignedIn names the caller, and lets him out who came in here.
func TestSignedIn(t *testing.T) {
	for _, c := range []struct {
		who     control.Caller
		named   string
		signOut bool
	}{
		{control.Caller{Role: control.Admin, Via: "login", Name: "ann"}, "signed in as ann", true},
		{control.Caller{Role: control.Admin, Via: "socket"}, "through the local socket", false},
		{control.Caller{Role: control.ReadOnly, Via: "certificate", Name: evil}, "signed in as &lt;script&gt;", false},
	} {
		body := request(newFake(), c.who, "GET", "/log", nil).Body.String()
		if !strings.Contains(body, c.named) || strings.Contains(body, "Sign out") != c.signOut {
			t.Errorf("%v: named %v, sign out %v", c.who, strings.Contains(body, c.named), strings.Contains(body, "Sign out"))
		}
	}
}

// TestNextIsInside: signing in leads to no other site.
func TestNextIsInside(t *testing.T) {
	for next, want := range map[string]string{
		"/log?group=1%40eth0": "/log?group=1%40eth0", "": "/", "https://evil.example/": "/", "//evil.example": "/",
		`/\evil.example`: "/", "log": "/", "/a\r\nb": "/", "javascript:alert(1)": "/",
	} {
		if got := inside(next); got != want {
			t.Errorf("inside(%q) = %q, want %q", next, got, want)
		}
	}
}

// TestLargeForm is refused before it is kept.
func TestLargeForm(t *testing.T) {
	src := newFake()
	got := request(src, admin, "POST", "/do/announce", url.Values{"group": {strings.Repeat("x", 70000)}})
	if got.Code != http.StatusBadRequest || len(src.asked) > 0 {
		t.Errorf("%d, and it did %d things", got.Code, len(src.asked))
	}
}
