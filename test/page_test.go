package test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/carpd/carpd/test/browser"
)

// pictures is where the screenshots of the pages go, for a person to look at.
var pictures = filepath.Join("..", "out", "screenshots")

// theBrowser is one for all tests of a run; TestMain ends it.
var theBrowser = sync.OnceValues(func() (*browser.Browser, error) {
	hash, err := keyHash()
	if err != nil {
		return nil, err
	}
	b, err := browser.Start(hash)
	if err == nil {
		endBrowser = b.Close
	}
	return b, err
})

// endBrowser ends it, if there is one.
var endBrowser = func() error { return nil }

// page is a tab of the browser in one test. What goes wrong in it fails the test.
type page struct {
	*browser.Tab
	t   *testing.T
	url string // of the node that it shows
}

// newPage opens a tab with nothing in it.
func newPage(t *testing.T, v browser.View, url string) *page {
	t.Helper()
	b, err := theBrowser()
	if err != nil {
		t.Fatal(err)
	}
	tab, err := b.Tab(v)
	if err != nil {
		t.Fatal(err)
	}
	p := &page{tab, t, url}
	t.Cleanup(tab.Close)
	t.Cleanup(p.fine)
	return p
}

// signedIn opens a tab and signs in with a token.
func signedIn(t *testing.T, v browser.View, url, token string) *page {
	t.Helper()
	p := newPage(t, v, url)
	p.to("/login")
	p.fill("#token", token)
	p.press("form[action='/login'] button")
	p.on("/")
	return p
}

// fine fails the test when something went wrong in the tab. On a failure the
// page as it was is kept.
func (p *page) fine() {
	for _, what := range p.Problems() {
		p.t.Error("in the browser: " + what)
	}
	if p.t.Failed() {
		file := filepath.Join(os.TempDir(), "carpd-"+strings.ReplaceAll(p.t.Name(), "/", "-")+".png")
		p.t.Logf("the page at the end: %s %v", file, p.Screenshot(file))
	}
}

// must ends the test on an error.
func (p *page) must(err error) {
	p.t.Helper()
	if err != nil {
		p.t.Fatalf("%s: %v", p.View.Name, err)
	}
}

// The steps of a person; each ends the test when it cannot be done.

func (p *page) to(path string)         { p.t.Helper(); p.must(p.Open(p.url + path)) }
func (p *page) press(sel string)       { p.t.Helper(); p.must(p.Press(sel)) }
func (p *page) fill(sel, text string)  { p.t.Helper(); p.must(p.Fill(sel, text)) }
func (p *page) waitFor(sel string)     { p.t.Helper(); p.must(p.WaitFor(sel)) }
func (p *page) until(condition string) { p.t.Helper(); p.must(p.WaitUntil(condition)) }

// gone waits until the page has nothing of what sel finds.
func (p *page) gone(sel string) {
	p.t.Helper()
	p.until(fmt.Sprintf("!document.querySelector(%q)", sel))
}

// value is what is in a field.
func (p *page) value(sel string) string {
	p.t.Helper()
	list, err := p.Strings(fmt.Sprintf("[document.querySelector(%q).value]", sel))
	p.must(err)
	return list[0]
}

// on checks where the browser is.
func (p *page) on(path string) {
	p.t.Helper()
	if at := p.at(); at != p.url+path {
		p.t.Fatalf("the browser is at %s, not at %s", at, path)
	}
}

// at is the address of the page.
func (p *page) at() string {
	p.t.Helper()
	at, err := p.Address()
	p.must(err)
	return at
}

// text is what can be read in an element.
func (p *page) text(sel string) string {
	p.t.Helper()
	text, err := p.Text(sel)
	p.must(err)
	return text
}

// says checks that the page says something.
func (p *page) says(words ...string) {
	p.t.Helper()
	text := p.text("body")
	for _, w := range words {
		if !strings.Contains(text, w) {
			p.t.Errorf("%s: the page %s does not say %q", p.View.Name, p.at(), w)
		}
	}
}

// picture is the file of one.
func picture(name string, v browser.View) string {
	return filepath.Join(pictures, fmt.Sprintf("%s-%s.png", name, v.Name))
}

// picture writes a screenshot, and lets axe-core look for what keeps somebody
// from using the page.
func (p *page) picture(name string) {
	p.t.Helper()
	p.must(p.Screenshot(picture(name, p.View)))
	if p.View.NoScript {
		return
	}
	list, err := p.Axe()
	p.must(err)
	for _, f := range list {
		if f.Serious() {
			p.t.Errorf("%s of %s: %s", p.View.Name, name, f)
		} else {
			p.t.Logf("%s of %s: %s", p.View.Name, name, f)
		}
	}
}
