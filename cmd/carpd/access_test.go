package main

import (
	"encoding/json"
	"testing"

	"github.com/carpd/carpd/internal/config"
)

// TestAccessTellsNoHash: names and roles, and nothing that a token is known by.
func TestAccessTellsNoHash(t *testing.T) {
	got, err := json.Marshal(access(config.API{Listen: []string{"192.0.2.11:8443"},
		Tokens:  []config.APIToken{{Name: "ann", Role: "admin", Hash: "sha256:0123"}},
		Clients: []config.APIClient{{Name: "r2", Role: "read"}}}))
	want := `{"listen":["192.0.2.11:8443"],"tokens":[{"name":"ann","role":"admin"}],"clients":[{"name":"r2","role":"read"}]}`
	if err != nil || string(got) != want {
		t.Errorf("%s, %v", got, err)
	}
}
