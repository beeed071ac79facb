package web

import (
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"github.com/rs/zerolog"

	"github.com/carpd/carpd/internal/control"
	"github.com/carpd/carpd/test/browser"
)

// desk is a source that is edited in a real browser. Nobody answers while a
// test looks at it or changes it.
type desk struct {
	*editor
	mu  sync.Mutex
	url string
}

func (d *desk) with(do func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	do()
}

func (d *desk) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.HasPrefix(r.URL.Path, "/api/") {
		w.WriteHeader(http.StatusNoContent) // it has no stream: the page is asked for in turn
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	New(d.editor, func(*http.Request) control.Caller { return admin }, zerolog.Nop()).ServeHTTP(w, r)
}

// sit starts a desk and a browser before it.
func sit(t *testing.T, v browser.View) (*desk, *browser.Tab) {
	t.Helper()
	if _, err := exec.LookPath("chromium"); err != nil {
		t.Skip("needs chromium: ", err)
	}
	d := &desk{editor: newEditor()}
	srv := httptest.NewServer(d)
	b, err := browser.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Error(err)
		}
		srv.CloseClientConnections()
		srv.Close()
	})
	tab, err := b.Tab(v)
	must(t, err)
	t.Cleanup(tab.Close)
	d.url = srv.URL
	return d, tab
}

// inspect looks at what is shown: axe-core finds nothing, and no page scrolls sideways.
func inspect(t *testing.T, tab *browser.Tab, where string) {
	t.Helper()
	holds(t, tab, `document.querySelectorAll("details").forEach(d => { d.open = true }) || true`)
	holds(t, tab, `document.documentElement.scrollWidth <= innerWidth`)
	found, err := tab.Axe()
	must(t, err)
	for _, f := range found {
		t.Errorf("%s on %s: %s", where, tab.View.Name, f)
	}
	if list := tab.Problems(); len(list) > 0 {
		t.Errorf("%s on %s, in the console: %q", where, tab.View.Name, list)
	}
}

// TestEditingForEverybody: the pages that edit, with all they can have on them,
// on a narrow phone in the dark and on a desk in the light.
func TestEditingForEverybody(t *testing.T) {
	narrow := browser.View{Name: "narrow", Width: 360, Height: 740, Touch: true}
	for _, v := range []browser.View{browser.Desktop, narrow.InTheDark()} {
		d, tab := sit(t, v)
		must(t, tab.Open(d.url+"/sync"))
		inspect(t, tab, "/sync, off")
		d.with(func() { d.pend(); d.try(); d.share() })
		for _, path := range []string{"/vips", "/vips/edit", "/vips/edit?name=2@eth0", "/vips/edit?name=4@eth0", "/settings", "/settings/reference", "/sync"} {
			must(t, tab.Open(d.url+path))
			inspect(t, tab, path)
		}
		must(t, tab.Open(d.url+"/vips/edit"))
		must(t, tab.Fill("#addresses", "192.0.2.0/24"))
		tab.Expect(http.StatusUnprocessableEntity)
		must(t, tab.Fill("#password", "goat"))
		must(t, tab.Fill("#password_again", "goat"))
		must(t, tab.Press("#vip-form button.main"))
		holds(t, tab, `document.activeElement.id === "faults" && location.pathname === "/do/vips/save"`)
		inspect(t, tab, "a form with faults")
		d.with(func() { d.fails = control.Conflict("changed meanwhile", "--- a\n+++ b\n-x\n+y\n") })
		must(t, tab.Open(d.url+"/vips/edit?name=1@eth0"))
		must(t, tab.Fill("#advskew", "7"))
		tab.Expect(http.StatusConflict)
		must(t, tab.Press("#vip-form button.main"))
		holds(t, tab, `document.activeElement.id === "conflict" && document.getElementById("advskew").value === "7"`)
		inspect(t, tab, "a conflict")
	}
}

// TestEditorScript: the free VHID of the interface that is chosen is proposed
// until one is typed; passwords that differ are not sent.
func TestEditorScript(t *testing.T) {
	d, tab := sit(t, browser.Desktop)
	must(t, tab.Open(d.url+"/vips/edit"))
	holds(t, tab, `document.getElementById("vhid").value === "3"`)
	must(t, tab.Choose("#carpdev", "eth1"))
	holds(t, tab, `document.getElementById("vhid").value === "1"`)
	must(t, tab.Fill("#vhid", "77"))
	must(t, tab.Choose("#carpdev", "eth0"))
	holds(t, tab, `document.getElementById("vhid").value === "77"`)
	must(t, tab.Fill("#password", "short"))
	holds(t, tab, `document.getElementById("password-note").textContent.includes("easily guessed")`)
	must(t, tab.Fill("#password", "twenty bytes or more of it"))
	holds(t, tab, `document.getElementById("password-note").textContent.includes("the first 19 count")`)
	must(t, tab.Fill("#password_again", "twenty bytes or more of IT"))
	holds(t, tab, `!document.getElementById("vip-form").checkValidity()`)
	must(t, tab.Fill("#password_again", "twenty bytes or more of it"))
	must(t, tab.Fill("#addresses", "192.0.2.77/24"))
	holds(t, tab, `document.getElementById("vip-form").checkValidity()`)
}

// TestEditingWithoutScript: everything is there and works, with nothing but HTML.
func TestEditingWithoutScript(t *testing.T) {
	d, tab := sit(t, browser.Phone.WithoutScript())
	d.with(d.pend)
	must(t, tab.Open(d.url+"/vips/edit"))
	must(t, tab.Fill("#addresses", "192.0.2.77/24"))
	must(t, tab.Fill("#password", "goat-of-the-year"))
	must(t, tab.Fill("#password_again", "goat-of-the-year"))
	must(t, tab.Press("#vip-form button.main"))
	text, err := tab.Text(".flash")
	must(t, err)
	if !strings.Contains(text, "3@eth0 is added by the pending changes") {
		t.Errorf("%q", text)
	}
	must(t, tab.Press(`form[action="/do/apply"] button.main`))
	d.with(func() {
		if len(d.added) != 1 || d.added[0].Edit.Addresses[0] != "192.0.2.77/24" || len(d.applied) != 1 || d.applied[0].Base != "sha256:bbbb" {
			t.Errorf("%+v, %+v", d.added, d.applied)
		}
	})
}

// TestBannerIsRenewed: a change that somebody else makes shows on a page that is
// open, and a button then speaks of what is shown. The time to confirm counts down.
func TestBannerIsRenewed(t *testing.T) {
	d, tab := sit(t, browser.Desktop)
	must(t, tab.Open(d.url+"/vips/edit"))
	must(t, tab.Fill("#description", "half typed"))
	d.with(d.pend)
	must(t, tab.WaitUntil(`document.querySelector("#pending [name=base]")?.value === "sha256:bbbb"`))
	d.with(func() { d.cfg.Pending.Hash, d.cfg.Hash = "sha256:cccc", "sha256:cccc" })
	must(t, tab.WaitUntil(`document.querySelector("#pending [name=base]").value === "sha256:cccc"`))
	d.with(d.try)
	must(t, tab.WaitUntil(`document.getElementById("left")`))
	holds(t, tab, `(window.left = parseInt(document.getElementById("left").textContent)) > 30`)
	must(t, tab.WaitUntil(`parseInt(document.getElementById("left").textContent) < window.left - 1`))
	holds(t, tab, `document.getElementById("description").value === "half typed"`)
}
