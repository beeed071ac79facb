package web

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/carpd/carpd/internal/control"
	"github.com/carpd/carpd/internal/status"
)

// TestSettings: what was changed is sent, and nothing else.
func TestSettings(t *testing.T) {
	e := newEditor()
	got := request(e, admin, "POST", "/do/settings", url.Values{"base": {"sha256:aaaa"}, "log_level": {"debug"}, "xdp": {"auto"}, "detach_on_stop": {"true"}})
	if got.Code != http.StatusSeeOther || got.Header().Get("Location") != "/settings" || len(e.settings) != 1 {
		t.Fatalf("%d to %q: %s", got.Code, got.Header().Get("Location"), got.Body)
	}
	s := e.settings[0]
	if s.Base != "sha256:aaaa" || *s.LogLevel != "debug" || *s.DetachOnStop != "true" || s.XDP != nil {
		t.Errorf("%+v", s)
	}
	got = request(e, admin, "POST", "/do/settings", url.Values{"log_level": {"info"}, "xdp": {"auto"}, "detach_on_stop": {"auto"}})
	if got.Code != http.StatusSeeOther || len(e.settings) != 1 {
		t.Errorf("unchanged: %d, %+v", got.Code, e.settings)
	}
}

// TestSettingsRefused: beside the field, with what was chosen.
func TestSettingsRefused(t *testing.T) {
	e := newEditor()
	got := request(e, admin, "POST", "/do/settings", url.Values{"log_level": {"loud"}, "xdp": {"tcx"}, "detach_on_stop": {"auto"}})
	if got.Code != http.StatusUnprocessableEntity || len(e.settings) != 0 {
		t.Errorf("%d, %+v", got.Code, e.settings)
	}
	wants(t, got.Body.String(), `<a href="#log_level">Log level: choose one of the list.</a>`, `<option value="tcx" selected>`)
	e.fails = control.Conflict("changed meanwhile", "-log_level: info\n+log_level: warn\n")
	e.cfg.Hash = "sha256:cccc"
	got = request(e, admin, "POST", "/do/settings", url.Values{"base": {"sha256:aaaa"}, "log_level": {"debug"}, "xdp": {"auto"}, "detach_on_stop": {"auto"}})
	if got.Code != http.StatusConflict {
		t.Errorf("%d", got.Code)
	}
	wants(t, got.Body.String(), "Changed meanwhile.", `<span class="d-add">&#43;log_level: warn`, `<option value="debug" selected>`, "In the configuration now: <strong>info</strong>",
		`name="base" value="sha256:cccc"`)
}

// TestSettingsPage tells what runs, where the file is, and who may come in.
func TestSettingsPage(t *testing.T) {
	e := newEditor()
	e.cfg.API = status.Access{Listen: []string{"192.0.2.11:8443"}, Tokens: []status.Caller{{Name: "ann", Role: "admin"}}, Clients: []status.Caller{{Name: "r2", Role: "read"}}}
	page := request(e, admin, "GET", "/settings", nil).Body.String()
	wants(t, page, "/etc/carpd/carpd.yaml", "The file is what runs", "192.0.2.11:8443", "<td>ann</td><td>token</td><td>read and change</td>",
		"<td>r2</td><td>client certificate</td><td>read</td>", "Counts after a restart")
	e.cfg.Hash = "sha256:dddd"
	wants(t, request(e, admin, "GET", "/settings", nil).Body.String(), "The file is not what runs")
	wants(t, request(e, admin, "GET", "/vips", nil).Body.String(), "The file is not what runs")
	wants(t, request(e, admin, "GET", "/settings/reference", nil).Body.String(), "announce_every: 60s")
}

// TestReload shows what it would do without doing it.
func TestReload(t *testing.T) {
	e := newEditor()
	got := request(e, admin, "POST", "/do/reload/try", url.Values{})
	if got.Code != http.StatusOK {
		t.Errorf("%d", got.Code)
	}
	wants(t, got.Body.String(), "1 changed.", "1@eth0 keeps its state", "Nothing was changed.")
	if got := request(e, admin, "POST", "/do/reload", url.Values{}); got.Code != http.StatusSeeOther {
		t.Errorf("%d", got.Code)
	}
	if len(e.calls) != 2 || e.calls[0] != "dry" || e.calls[1] != "reload" {
		t.Errorf("%q", e.calls)
	}
}
