package browser

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strings"
	"testing"
)

// pages are each wrong in one way, and one is not.
var pages = map[string]string{
	"/good":      `<p>Text that can be read.</p>`,
	"/console":   `<script>console.error("said", 42)</script>`,
	"/warning":   `<script>console.warn("warned")</script>`,
	"/exception": `<script>nothing.there()</script>`,
	"/policy":    `<p style="color: red">Red.</p>`,
	"/missing":   `<link rel="stylesheet" href="/none.css">`,
	"/refused":   `<script>fetch("http://127.0.0.1:1/")</script>`,
	"/label":     `<input type="text" name="a">`,
	"/contrast":  `<p><span class="pale">Text that can hardly be read.</span></p>`,
}

// want is what the instrument has to find.
var want = map[string]string{
	"/console":   `console.error: "said" 42`,
	"/warning":   `console.warning: "warned"`,
	"/exception": "ReferenceError: nothing is not defined",
	"/policy":    "Content Security Policy",
	"/missing":   "answer 404:",
	"/refused":   "failed: GET http://127.0.0.1:1/",
}

// serve answers with the pages.
func serve(w http.ResponseWriter, r *http.Request) {
	body, ok := pages[r.URL.Path]
	if !ok {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	if r.URL.Path == "/policy" {
		w.Header().Set("Content-Security-Policy", "default-src 'self'")
	}
	fmt.Fprintf(w, `<!DOCTYPE html><html lang="en"><head><title>Page</title><link rel="icon" href="data:,">
<style>.pale { color: #ddd; background: #fff }</style></head><body><main><h1>Page</h1>%s</main></body></html>`, body)
}

// newTab starts a browser and opens a tab in it.
func newTab(t *testing.T, v View) *Tab {
	t.Helper()
	if _, err := exec.LookPath("chromium"); err != nil {
		t.Skip("needs chromium: ", err)
	}
	b, err := Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	})
	tab, err := b.Tab(v)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(tab.Close)
	return tab
}

// TestNothingThatGoesWrongIsMissed: of each page that is wrong in one way the
// instrument says so, and of the good one nothing.
func TestNothingThatGoesWrongIsMissed(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(serve))
	defer srv.Close()
	tab := newTab(t, Desktop)
	for path := range pages {
		if err := tab.Open(srv.URL + path); err != nil {
			t.Fatal(err)
		}
		_, err := tab.Axe() // What comes after the load has come when this is done.
		if err != nil {
			t.Fatal(err)
		}
		found := strings.Join(tab.Problems(), "\n")
		if w := want[path]; (w == "") != (found == "") || !strings.Contains(found, w) {
			t.Errorf("%s: found %q, want %q", path, found, w)
		}
	}
}

// TestAxeFindsWhatIsSerious and nothing in a page that is in order.
func TestAxeFindsWhatIsSerious(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(serve))
	defer srv.Close()
	tab := newTab(t, Phone.InTheDark())
	for path, rule := range map[string]string{"/good": "", "/label": "label", "/contrast": "color-contrast"} {
		if err := tab.Open(srv.URL + path); err != nil {
			t.Fatal(err)
		}
		list, err := tab.Axe()
		if err != nil {
			t.Fatal(err)
		}
		switch {
		case rule == "" && len(list) > 0:
			t.Errorf("%s: %v", path, list)
		case rule != "" && (len(list) != 1 || list[0].ID != rule || !list[0].Serious()):
			t.Errorf("%s: %v, want %s", path, list, rule)
		}
	}
}

// TestAnExpectedRefusalIsNoProblem, and any other one still is.
func TestAnExpectedRefusalIsNoProblem(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		if r.Method == http.MethodPost {
			w.WriteHeader(http.StatusUnprocessableEntity)
		}
		fmt.Fprint(w, `<!DOCTYPE html><html lang="en"><link rel="icon" href="data:,"><title>Form</title><form method="post">
<label>Name <input name="name" value="old"></label> <button>Send</button></form>`)
	}))
	defer srv.Close()
	tab := newTab(t, Phone)
	for _, c := range []struct{ status, problems int }{{0, 2}, {422, 0}, {404, 2}} {
		tab.Expect(c.status)
		for _, err := range []error{tab.Open(srv.URL), tab.Fill("input", "new"), tab.Press("button")} {
			if err != nil {
				t.Fatal(err)
			}
		}
		if _, err := tab.Axe(); err != nil {
			t.Fatal(err)
		}
		if found := tab.Problems(); len(found) != c.problems {
			t.Errorf("with %d expected: %q", c.status, found)
		}
	}
}
