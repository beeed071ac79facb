package web

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/carpd/carpd/internal/status"
)

// TestSyncOff explains and offers to begin.
func TestSyncOff(t *testing.T) {
	page := request(newEditor(), admin, "GET", "/sync", nil).Body.String()
	wants(t, page, "In a cluster the nodes keep one configuration", `action="/do/cluster/init"`, `action="/do/cluster/join"`, `id="init-node" name="node"`, `value="r1"`)
	never(t, page, "Make a join token")
}

// TestSyncOn has every node with its state in words, and why it refused.
func TestSyncOn(t *testing.T) {
	e := newEditor()
	e.share()
	page := request(e, admin, "GET", "/sync", nil).Body.String()
	wants(t, page, "7, made by r2", "groups, settings", `<span class="badge good">equal</span>`, `<span class="badge warned">behind</span>`,
		`<span class="badge warned">ahead</span>`, `<span class="badge bad">refused</span>`, `<span class="badge bad">drift</span>`,
		`<span class="badge bad">unreachable</span>`, "Line 4: carpdev lan is not mapped there.", "0f1e2d3c4b5a…", "Edits that lost",
		"/var/lib/carpd/default/lost-7-r1.yaml", `<span class="d-add">&#43;advskew: 50`, "This node leaves the cluster", "Its certificate counts no more")
	never(t, page, `action="/do/cluster/init"`)
}

// TestInitAndJoin: the names and addresses are checked, and a token is typed again.
func TestInitAndJoin(t *testing.T) {
	for _, c := range []struct{ node, listen, field string }{
		{"r1", "192.0.2.11:7430", ""}, {"r1", "[2001:db8::11]:7430", ""}, {strings.Repeat("r", 32), "192.0.2.11:7430", ""},
		{"", "192.0.2.11:7430", "node"}, {"r 1", "192.0.2.11:7430", "node"}, {"-r1", "192.0.2.11:7430", "node"}, {strings.Repeat("r", 33), "192.0.2.11:7430", "node"},
		{"r1", "192.0.2.11", "listen"}, {"r1", "0.0.0.0:7430", "listen"}, {"r1", "[::]:7430", "listen"}, {"r1", "192.0.2.11:0", "listen"}, {"r1", "fw1:7430", "listen"},
	} {
		e := newEditor()
		form := url.Values{"node": {c.node}, "listen": {c.listen}, "token": {planted}}
		for _, verb := range []string{"init", "join"} {
			got := request(e, admin, "POST", "/do/cluster/"+verb, form)
			if c.field == "" && got.Code != http.StatusSeeOther {
				t.Errorf("%s %v: %d", verb, c, got.Code)
			}
			if c.field != "" {
				wants(t, got.Body.String(), `<a href="#`+verb+"-"+c.field+`">`, `id="`+verb+"-"+c.field+`-fault"`)
				never(t, got.Body.String(), planted)
			}
		}
		if ok := c.field == ""; ok != (len(e.calls) == 2) || ok && e.joins[0].Token != planted {
			t.Errorf("%v: %q, %+v", c, e.calls, e.joins)
		}
	}
	got := request(newEditor(), admin, "POST", "/do/cluster/join", url.Values{"node": {"r1"}, "listen": {"192.0.2.11:7430"}})
	wants(t, got.Body.String(), `<a href="#join-token">Paste the token`, `value="192.0.2.11:7430"`)
}

// TestJoinRefused by the other node: what was typed stays, but for the token.
func TestJoinRefused(t *testing.T) {
	e := newEditor()
	e.fails = errors.New("the token was used already")
	got := request(e, admin, "POST", "/do/cluster/join", url.Values{"node": {"r1"}, "listen": {"192.0.2.11:7430"}, "token": {planted}})
	if got.Code != http.StatusUnprocessableEntity {
		t.Errorf("%d", got.Code)
	}
	wants(t, got.Body.String(), "the token was used already", `value="192.0.2.11:7430"`)
	never(t, got.Body.String(), planted)
}

// TestTokenIsShownOnce: in the answer, which nobody may keep, and never again.
func TestTokenIsShownOnce(t *testing.T) {
	e := newEditor()
	e.share()
	got := request(e, admin, "POST", "/do/cluster/token", url.Values{"minutes": {"15"}})
	if got.Code != http.StatusOK || got.Header().Get("Cache-Control") != "no-store" || len(got.Result().Cookies()) > 0 {
		t.Errorf("%d, %v", got.Code, got.Header())
	}
	wants(t, got.Body.String(), "one-time-token", "shown this once")
	never(t, request(e, admin, "GET", "/sync", nil).Body.String(), "one-time-token")
	got = request(e, admin, "POST", "/do/cluster/token", url.Values{"minutes": {"1441"}})
	wants(t, got.Body.String(), "A token is good for 1 to 1440 minutes.")
	never(t, got.Body.String(), "one-time-token")
}

// TestRemoveNode wants a tick.
func TestRemoveNode(t *testing.T) {
	e := newEditor()
	e.share()
	if got := request(e, admin, "POST", "/do/cluster/remove", url.Values{"form": {"r2"}}); got.Code != http.StatusUnprocessableEntity || len(e.calls) != 0 {
		t.Errorf("%d, %q", got.Code, e.calls)
	}
	if got := request(e, admin, "POST", "/do/cluster/remove", url.Values{"form": {"r2"}, "sure": {"1"}}); got.Code != http.StatusSeeOther || len(e.calls) != 1 {
		t.Errorf("%d, %q", got.Code, e.calls)
	}
}

// TestSyncNow: each way asks for what it says, and the answer shows each node.
// Only a node that says itself that it agrees is counted.
func TestSyncNow(t *testing.T) {
	e := newEditor()
	e.share()
	for form, want := range map[string]status.SyncRequest{"dry": {DryRun: true}, "sync": {}, "push-dry": {DryRun: true, Push: true}, "push": {Push: true}} {
		e.syncs = nil
		got := request(e, admin, "POST", "/do/cluster/sync", url.Values{"form": {form}, "sure": {"1"}})
		if got.Code != http.StatusOK || len(e.syncs) != 1 || e.syncs[0] != want {
			t.Errorf("%s: %d, %+v", form, got.Code, e.syncs)
		}
		wants(t, got.Body.String(), `<span class="badge bad">refused</span>`, "Vhid 3 is taken.", `<span class="d-del">-a`)
		if want.DryRun {
			wants(t, got.Body.String(), "What would change", "Nothing was changed.")
		} else {
			wants(t, got.Body.String(), "What was done", "1 of 2 nodes run version 7.")
		}
	}
	e.syncs = nil
	if got := request(e, admin, "POST", "/do/cluster/sync", url.Values{"form": {"push"}}); got.Code != http.StatusUnprocessableEntity || len(e.syncs) != 0 {
		t.Errorf("a push nobody is sure of: %d, %+v", got.Code, e.syncs)
	}
}
