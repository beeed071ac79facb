package control

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/carpd/carpd/internal/status"
)

// gate opens one for a server with pages, and gives its address and its link.
func gate(t *testing.T, src Source) (base, link string) {
	t.Helper()
	s, err := Listen(filepath.Join(t.TempDir(), "r1.sock"), src, nop())
	if err != nil {
		t.Fatal(err)
	}
	s.Show(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "page %s %s cookies %q", r.Method, RoleOf(r), r.Header["Cookie"])
	}))
	g, err := OpenGate(Dial(run(t, s)), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- g.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Errorf("Run: %v", err)
		}
	})
	link = g.Link()
	base, _, _ = strings.Cut(link, "/enter/")
	return base, link
}

// seen is the head of an answer.
type seen struct {
	StatusCode int
	Header     http.Header
	cookies    []*http.Cookie
}

// Cookies are those that the answer sets.
func (s seen) Cookies() []*http.Cookie { return s.cookies }

// browse sends one request as a browser would.
func browse(t *testing.T, method, url string, change func(*http.Request)) (seen, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	if change != nil {
		change(req)
	}
	tr := &http.Transport{DisableKeepAlives: true}
	resp, err := tr.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return seen{resp.StatusCode, resp.Header, resp.Cookies()}, string(body)
}

func TestGateLetsOneBrowserIn(t *testing.T) {
	base, link := gate(t, newFake())
	if resp, body := browse(t, "GET", base+"/", nil); resp.StatusCode != 401 || strings.Contains(body, "page") {
		t.Errorf("without a cookie: %d %s", resp.StatusCode, body)
	}
	if resp, _ := browse(t, "GET", link+"x", nil); resp.StatusCode != 401 {
		t.Errorf("a wrong link: %d", resp.StatusCode)
	}
	resp, _ := browse(t, "GET", link, nil)
	if resp.StatusCode != 303 || resp.Header.Get("Location") != "/" || len(resp.Cookies()) != 1 {
		t.Fatalf("the link: %d %v", resp.StatusCode, resp.Header)
	}
	cookie := resp.Cookies()[0]
	if !cookie.HttpOnly || cookie.SameSite != http.SameSiteStrictMode {
		t.Errorf("the cookie is %s", cookie)
	}
	with := func(r *http.Request) {
		r.AddCookie(cookie)
		r.AddCookie(&http.Cookie{Name: "carpd_done", Value: "x"})
		r.AddCookie(&http.Cookie{Name: "another_program", Value: "secret"})
	}
	if resp, _ := browse(t, "GET", link, nil); resp.StatusCode != 401 {
		t.Errorf("the link works twice: %d", resp.StatusCode)
	}
	if resp, body := browse(t, "GET", base+"/", with); resp.StatusCode != 200 || body != `page GET admin cookies ["carpd_done=x"]` {
		t.Errorf("with the cookie: %d %s", resp.StatusCode, body)
	}
	if resp, body := browse(t, "POST", base+"/do/x", with); resp.StatusCode != 200 || !strings.HasPrefix(body, "page POST admin") {
		t.Errorf("a form: %d %s", resp.StatusCode, body)
	}
	if resp, body := browse(t, "GET", base+"/api/v1/status", with); resp.StatusCode != 200 || !strings.Contains(body, `"schema_version":1`) {
		t.Errorf("the API: %d %s", resp.StatusCode, body)
	}
}

// TestGateKeepsOtherSitesOut: with the cookie, as a browser sends it.
func TestGateKeepsOtherSitesOut(t *testing.T) {
	base, link := gate(t, newFake())
	resp, _ := browse(t, "GET", link, nil)
	for name, c := range map[string]struct {
		method string
		change func(*http.Request)
		want   int
	}{
		"the name of another site":            {"GET", func(r *http.Request) { r.Host = "evil.example:80" }, 421},
		"the address with another port":       {"GET", func(r *http.Request) { r.Host = "127.0.0.1:1" }, 421},
		"a form of another site":              {"POST", func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") }, 403},
		"a form of another port":              {"POST", func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "same-site") }, 403},
		"a form of another site, old browser": {"POST", func(r *http.Request) { r.Header.Set("Origin", "https://evil.example") }, 403},
		"a form of ours, old browser":         {"POST", func(r *http.Request) { r.Header.Set("Origin", base) }, 200},
		"a form of ours":                      {"POST", func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "same-origin") }, 200},
	} {
		got, body := browse(t, c.method, base+"/do/x", func(r *http.Request) { r.AddCookie(resp.Cookies()[0]); c.change(r) })
		if got.StatusCode != c.want {
			t.Errorf("%s: %d %s, want %d", name, got.StatusCode, body, c.want)
		}
	}
}

func TestGateListensOnTheLoopbackOnly(t *testing.T) {
	for _, listen := range []string{"0.0.0.0:0", "192.0.2.1:80", ":8080", "localhost:0", "[::]:0", "x"} {
		if g, err := OpenGate(Dial("/x.sock"), listen); err == nil {
			_ = g.listener.Close()
			t.Errorf("it listens on %s", listen)
		}
	}
}

func TestGateSaysThatTheDaemonIsDown(t *testing.T) {
	g, err := OpenGate(Dial(filepath.Join(t.TempDir(), "r1.sock")), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- g.Run(ctx) }()
	defer func() { stop(); <-ended }()
	resp, _ := browse(t, "GET", g.Link(), nil)
	got, body := browse(t, "GET", "http://"+g.listener.Addr().String(), func(r *http.Request) { r.AddCookie(resp.Cookies()[0]) })
	if got.StatusCode != 502 || !strings.HasPrefix(body, "carpd (instance r1) is not running: no socket ") {
		t.Errorf("%d %s", got.StatusCode, body)
	}
}

// TestGatePassesStreams: an event is there before the next one happens.
func TestGatePassesStreams(t *testing.T) {
	src := newFake()
	src.add(status.Event{ID: 1})
	base, link := gate(t, src)
	resp, _ := browse(t, "GET", link, nil)
	req, err := http.NewRequestWithContext(t.Context(), "GET", base+"/api/v1/events?follow=1", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.AddCookie(resp.Cookies()[0])
	stream, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Body.Close()
	buf := make([]byte, 1000)
	for id := 1; id <= 3; id++ {
		n, err := stream.Body.Read(buf)
		if err != nil || !strings.Contains(string(buf[:n]), fmt.Sprintf(`"id":%d`, id)) {
			t.Fatalf("event %d: %q, %v", id, buf[:n], err)
		}
		src.add(status.Event{ID: uint64(id + 1)})
	}
}
