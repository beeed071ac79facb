package web

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/carpd/carpd/internal/control"
)

// TestBannerOnEveryPage: with its buttons for who may press them.
func TestBannerOnEveryPage(t *testing.T) {
	e := newEditor()
	e.pend()
	for _, p := range []string{"/", "/vips", "/vips/edit", "/settings", "/sync", "/log"} {
		page := request(e, admin, "GET", p, nil).Body.String()
		wants(t, page, "Changes that are not applied yet", "1 group is added, 1 removed.", "it answers after 3.0 s", `<span class="d-del">-  - vhid: 1`,
			`action="/do/apply"`, `name="base" value="sha256:bbbb"`, "take back unless I confirm within", `action="/do/discard"`, `name="next" value="`+p+`"`)
	}
	e.cfg.Pending = nil
	never(t, request(e, admin, "GET", "/vips", nil).Body.String(), "not applied yet")
	never(t, request(newFake(), admin, "GET", "/log", nil).Body.String(), "not applied yet")
}

// TestApply: the text that was seen, for good or on trial, and back to the page.
func TestApply(t *testing.T) {
	e := newEditor()
	e.pend()
	got := request(e, admin, "POST", "/do/apply", url.Values{"base": {"sha256:bbbb"}, "next": {"/log"}})
	if got.Code != http.StatusSeeOther || got.Header().Get("Location") != "/log" || e.applied[0].Base != "sha256:bbbb" || e.applied[0].Confirm != 0 {
		t.Errorf("%d to %q, %+v", got.Code, got.Header().Get("Location"), e.applied)
	}
	got = request(e, admin, "POST", "/do/apply", url.Values{"base": {"sha256:bbbb"}, "seconds": {"90"}, "next": {"https://evil.example/"}})
	if got.Code != http.StatusSeeOther || got.Header().Get("Location") != "/" || e.applied[1].Confirm != 90 {
		t.Errorf("%d to %q, %+v", got.Code, got.Header().Get("Location"), e.applied)
	}
	for _, seconds := range []string{"9", "3601", "soon", "-60", "1e3"} {
		got := request(e, admin, "POST", "/do/apply", url.Values{"base": {"sha256:bbbb"}, "seconds": {seconds}})
		if got.Code != http.StatusUnprocessableEntity || len(e.applied) != 2 {
			t.Errorf("%s s: %d, %+v", seconds, got.Code, e.applied)
		}
		wants(t, got.Body.String(), "a whole number of seconds from 10 to 3600", `max="3600" aria-invalid="true"`, `value="`+seconds+`"`)
	}
}

// TestApplyRefused: the difference is shown in the banner.
func TestApplyRefused(t *testing.T) {
	e := newEditor()
	e.pend()
	e.fails = control.Conflict("the pending changes are not those that you saw", "-x\n+y\n")
	got := request(e, admin, "POST", "/do/apply", url.Values{"base": {"sha256:old"}})
	if got.Code != http.StatusConflict {
		t.Errorf("%d", got.Code)
	}
	wants(t, got.Body.String(), "The pending changes are not those that you saw.", `<span class="d-add">&#43;y`)
	e.cfg.Pending = nil
	wants(t, request(e, admin, "POST", "/do/apply", url.Values{}).Body.String(), "The pending changes are not those that you saw.")
}

// TestStale has a way out, and no button that cannot work.
func TestStale(t *testing.T) {
	e := newEditor()
	e.pend()
	e.cfg.Pending.Stale = "the file was changed by somebody else"
	page := request(e, admin, "GET", "/vips", nil).Body.String()
	wants(t, page, "the file was changed by somebody else", "The way out", `action="/do/discard"`, `action="/do/rebase"`)
	never(t, page, `action="/do/apply"`)
	if got := request(e, admin, "POST", "/do/rebase", url.Values{"next": {"/log"}}); got.Code != http.StatusSeeOther || e.cfg.Pending.Stale != "" {
		t.Errorf("%d", got.Code)
	}
}

// TestTrial counts down and can be confirmed and taken back.
func TestTrial(t *testing.T) {
	e := newEditor()
	e.try()
	page := request(e, admin, "GET", "/log", nil).Body.String()
	wants(t, page, "On trial", `action="/do/confirm"`, `action="/do/rollback"`, `data-left="4`, "What is on trial")
	for _, verb := range []string{"confirm", "rollback", "discard"} {
		if got := request(e, admin, "POST", "/do/"+verb, url.Values{"next": {"/sync"}}); got.Code != http.StatusSeeOther || got.Header().Get("Location") != "/sync" {
			t.Errorf("%s: %d to %q", verb, got.Code, got.Header().Get("Location"))
		}
	}
	if strings.Join(e.calls, " ") != "confirm rollback discard" {
		t.Errorf("%q", e.calls)
	}
}

// TestNobodyElseChanges: without the right no call reaches carpd.
func TestNobodyElseChanges(t *testing.T) {
	for _, who := range []control.Caller{nobody, reader} {
		e := newEditor()
		e.pend()
		e.share()
		for _, r := range Routes() {
			if r.Method != http.MethodPost {
				continue
			}
			if got := request(e, who, r.Method, r.Path, good()).Code; got != http.StatusForbidden && got != http.StatusUnauthorized {
				t.Errorf("%s as role %v: %d", r.Path, who.Role, got)
			}
		}
		if len(e.calls)+len(e.added)+len(e.edited)+len(e.removed)+len(e.applied)+len(e.settings)+len(e.syncs)+len(e.joins) > 0 {
			t.Errorf("%v called %q", who, e.calls)
		}
	}
}

// TestReaderSeesAll: every page, and every control that changes something is disabled.
func TestReaderSeesAll(t *testing.T) {
	e := newEditor()
	e.pend()
	e.try()
	e.share()
	for _, p := range []string{"/vips", "/vips/edit", "/vips/edit?name=1@eth0", "/settings", "/sync"} {
		page := request(e, reader, "GET", p, nil).Body.String()
		for _, form := range strings.Split(page, `action="/do/`)[1:] {
			if fields, _, _ := strings.Cut(form, "</form>"); !strings.Contains(fields, "<fieldset disabled") {
				t.Errorf("%s: a reader may use %.80q", p, form)
			}
		}
	}
}

// TestDiffLines: a line that itself begins with two signs is no name of a file.
func TestDiffLines(t *testing.T) {
	got := diffLines("--- a\n+++ b\n@@ -1 +1 @@\n same\n--- gone\n+++ come\n-x\r\n+y")
	want := []diffLine{{"head", "--- a"}, {"head", "+++ b"}, {"hunk", "@@ -1 +1 @@"}, {"same", " same"}, {"del", "--- gone"}, {"add", "+++ come"}, {"del", "-x"}, {"add", "+y"}}
	if len(got) != len(want) {
		t.Fatalf("%q", got)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("line %d: %q, not %q", i, got[i], want[i])
		}
	}
	if diffLines("") != nil {
		t.Error("no difference has lines")
	}
}
