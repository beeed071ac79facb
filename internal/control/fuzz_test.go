package control

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"testing"
)

// FuzzRequests sends any body and any query to any route, as somebody who may
// look and as one who may do everything. Whatever comes, the answer is an object
// of the schema, no route falls over, and who may look changes nothing.
func FuzzRequests(f *testing.F) {
	for i := range routes {
		for _, body := range []string{
			"", "{}", "null", "[]", `{"group":"1@eth0"}`, `{"name":"x","weight":255,"for_seconds":1e308,"reason":"\u0000"}`,
			`{"edit":{"vhid":1,"addresses":["192.0.2.1/24"],"password":"x"},"base":"sha256:0"}`, `{"a":`, "{}{}", "\xff", `{"group":1}`,
		} {
			f.Add(uint8(i), "after=1&name=x&group=1@eth0", []byte(body))
		}
		f.Add(uint8(i), "after=-1&follow=x&name=%00", []byte("{}"))
	}
	src := planted("x")
	s, err := Listen(filepath.Join(f.TempDir(), "r1.sock"), src, nop())
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = s.Close() })
	f.Fuzz(func(t *testing.T, route uint8, query string, body []byte) {
		to := routes[int(route)%len(routes)]
		values, err := url.ParseQuery(query)
		if err != nil || to.stream != "" || values.Get("follow") == "1" {
			return // A stream has no end.
		}
		for _, role := range []Role{ReadOnly, Admin} {
			code := fuzzed(t, s, role, to, query, body)
			if calls := src.changes(); role == ReadOnly && len(calls) > 0 {
				t.Errorf("%s %s as a reader calls %v", to.method, to.path, calls)
			}
			if code >= http.StatusInternalServerError {
				t.Errorf("%s %s: %d", to.method, to.path, code)
			}
		}
	})
}

// fuzzed sends one request and checks the form of the answer.
func fuzzed(t *testing.T, s *Server, role Role, to route, query string, body []byte) int {
	w := httptest.NewRecorder()
	r := httptest.NewRequest(to.method, prefix+to.path, bytes.NewReader(body))
	r.URL.RawQuery = query
	s.serve(w, r.WithContext(withCaller(r.Context(), Caller{Role: role})))
	var answer struct {
		SchemaVersion int     `json:"schema_version"`
		Error         *string `json:"error"`
	}
	if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil {
		t.Errorf("%s %s: %v: %s", to.method, to.path, err, w.Body)
	}
	if to.path != "openapi.json" && answer.SchemaVersion != 1 || (w.Code == http.StatusOK) != (answer.Error == nil) {
		t.Errorf("%s %s: %d %s", to.method, to.path, w.Code, w.Body)
	}
	return w.Code
}
