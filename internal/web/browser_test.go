package web

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/carpd/carpd/internal/control"
	"github.com/carpd/carpd/internal/status"
	"github.com/carpd/carpd/test/browser"
)

// chromium is one for all tests; each has a tab that shares nothing.
var chromium = sync.OnceValues(func() (*browser.Browser, error) {
	b, err := browser.Start()
	if err == nil {
		atTheEnd = b.Close
	}
	return b, err
})

// atTheEnd closes what the tests share.
var atTheEnd = func() error { return nil }

func TestMain(m *testing.M) {
	code := m.Run()
	if err := atTheEnd(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// stage is a fake with its pages and a stream, for a real browser.
type stage struct {
	*fake
	mu   sync.Mutex
	said chan struct{}
	off  bool // it answers no more
	url  string
}

// Status may be replaced while a browser looks.
func (s *stage) Status() *status.Snapshot {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.snap
}

// Events may be added to while a browser looks.
func (s *stage) Events(uint64) []status.Event {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.events
}

// play replaces the picture by a changed copy and tells the stream.
func (s *stage) play(change func(*status.Snapshot)) {
	s.mu.Lock()
	next := *s.snap
	next.Groups = append([]status.Group{}, s.snap.Groups...)
	change(&next)
	s.snap = &next
	s.mu.Unlock()
	s.tell()
}

// tell wakes the one who follows; a page that follows nothing fails its test soon.
func (s *stage) tell() {
	select {
	case s.said <- struct{}{}:
	case <-time.After(30 * time.Second):
	}
}

// stop makes it answer no more, as if carpd were gone.
func (s *stage) stop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.off = true
}

// stream is the events that the API sends when something changed.
func (s *stage) stream(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/event-stream")
	_ = http.NewResponseController(w).Flush()
	for {
		select {
		case <-s.said:
			fmt.Fprint(w, "event: status\ndata: {}\n\n")
			_ = http.NewResponseController(w).Flush()
		case <-r.Context().Done():
			return
		}
	}
}

func (s *stage) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	off := s.off
	s.mu.Unlock()
	switch {
	case off:
		panic(http.ErrAbortHandler)
	case r.URL.Path == "/api/v1/stream":
		s.stream(w, r)
	default:
		New(s, func(*http.Request) control.Caller { return admin }, zerolog.Nop()).ServeHTTP(w, r)
	}
}

// open starts a stage and a browser that looks at it.
func open(t *testing.T, v browser.View, path string) (*stage, *browser.Tab) {
	t.Helper()
	if _, err := exec.LookPath("chromium"); err != nil {
		t.Skip("needs chromium: ", err)
	}
	s := &stage{fake: newFake(), said: make(chan struct{})}
	srv := httptest.NewUnstartedServer(s)
	srv.Config.ErrorLog = nil
	srv.Start()
	t.Cleanup(func() {
		srv.CloseClientConnections()
		srv.Close()
	})
	b, err := chromium()
	must(t, err)
	tab, err := b.Tab(v)
	must(t, err)
	t.Cleanup(tab.Close)
	s.url = srv.URL
	must(t, tab.Open(srv.URL+path))
	return s, tab
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func holds(t *testing.T, tab *browser.Tab, expression string) {
	t.Helper()
	ok, err := tab.Holds(expression)
	must(t, err)
	if !ok {
		t.Errorf("does not hold: %s", expression)
	}
}

// TestRenewalKeepsWhatIsThePersons: what changes is brought up to date, while
// focus, what is typed, what is unfolded and the place on the page stay.
func TestRenewalKeepsWhatIsThePersons(t *testing.T) {
	s, tab := open(t, browser.Desktop, "/")
	must(t, tab.Click("#m-1_40eth0-r1-handover > summary"))
	must(t, tab.Fill("#m-1_40eth0-r1-ho-for", "45"))
	must(t, tab.Click("#d-r1-2_40eth0-2_40eth0-probe > summary"))
	must(t, tab.Click("#m-1_40eth0-r1-ho-for"))
	holds(t, tab, `(window.before = document.activeElement, window.scrollTo(0, 321), window.scrollY === 321)`)
	holds(t, tab, `(document.querySelector("#m-2_40eth0-r1-announce input[name=group]").setAttribute("value", "old"), true)`)
	s.play(func(next *status.Snapshot) {
		next.Groups[1].State, next.Groups[1].Why = "MASTER", "MASTER because of a test."
		next.Groups = append([]status.Group{{Name: "9@eth0", VHID: 9, Carpdev: "eth0", State: "INIT", Why: "It is new."}}, next.Groups...)
	})
	must(t, tab.WaitUntil(`document.getElementById("g-9_40eth0")`))
	must(t, tab.WaitUntil(`document.getElementById("m-2_40eth0-r1").textContent.includes("because of a test")`))
	holds(t, tab, `document.activeElement === window.before && window.before.id === "m-1_40eth0-r1-ho-for"`)
	holds(t, tab, `window.before.value === "45"`)
	holds(t, tab, `document.querySelector("#m-2_40eth0-r1-announce input[name=group]").value === "2@eth0"`)
	holds(t, tab, `document.getElementById("m-1_40eth0-r1-handover").open`)
	holds(t, tab, `document.getElementById("d-r1-2_40eth0-2_40eth0-probe").open`)
	holds(t, tab, `document.querySelector("#groups > article").id === "g-9_40eth0"`)
	s.play(func(next *status.Snapshot) { next.Groups = next.Groups[1:] })
	must(t, tab.WaitUntil(`!document.getElementById("g-9_40eth0")`))
	holds(t, tab, `document.activeElement === window.before && window.before.value === "45" && window.scrollY > 0`)
	if list := tab.Problems(); len(list) > 0 {
		t.Errorf("in the console: %q", list)
	}
}

// TestRefusalStaysWhileRenewed: what was wrong with a form is read to the end,
// and the page that shows it is renewed like any other.
func TestRefusalStaysWhileRenewed(t *testing.T) {
	s, tab := open(t, browser.Desktop, "/")
	tab.Expect(http.StatusUnprocessableEntity)
	must(t, tab.Click("#enter > summary"))
	must(t, tab.Fill("#enter-reason", "new fan"))
	must(t, tab.Fill("#enter-for", "30x"))
	must(t, tab.Press("#enter button"))
	must(t, tab.WaitFor("#enter .fault"))
	s.play(func(next *status.Snapshot) { next.Groups[0].Why = "Renewed." })
	must(t, tab.WaitUntil(`document.getElementById("groups").textContent.includes("Renewed.")`))
	holds(t, tab, `document.getElementById("enter").open && document.querySelector("#enter .fault").textContent.includes("30x")`)
	holds(t, tab, `document.getElementById("enter-reason").value === "new fan"`)
	if len(s.asked) > 0 {
		t.Errorf("it did %v", s.asked)
	}
}

// TestLiveAndStale: the indicator says whether what is shown is of now, and ages
// count on by themselves.
func TestLiveAndStale(t *testing.T) {
	s, tab := open(t, browser.Desktop, "/")
	must(t, tab.WaitUntil(`document.getElementById("live").textContent === "live"`))
	s.stop()
	holds(t, tab, `(window.was = document.querySelector("#m-2_40eth0-r1 .since time").textContent) !== ""`)
	must(t, tab.WaitUntil(`document.querySelector("#m-2_40eth0-r1 .since time").textContent !== window.was`))
	must(t, tab.WaitUntil(`document.getElementById("live").textContent.startsWith("stale")`))
	holds(t, tab, `document.getElementById("live").getAttribute("aria-live") === "polite"`)
}

// TestLogGrows while one looks at it, also with a filter.
func TestLogGrows(t *testing.T) {
	s, tab := open(t, browser.Desktop, "/log?group=2%40eth0")
	must(t, tab.WaitFor("#e-5"))
	s.mu.Lock()
	s.events = append(append([]status.Event{}, s.events...),
		status.Event{ID: 6, At: now, Kind: "transition", Group: "2@eth0", From: "BACKUP", To: "MASTER", Text: evil},
		status.Event{ID: 7, At: now, Kind: "transition", Group: "1@eth0", From: "MASTER", To: "BACKUP", Text: "of another group"})
	s.mu.Unlock()
	s.tell()
	must(t, tab.WaitFor("#e-6"))
	holds(t, tab, `document.querySelector("ol.log > li").id === "e-6" && document.querySelectorAll("ol.log > li").length === 2`)
	if list := tab.Problems(); len(list) > 0 {
		t.Errorf("in the console: %q", list)
	}
}

// TestThemeIsRemembered over a load of the page.
func TestThemeIsRemembered(t *testing.T) {
	s, tab := open(t, browser.Desktop, "/log")
	must(t, tab.Click("#theme")) // light
	must(t, tab.Click("#theme")) // dark
	must(t, tab.Open(s.url+"/"))
	holds(t, tab, `document.documentElement.dataset.theme === "dark" && getComputedStyle(document.body).backgroundColor === "rgb(18, 22, 28)"`)
}

// TestPagesForEverybody: axe-core finds nothing, the console stays empty and no
// page scrolls sideways, on a narrow phone, in the dark and in the light.
func TestPagesForEverybody(t *testing.T) {
	narrow := browser.View{Name: "narrow", Width: 360, Height: 740, Touch: true}
	for _, v := range []browser.View{browser.Desktop, narrow.InTheDark()} {
		s, tab := open(t, v, "/login")
		s.cluster = plantCluster()
		s.cluster.Nodes[2].Problem = evil
		for _, path := range []string{"/login", "/", "/log", "/dataplane", "/?span=24h"} {
			must(t, tab.Open(s.url+path))
			holds(t, tab, `document.querySelectorAll("details").forEach(d => { d.removeAttribute("name"); d.open = true }) || true`)
			holds(t, tab, `document.documentElement.scrollWidth <= innerWidth`)
			found, err := tab.Axe()
			must(t, err)
			for _, f := range found {
				t.Errorf("%s on %s: %s", path, v.Name, f)
			}
			if list := tab.Problems(); len(list) > 0 {
				t.Errorf("%s on %s, in the console: %q", path, v.Name, list)
			}
		}
	}
}
