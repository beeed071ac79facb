package control

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"testing"

	"github.com/carpd/carpd/internal/status"
)

// TestPages: what is not the API is given to the pages, which learn who asks.
func TestPages(t *testing.T) {
	s, err := Listen(filepath.Join(t.TempDir(), "r1.sock"), newFake(), nop())
	if err != nil {
		t.Fatal(err)
	}
	s.Show(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "%s for %s by %s", r.URL.Path, RoleOf(r), CallerOf(r).Via)
	}))
	path := run(t, s)
	for url, want := range map[string]string{"/": "/ for admin by socket", "/vips": "/vips for admin by socket", "/apis": "/apis for admin by socket"} {
		if got := request(t, path, "GET", url, nil); got.code != 200 || string(got.body) != want {
			t.Errorf("GET %s: %d %s, want %s", url, got.code, got.body, want)
		}
	}
	for url, want := range map[string]int{"/api/v1/status": 200, "/api/v1/": 404, "/api/v2/status": 404} {
		if got := request(t, path, "GET", url, nil); got.code != want || got.header.Get("Content-Type") != "application/json" {
			t.Errorf("GET %s: %d %s, want %d from the API", url, got.code, got.body, want)
		}
	}
}

// TestConflictHasADiff: the difference reaches the one who was refused.
func TestConflictHasADiff(t *testing.T) {
	src := newFake()
	src.failure = Conflict("the file was changed", "-a\n+b\n")
	path, _ := serve(t, src)
	_, err := Dial(path).Reload(t.Context(), status.ReloadRequest{})
	var refused *Refused
	if !errors.As(err, &refused) || refused.Code != 409 || refused.Text != "the file was changed" || refused.Diff != "-a\n+b\n" {
		t.Errorf("Reload: %+v", refused)
	}
	resp := request(t, path, "POST", "/api/v1/reload", nil)
	var body map[string]any
	if err := json.Unmarshal(resp.body, &body); err != nil || body["diff"] != "-a\n+b\n" {
		t.Errorf("the answer is %s", resp.body)
	}
}
