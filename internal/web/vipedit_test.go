package web

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/carpd/carpd/internal/control"
	"github.com/carpd/carpd/internal/status"
)

// wants looks for texts in a page.
func wants(t *testing.T, page string, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if !strings.Contains(page, text) {
			t.Errorf("the page does not say %q:\n%s", text, page)
		}
	}
}

// never looks for what must not be in a page.
func never(t *testing.T, page string, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if strings.Contains(page, text) {
			t.Errorf("the page has %q:\n%s", text, page)
		}
	}
}

// TestAddVIP: everything that was typed arrives, and what is as by default is
// not written down.
func TestAddVIP(t *testing.T) {
	e := newEditor()
	got := request(e, admin, "POST", "/do/vips/save", with(good(), "local", "1", "description", ` a "quoted" <b> `))
	if got.Code != http.StatusSeeOther || got.Header().Get("Location") != "/vips" || len(e.added) != 1 {
		t.Fatalf("%d to %q, %d added: %s", got.Code, got.Header().Get("Location"), len(e.added), got.Body)
	}
	r := e.added[0]
	if r.Base != "sha256:aaaa" || r.Name != "" {
		t.Errorf("base %q, name %q", r.Base, r.Name)
	}
	ed := r.Edit
	if *ed.VHID != 3 || *ed.Carpdev != "eth0" || *ed.Password != "goat-of-the-year" || *ed.Advskew != 0 || !*ed.Preempt || *ed.Sync ||
		*ed.Description != `a "quoted" <b>` || !slices.Equal(ed.Addresses, []string{"192.0.2.3/24", "2001:db8::3/64"}) {
		t.Errorf("%+v", ed)
	}
	if ed.Advbase != nil || ed.MAC != nil || ed.Address != nil || ed.PasswordFile != nil {
		t.Errorf("defaults are written down: %+v", ed)
	}
}

// TestEditVIPSendsWhatChanged: the rest stays what another editor makes of it.
// A password that is not typed stays, and is not that of the VIP before, as in
// the package of 2005.
func TestEditVIPSendsWhatChanged(t *testing.T) {
	e := newEditor()
	form := with(good(), "name", "2@eth0", "vhid", "2", "addresses", "192.0.2.2/24", "description", "", "preempt", "-",
		"address", "always", "local", "1", "password", "", "password_again", "", "advskew", "150")
	got := request(e, admin, "POST", "/do/vips/save", form)
	if got.Code != http.StatusSeeOther || len(e.edited) != 1 {
		t.Fatalf("%d: %s", got.Code, got.Body)
	}
	ed := e.edited[0].Edit
	if e.edited[0].Name != "2@eth0" || *ed.Advskew != 150 {
		t.Errorf("%+v", e.edited[0])
	}
	ed.Advskew = nil
	if fmt.Sprintf("%+v", ed) != fmt.Sprintf("%+v", status.VIPEdit{}) {
		t.Errorf("more was changed than the skew: %+v", ed)
	}
}

// TestEditVIPUnchanged asks carpd for nothing.
func TestEditVIPUnchanged(t *testing.T) {
	e := newEditor()
	form := with(good(), "name", "1@eth0", "vhid", "1", "addresses", "192.0.2.1/24 2001:db8::1/64", "description", "front", "password", "", "password_again", "")
	if got := request(e, admin, "POST", "/do/vips/save", form); got.Code != http.StatusSeeOther || len(e.edited)+len(e.added) != 0 {
		t.Errorf("%d, %+v", got.Code, e.edited)
	}
}

// TestRefusedVIPKeepsWhatWasTyped: all but the passwords, each fault beside its
// field, with a link from the summary.
func TestRefusedVIPKeepsWhatWasTyped(t *testing.T) {
	e := newEditor()
	got := request(e, admin, "POST", "/do/vips/save", with(good(), "vhid", "300", "addresses", "192.0.2.0/24\n192.0.2.77/24", "advskew", "17",
		"description", "kept", "password", planted, "password_again", planted+"!", "mac", "physical"))
	page := got.Body.String()
	if got.Code != http.StatusUnprocessableEntity || len(e.added) != 0 {
		t.Errorf("%d, %d added", got.Code, len(e.added))
	}
	wants(t, page, "3 things to mend", `<a href="#vhid">`, `id="vhid-fault"`, `value="300"`, `aria-invalid="true" aria-describedby="vhid-fault vhid-hint"`,
		"192.0.2.0/24\n192.0.2.77/24", `<a href="#addresses">`, `<a href="#password_again">`, `value="17"`, `value="kept"`, "Type it again",
		`<option value="physical" selected>`, `name="base" value="sha256:aaaa"`)
	never(t, page, planted)
}

// TestRefusedByCarpd: its mistakes are shown where they belong.
func TestRefusedByCarpd(t *testing.T) {
	e := newEditor()
	e.fails = errors.New("/etc/carpd/carpd.yaml:14:7: advskew is 17; allowed: something else\n/etc/carpd/carpd.yaml:2:1: the disk is full")
	page := request(e, admin, "POST", "/do/vips/save", with(good(), "advskew", "17")).Body.String()
	wants(t, page, "2 things to mend", `<a href="#advskew">advskew is 17; allowed: something else (line 14 of the configuration)</a>`,
		"<li>the disk is full (line 2 of the configuration)</li>", `value="17"`)
}

// TestConflict: who was slower sees the difference and his own edit, and can
// save it on top.
func TestConflict(t *testing.T) {
	e := newEditor()
	e.cfg.Hash = "sha256:cccc"
	e.cfg.VIPs[0].Advskew = 60
	e.fails = control.Conflict("the configuration was changed meanwhile", "@@ -3,1 +3,1 @@\n-advskew: 0\n+advskew: 60 <x>\n")
	form := with(good(), "name", "1@eth0", "vhid", "1", "addresses", "192.0.2.1/24\n2001:db8::1/64", "description", "mine", "advskew", "20",
		"password", planted, "password_again", planted)
	got := request(e, admin, "POST", "/do/vips/save", form)
	page := got.Body.String()
	if got.Code != http.StatusConflict {
		t.Errorf("%d", got.Code)
	}
	wants(t, page, "The configuration was changed meanwhile.", `<span class="d-add">&#43;advskew: 60 &lt;x&gt;`, `<span class="d-del">-advskew: 0`,
		`value="20"`, `value="mine"`, "In the configuration now: <strong>60</strong>", "In the configuration now: <strong>front</strong>",
		`name="base" value="sha256:cccc"`, "Type it again")
	never(t, page, planted)
	if e.edited[0].Base != "sha256:aaaa" {
		t.Errorf("the base that was seen is not sent: %q", e.edited[0].Base)
	}
	e.fails = nil
	form.Set("base", "sha256:cccc")
	if got := request(e, admin, "POST", "/do/vips/save", form); got.Code != http.StatusSeeOther {
		t.Errorf("saved on top: %d", got.Code)
	}
}

// TestSaveOverStaleChanges: the pending changes are made anew first, and then
// the edit is saved, with all that was typed.
func TestSaveOverStaleChanges(t *testing.T) {
	e := newEditor()
	e.pend()
	e.cfg.Pending.Stale = "the file was changed"
	wants(t, request(e, admin, "GET", "/vips/edit", nil).Body.String(), `name="rebase" value="1"`)
	got := request(e, admin, "POST", "/do/vips/save", with(good(), "base", "sha256:bbbb", "rebase", "1"))
	if got.Code != http.StatusSeeOther || strings.Join(e.calls, " ") != "rebase add" || e.added[0].Base != "sha256:dddd" {
		t.Errorf("%d, %q, %+v", got.Code, e.calls, e.added)
	}
	e.pend()
	e.cfg.Pending.Stale = "the file was changed"
	e.fails = control.Conflict("they do not fit any more", "-a\n+b\n")
	got = request(e, admin, "POST", "/do/vips/save", with(good(), "base", "sha256:bbbb", "rebase", "1", "description", "kept"))
	if got.Code != http.StatusConflict || len(e.added) != 1 {
		t.Errorf("%d, %+v", got.Code, e.added)
	}
	wants(t, got.Body.String(), `value="kept"`, "They do not fit any more.")
}

// TestEditedWasRemoved: what was typed can be saved as a new one.
func TestEditedWasRemoved(t *testing.T) {
	e := newEditor()
	got := request(e, admin, "POST", "/do/vips/save", with(good(), "name", "9@eth0", "vhid", "9", "description", "kept"))
	if got.Code != http.StatusConflict || len(e.edited) != 0 {
		t.Errorf("%d, %+v", got.Code, e.edited)
	}
	wants(t, got.Body.String(), "9@eth0 was removed meanwhile", `name="name" value=""`, `value="kept"`)
}

// TestEditorPage: what is there is filled in, but for the password.
func TestEditorPage(t *testing.T) {
	e := newEditor()
	page := request(e, admin, "GET", "/vips/edit?name=2@eth0", nil).Body.String()
	wants(t, page, `name="name" value="2@eth0"`, "192.0.2.2/24</textarea>", "Leave it empty to keep the one that there is (kept in a file)",
		`<details class="more" open>`, `<option value="always" selected>`, "0 usually means master; larger is a backup.", "first 19 bytes count",
		`min="1" max="255" step="1" required value="2"`, `min="0" max="254"`)
	page = request(e, admin, "GET", "/vips/edit", nil).Body.String()
	wants(t, page, `<option value="eth0" data-free="3" selected>`, `<option value="auto" data-free="3">`, `<option value="eth1" data-free="1">`, `required value="3" data-propose`)
	page = request(e, admin, "GET", "/vips/edit?carpdev=eth1", nil).Body.String()
	wants(t, page, `<option value="eth1" data-free="1" selected>`, `required value="1" data-propose`)
	page = request(e, admin, "GET", "/vips/edit?name=4@eth0", nil).Body.String()
	wants(t, page, "cannot be edited here", "shares its addresses among several groups")
	never(t, page, "<textarea")
	wants(t, request(e, admin, "GET", "/vips/edit?name="+url.QueryEscape("<script>x"), nil).Body.String(), "there is no virtual IP &lt;script&gt;x")
}

// TestInterfaceThatIsAway stays the choice of the VIP that is on it.
func TestInterfaceThatIsAway(t *testing.T) {
	e := newEditor()
	e.cfg.Interfaces = []string{"eth1"}
	wants(t, request(e, admin, "GET", "/vips/edit?name=1@eth0", nil).Body.String(), `selected>eth0 (not here now)</option>`)
}

// TestListPage has the columns that pfSense has, and what it does not.
func TestListPage(t *testing.T) {
	e := newEditor()
	page := request(e, admin, "GET", "/vips", nil).Body.String()
	wants(t, page, "Virtual IP address", "Interface", "VHID", "Skew / base", "Description", "State now", "Sync", "Actions", "0 means master",
		"2001:db8::1/64", "100 / 1", "0, 100 / 1", "4, 5", "this node only", "s-MASTER", "DISABLED", "edit it in the file",
		`href="/vips/edit?name=2%40eth0"`, `aria-label="Delete 2@eth0"`)
	never(t, page, `aria-label="Delete 4@eth0"`, planted)
	e.cfg.VIPs = append(e.cfg.VIPs, status.VIP{Name: "9@eth1", VHID: 9, Carpdev: "eth1"})
	wants(t, request(e, admin, "GET", "/vips", nil).Body.String(), "not running")
}

// TestRemoveVIP sends the name and the configuration that was seen; a conflict
// shows the difference beside the VIP.
func TestRemoveVIP(t *testing.T) {
	e := newEditor()
	form := url.Values{"form": {"2@eth0"}, "base": {"sha256:aaaa"}}
	if got := request(e, admin, "POST", "/do/vips/remove", form); got.Code != http.StatusSeeOther || e.removed[0].Name != "2@eth0" || e.removed[0].Base != "sha256:aaaa" {
		t.Errorf("%d, %+v", got.Code, e.removed)
	}
	e.fails = control.Conflict("changed meanwhile", "-a\n+b\n")
	got := request(e, admin, "POST", "/do/vips/remove", form)
	if got.Code != http.StatusConflict {
		t.Errorf("%d", got.Code)
	}
	wants(t, got.Body.String(), "Changed meanwhile.", `<span class="d-add">&#43;b`)
}

// TestHostileTexts: whatever stands in the configuration, it is text.
func TestHostileTexts(t *testing.T) {
	e := newEditor()
	evil := `"><script>alert(1)</script>`
	e.cfg.Path, e.cfg.LogLevel = evil, evil
	e.cfg.Interfaces = append(e.cfg.Interfaces, evil)
	e.cfg.Warnings = []string{evil}
	e.cfg.VIPs[0] = status.VIP{Name: evil, VHID: 1, Carpdev: evil, Addresses: []string{evil}, Description: evil, MAC: evil, Address: evil}
	e.cfg.API = status.Access{Listen: []string{evil}, Tokens: []status.Caller{{Name: evil, Role: evil}}}
	e.pend()
	e.try()
	e.cfg.Pending.Diff, e.cfg.Pending.Stale, e.cfg.Pending.Plan.Steps, e.cfg.Confirm.Diff = "+"+evil, evil, []string{evil}, "-"+evil
	e.share()
	e.cluster.Nodes[1].Name, e.cluster.Nodes[1].Problem, e.cluster.Nodes[1].Sync, e.cluster.Nodes[1].Fingerprint = evil, evil, evil, evil
	e.cluster.Lost[0].Diff, e.cluster.Lost[0].Path = evil, evil
	for _, path := range []string{"/vips", "/vips/edit", "/vips/edit?name=" + url.QueryEscape(evil), "/settings", "/sync"} {
		got := request(e, admin, "GET", path, nil)
		if got.Code != http.StatusOK {
			t.Errorf("%s: %d", path, got.Code)
		}
		never(t, got.Body.String(), "<script>alert")
	}
}
