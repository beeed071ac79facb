package control

import (
	"crypto/x509"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

// changing are the calls that each changing route makes, typed by hand: a route
// that is added without a line here fails.
var changing = map[string]string{
	"POST demotions": "Demote", "DELETE demotions": "Undemote", "POST maintenance": "EnterMaintenance", "DELETE maintenance": "LeaveMaintenance",
	"POST handover": "HandOver", "POST disable": "Disable", "POST enable": "Enable", "POST announce": "Announce", "POST retire": "Retire",
	"POST reload": "Reload", "POST vips/add": "AddVIP", "POST vips/edit": "EditVIP", "POST vips/remove": "RemoveVIP", "POST settings": "EditSettings",
	"POST apply": "Apply", "POST discard": "Discard", "POST confirm": "Confirm", "POST rollback": "RollBack", "POST rebase": "Rebase",
	"POST cluster/init": "InitCluster", "POST cluster/token": "ClusterToken", "POST cluster/join": "JoinCluster", "POST cluster/remove": "RemoveNode",
	"POST cluster/sync": "Sync",
}

// way is one way to come in.
type way struct {
	name   string
	role   Role
	client *http.Client
	change func(*http.Request)
}

// ways are all there are, for each role.
func (o *site) ways(t *testing.T) []way {
	for _, name := range []string{"jane", "bob", "stranger"} {
		o.issue(t, name, x509.ExtKeyUsageClientAuth, time.Now().Add(time.Hour))
	}
	plain := o.client(t, "")
	reader, admin := o.login(t, readToken), o.login(t, adminToken)
	return []way{
		{"nothing", Nobody, plain, nil},
		{"a wrong token", Nobody, plain, with("carp_wrong")},
		{"the digest of a token", Nobody, plain, with(adminHash)},
		{"a token as a password", Nobody, plain, func(r *http.Request) { r.SetBasicAuth("ops", adminToken) }},
		{"an empty token", Nobody, plain, with("")},
		{"an invented session", Nobody, plain, func(r *http.Request) { r.AddCookie(&http.Cookie{Name: sessionCookie, Value: "x"}) }},
		{"a certificate of nobody", Nobody, o.client(t, "stranger"), nil},
		{"a token to look", ReadOnly, plain, with(readToken)},
		{"a certificate to look", ReadOnly, o.client(t, "bob"), nil},
		{"a login to look", ReadOnly, plain, func(r *http.Request) { r.AddCookie(reader) }},
		{"a token for all", Admin, plain, with(adminToken)},
		{"a certificate for all", Admin, o.client(t, "jane"), nil},
		{"a login for all", Admin, plain, func(r *http.Request) { r.AddCookie(admin) }},
	}
}

// TestRolesOverEveryRoute really calls each route of the table in each way, and
// looks at what the daemon was made to do.
func TestRolesOverEveryRoute(t *testing.T) {
	src := planted("x")
	o := online(t, src, func(s *Server) { s.failures = newRates(1e6, 1e6) })
	ways := o.ways(t)
	for _, to := range routes {
		if to.stream != "" {
			continue // TestStreamNeedsARole
		}
		call, changes := changing[to.method+" "+to.path]
		if changes != (to.role == Admin) || to.role < ReadOnly {
			t.Errorf("%s %s needs the role %s; in the table of this test: %t", to.method, to.path, to.role, changes)
		}
		for _, by := range ways {
			want, wantCalls := http.StatusOK, []string(nil)
			switch {
			case by.role == Nobody:
				want = http.StatusUnauthorized
			case by.role < to.role:
				want = http.StatusForbidden
			case changes:
				wantCalls = []string{call}
			}
			got := o.ask(t, by.client, to.method, prefix+to.path, "", by.change)
			if calls := src.changes(); got.code != want || !slices.Equal(calls, wantCalls) {
				t.Errorf("%s %s with %s: %d %s, calls %v; want %d and %v", to.method, to.path, by.name, got.code, got.body, calls, want, wantCalls)
			}
		}
	}
	if len(changing) < 23 {
		t.Error("the table has lost lines")
	}
}

// TestStrangersLearnNothing: not even which routes there are.
func TestStrangersLearnNothing(t *testing.T) {
	o := online(t, planted("x"), nil)
	var first string
	for _, url := range []string{"/api/v1/status", "/api/v1/nonsense", "/api/v1/reload", "/api/v2", "/api/v1/openapi.json"} {
		got := o.ask(t, o.client(t, ""), "GET", url, "", nil)
		if first == "" {
			first = string(got.body)
		}
		if got.code != 401 || string(got.body) != first || got.header.Get("WWW-Authenticate") == "" {
			t.Errorf("GET %s: %d %s", url, got.code, got.body)
		}
	}
}

// TestChangesOverTCPAreAudited: with who it was, and what was refused him.
func TestChangesOverTCPAreAudited(t *testing.T) {
	o := online(t, planted("x"), nil)
	o.ask(t, o.client(t, ""), "POST", "/api/v1/announce", "", with(adminToken))
	o.ask(t, o.client(t, ""), "POST", "/api/v1/announce", "", with(readToken))
	o.ask(t, o.client(t, ""), "POST", "/api/v1/announce", "", nil)
	for _, want := range []string{
		`"role":"admin","via":"token","name":"ops","verb":"announce","outcome":"done"`,
		`"role":"read","via":"token","name":"nagios","verb":"announce","outcome":"refused: nagios may only look: that takes the role admin"`,
	} {
		if !strings.Contains(o.log.String(), want) {
			t.Errorf("the log has no %s:\n%s", want, o.log)
		}
	}
	if n := strings.Count(o.log.String(), `"verb"`); n != 2 {
		t.Errorf("%d lines of verbs, want 2: strangers must not fill the log", n)
	}
}

// TestTokensAreKnownByTheirDigest holds HashToken against sha256sum.
func TestTokensAreKnownByTheirDigest(t *testing.T) {
	if got := HashToken(readToken); got != readHash {
		t.Error(got)
	}
	if fmt.Sprint(RoleNamed("read"), RoleNamed("admin"), RoleNamed("root"), RoleNamed("nobody")) != "read admin nobody nobody" {
		t.Error("the words for roles")
	}
}
