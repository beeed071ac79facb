package web

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/rs/zerolog"

	"github.com/carpd/carpd/internal/control"
)

// request sends one request as a caller and gives the answer.
func request(src control.Source, who control.Caller, method, path string, form url.Values) *httptest.ResponseRecorder {
	h := New(src, func(*http.Request) control.Caller { return who }, zerolog.Nop())
	r := httptest.NewRequest(method, path, strings.NewReader(form.Encode()))
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

var (
	nobody = control.Caller{}
	reader = control.Caller{Role: control.ReadOnly, Name: "eve"}
	admin  = control.Caller{Role: control.Admin, Name: "ann"}
)

// TestEveryRouteNeedsItsRole: who may not, gets no page and changes nothing.
func TestEveryRouteNeedsItsRole(t *testing.T) {
	for _, r := range Routes() {
		path := strings.ReplaceAll(r.Path, "{file}", "style.css")
		switch {
		case r.Method == http.MethodPost:
			if got := request(newFake(), nobody, r.Method, path, url.Values{}).Code; got != http.StatusUnauthorized {
				t.Errorf("%s %s as nobody: %d", r.Method, path, got)
			}
			if got := request(newFake(), reader, r.Method, path, url.Values{}).Code; got != http.StatusForbidden {
				t.Errorf("%s %s as a reader: %d", r.Method, path, got)
			}
		case path == "/login" || path == "/static/style.css":
			if got := request(newFake(), nobody, r.Method, path, nil).Code; got != http.StatusOK {
				t.Errorf("%s %s as nobody: %d", r.Method, path, got)
			}
		default:
			got := request(newFake(), nobody, r.Method, path, nil)
			if to := got.Header().Get("Location"); got.Code != http.StatusSeeOther || to != "/login?next="+url.QueryEscape(path) {
				t.Errorf("%s %s as nobody: %d, to %q", r.Method, path, got.Code, to)
			}
		}
	}
}
