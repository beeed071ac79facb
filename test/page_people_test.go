package test

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/carpd/carpd/internal/control"
	"github.com/carpd/carpd/internal/status"
	"github.com/carpd/carpd/test/browser"
)

// TestPeopleAtThePages: what readers, people without a mouse or without script,
// and those on the node itself can do. The last ones change more than the first.
func TestPeopleAtThePages(t *testing.T) {
	s := newStand(t)
	for _, part := range []struct {
		name string
		do   func(*stand)
	}{
		{"reader changes nothing", readerChangesNothing}, {"sign in and out", signInAndOut},
		{"theme is kept", themeIsKept}, {"log is filtered", logIsFiltered},
		{"keyboard is enough", keyboardIsEnough}, {"page on the node itself", pageOnTheNodeItself},
		{"page is live", pageIsLive}, {"no script is needed", noScriptIsNeeded},
	} {
		t.Run(part.name, func(t *testing.T) { s.as(t, part.do) })
	}
}

// as does something in a test of its own.
func (s *stand) as(t *testing.T, do func(*stand)) {
	was := s.t
	s.t = t
	defer func() { s.t = was }()
	do(s)
}

// readerChangesNothing: who may only read is told so, every button
// that changes something is off, and what is sent nevertheless is refused.
func readerChangesNothing(s *stand) {
	p := signedIn(s.t, browser.Desktop, s.urls[1], readerToken)
	for _, l := range looks {
		p.to(l.path)
		p.says(l.words...)
		p.waitFor("#readonly")
		on, err := p.Strings(`[...document.querySelectorAll("form[action^='/do/'] button, form[action^='/do/'] input, button[formaction]")]
			.filter(b => !b.matches(":disabled") && b.type != "hidden").map(b => b.outerHTML)`)
		p.must(err)
		if len(on) > 0 {
			s.t.Errorf("%s: a reader can press %s", l.path, strings.Join(on, "\n    "))
		}
	}
	p.picture("settings-reader")
	before := s.nodes[1].status().Groups
	p.Expect(403)
	p.to("/")
	refused, err := p.Strings(`(async () => [(await fetch("/do/disable", {method: "POST", headers: {"Content-Type": "application/x-www-form-urlencoded"}, body: "group=1@eth0"})).status + ""])()`)
	p.must(err)
	if refused[0] != "403" {
		s.t.Errorf("what a reader sends is answered with %s", refused[0])
	}
	for i, g := range s.nodes[1].status().Groups {
		if g.Disabled || g.Demotion != before[i].Demotion {
			s.t.Errorf("a reader changed %+v", g)
		}
	}
}

// signInAndOut: without a token there is nothing to see, a wrong one is
// refused, and after signing out it is as before.
func signInAndOut(s *stand) {
	p := newPage(s.t, browser.Phone, s.urls[0])
	p.to("/vips")
	p.on("/login?next=%2Fvips")
	p.fill("#token", "not-a-token")
	p.Expect(401)
	p.press("form[action='/login'] button")
	p.Expect(0)
	p.says("not known here")
	p.picture("login-refused")
	p.fill("#token", adminToken)
	p.press("form[action='/login'] button")
	p.on("/vips")
	p.says("192.0.2.1/24")
	p.press("form[action='/logout'] button")
	p.to("/")
	p.on("/login?next=%2F")
}

// pageIsLive: a page that is open shows what happens without being loaded
// again, and keeps what somebody types into it.
func pageIsLive(s *stand) {
	p := signedIn(s.t, browser.Desktop, s.urls[0], adminToken)
	_, err := p.Holds("window.stillTheSamePage = true")
	p.must(err)
	p.until(cardSays("1@eth0", "MASTER"))
	_, err = control.Post[status.Done](s.within(20*time.Second), s.nodes[0].control, "handover", status.HandOverRequest{Group: "1@eth0", For: 3600})
	s.must(err)
	p.until(cardSays("1@eth0", "BACKUP"))
	s.state(0, 1, "BACKUP")
	p.picture("status-handed-over")
	if same, err := p.Holds("window.stillTheSamePage"); err != nil || !same {
		s.t.Errorf("the page was loaded again: %v", err)
	}
}

// keyboardIsEnough: every button of the first page can be reached with the
// tabulator key, shows that it has the focus, and is pressed with enter.
func keyboardIsEnough(s *stand) {
	p := signedIn(s.t, browser.Desktop, s.urls[0], adminToken)
	p.to("/")
	p.must(p.Keys("\t"))
	if got := p.focus(); !strings.Contains(got, "Skip to the content") {
		s.t.Errorf("the first stop is %s", got)
	}
	p.tabTo("summary:has(+ " + strings.Replace(formOf("announce", "1@eth0"), ":has(", " input:is(", 1) + ")")
	p.must(p.Keys("\r")) // It unfolds, and the button is next.
	p.tabTo(formOf("announce", "1@eth0") + " button")
	p.must(p.Enter())
	p.says("is announced again")
	p.to("/vips/edit")
	for field, text := range map[string]string{"#addresses": "192.0.2.3/24", "#password": password, "#password_again": password} {
		p.tabTo(field)
		p.must(p.Keys(text))
	}
	p.tabTo("#vip-form .buttons button")
	p.must(p.Enter())
	p.on("/vips")
	p.tabTo("form[action='/do/discard'] button")
	p.must(p.Enter())
	p.gone("#pending")
}

// focus is the element that has it.
func (p *page) focus() string {
	p.t.Helper()
	list, err := p.Strings("[document.activeElement.outerHTML]")
	p.must(err)
	return list[0]
}

// tabTo presses the tabulator key until an element has the focus, and checks that
// this can be seen.
func (p *page) tabTo(sel string) {
	p.t.Helper()
	for range 200 {
		at, err := p.Holds(fmt.Sprintf("document.activeElement.matches(%q)", sel))
		p.must(err)
		if !at {
			p.must(p.Keys("\t"))
			continue
		}
		seen, err := p.Holds(`(s => s.outlineStyle != "none" && parseFloat(s.outlineWidth) > 0 || s.boxShadow != "none")(getComputedStyle(document.activeElement))`)
		p.must(err)
		if !seen {
			p.t.Errorf("nothing shows that %s has the focus", sel)
		}
		return
	}
	p.t.Fatalf("the tabulator key never comes to %s; it is at %s", sel, p.focus())
}

// noScriptIsNeeded: with scripts switched off a form of the first page and
// one of the editor do what they do with them.
func noScriptIsNeeded(s *stand) {
	v := &visit{s, signedIn(s.t, browser.Phone.WithoutScript(), s.urls[0], adminToken)}
	p := v.page
	p.unfold("form[action='/do/demotions/add']")
	p.fill("#demote-name", "test")
	p.press("form[action='/do/demotions/add'] button")
	p.waitFor(".flash")
	if d := v.demotion("test"); d == nil || d.Weight != 1 {
		s.t.Errorf("added %+v", d)
	}
	p.to("/vips/edit?name=2%40eth0")
	p.fill("#description", "visitors")
	p.press("#vip-form .buttons button")
	p.press("form[action='/do/apply']:not(.trial-form) button")
	p.waitFor(".flash")
	if got := v.nodes[0].group(2).Description; got != "visitors" {
		s.t.Errorf("the description that runs is %q", got)
	}
}

// logIsFiltered: the form shows what it asks for and nothing else.
func logIsFiltered(s *stand) {
	p := signedIn(s.t, browser.Phone, s.urls[1], readerToken)
	kinds := func() []string {
		s.t.Helper()
		list, err := p.Strings(`[...document.querySelectorAll(".log > li")].map(e => e.innerText.includes("bad digest") ? "rejected" : "other")`)
		p.must(err)
		return list
	}
	p.to("/log")
	all := len(kinds())
	if all < 4 {
		s.t.Errorf("%d events", all)
	}
	p.must(p.Choose("#kind", "rejected"))
	p.press("form.filters button")
	if got := strings.Join(kinds(), " "); got != "rejected" {
		s.t.Errorf("rejects alone: %s", got)
	}
	p.press("form.filters a.button")
	if got := len(kinds()); got < all {
		s.t.Errorf("%d events after all were asked for, %d before", got, all)
	}
}

// themeIsKept: what the button chose holds on the next page too.
func themeIsKept(s *stand) {
	p := signedIn(s.t, browser.Desktop, s.urls[0], readerToken)
	for _, theme := range []string{"light", "dark"} {
		p.must(p.Click("#theme"))
		p.until(fmt.Sprintf("document.documentElement.dataset.theme == %q", theme))
	}
	p.to("/log")
	p.until(`document.documentElement.dataset.theme == "dark" && document.getElementById("theme").innerText.includes("dark")`)
	p.picture("log-chosen-dark")
}

// pageOnTheNodeItself: carpctl web prints an address that needs no token,
// works once, and lets that browser do everything.
func pageOnTheNodeItself(s *stand) {
	web := s.Command(program(s.t, "carpctl"), "--instance", s.nodes[0].instance, "web")
	web.Log = s.File("web.log")
	s.must(web.Start())
	var link string
	s.eventually(20*time.Second, "carpctl web prints an address", func() bool {
		b, _ := os.ReadFile(web.Log)
		line, _, whole := strings.Cut(string(b), "\n")
		link = line
		return whole
	})
	base, _, _ := strings.Cut(link, "/enter/")
	p := newPage(s.t, browser.Desktop, base)
	p.must(p.Open(link))
	p.on("/")
	p.says("1@eth0", "MASTER")
	v := &visit{s, p}
	announce(v)
	other := newPage(s.t, browser.Desktop, base)
	other.Expect(401)
	other.must(other.Open(link))
	other.says("it works once")
}
