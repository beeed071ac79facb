package test

import (
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/carpd/carpd/internal/web"
	"github.com/carpd/carpd/test/browser"
)

// looks are all pages, with a name for their pictures and words that must be
// read there: those of the lab's groups, of what is wrong, and of what can be
// done.
var looks = []struct {
	name, path string
	words      []string
}{
	{"status", "/", []string{"1@eth0", "2@eth0", "9@eth9", "MASTER", "BACKUP", "INIT", "backup-job", "bad digest", "192.0.2.1", "00:00:5e:00:01:01", "clients", "guests"}},
	{"vips", "/vips", []string{"192.0.2.1/24", "192.0.2.2/24", "198.51.100.9/24", "eth0", "100 / 1", "clients", "this node only"}},
	{"vip-new", "/vips/edit", []string{"VHID", "Password once more", "0 usually means master", "Description"}},
	{"vip-edit", "/vips/edit?name=2%40eth0", []string{"2@eth0", "Leave it empty to keep"}},
	{"settings", "/settings", []string{"log_level", "debug", "boss", "guest", ":8443"}},
	{"reference", "/settings/reference", []string{"advskew", "preempt"}},
	{"sync", "/sync", []string{"join"}},
	{"dataplane", "/dataplane", []string{"eth0", "carp_groups"}},
	{"log", "/log", []string{"1@eth0", "BACKUP"}},
}

// TestPagesCanBeLookedAt opens every page of the node with the most trouble on
// every screen, in light and dark, with script and without. It reads what must
// be there, takes a picture for people to look at, has axe-core judge it, and
// on no screen a page is wider than the screen.
func TestPagesCanBeLookedAt(t *testing.T) {
	s := newStand(t)
	views := []browser.View{browser.Desktop, browser.Phone, browser.Desktop.InTheDark(), browser.Phone.InTheDark(), browser.Phone.WithoutScript()}
	for _, view := range views {
		t.Run(view.Name, func(t *testing.T) {
			p := newPage(t, view, s.urls[1])
			p.to("/login")
			p.picture("login")
			p.fill("#token", adminToken)
			p.press("form[action='/login'] button")
			for _, l := range looks {
				p.to(l.path)
				p.must(p.Screenshot(picture(l.name, view)))
				p.open()
				p.says(l.words...)
				p.picture(l.name + "-open")
				p.fits()
				p.hasNoOtherForms()
			}
		})
	}
	path, _ := filepath.Abs(pictures)
	t.Log("look at the pages: ", path)
}

// open opens everything that can be unfolded.
func (p *page) open() {
	p.t.Helper()
	_, err := p.Holds(`document.querySelectorAll("details").forEach(d => d.open = true)`)
	p.must(err)
}

// hasNoOtherForms checks that every button of the page belongs to a form that
// leads to a route, or is known to change nothing but the page itself.
func (p *page) hasNoOtherForms() {
	p.t.Helper()
	known := []string{"/login", "/logout", "/log", "#theme"}
	for _, r := range web.Routes() {
		if r.Method == http.MethodPost {
			known = append(known, r.Path)
		}
	}
	found, err := p.Strings(`[...document.querySelectorAll("button")].map(b => b.getAttribute("formaction") || b.form?.getAttribute("action") || "#" + b.id)`)
	p.must(err)
	for _, f := range found {
		if !slices.Contains(known, f) {
			p.t.Errorf("%s: nobody knows the button of %s", p.at(), f)
		}
	}
}

// fits checks that nobody has to scroll sideways.
func (p *page) fits() {
	p.t.Helper()
	wide, err := p.Strings(`document.documentElement.scrollWidth <= innerWidth ? [] : [...document.body.querySelectorAll("*")]
		.filter(e => e.getBoundingClientRect().right > innerWidth + 1).map(e => e.outerHTML.slice(0, 120))`)
	p.must(err)
	if len(wide) > 0 {
		p.t.Errorf("%s: %s is wider than the screen: %s", p.View.Name, p.at(), strings.Join(wide, "\n    "))
	}
}

// TestNoPageIsLeftOut: whoever adds a page looks at it.
func TestNoPageIsLeftOut(t *testing.T) {
	for _, r := range web.Routes() {
		if r.Method != http.MethodGet || strings.HasPrefix(r.Path, "/static/") || r.Path == "/login" {
			continue
		}
		if !slices.ContainsFunc(looks, func(l struct {
			name, path string
			words      []string
		}) bool {
			path, _, _ := strings.Cut(l.path, "?")
			return path == r.Path
		}) {
			t.Errorf("no test looks at %s", r.Path)
		}
	}
}
