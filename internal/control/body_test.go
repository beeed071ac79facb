package control

import "testing"

// TestBodiesAreReadStrictly: a key that nobody knows was meant to do something,
// and a body that cannot be read does nothing.
func TestBodiesAreReadStrictly(t *testing.T) {
	src := planted("x")
	path, _ := serve(t, src)
	for body, want := range map[string]string{
		`{"name":"x","wait":true}`: `the body: json: unknown field "wait"`,
		`{"name":"x"}{}`:           "the body: more than one JSON value",
		`{"name":7}`:               "the body: json: cannot unmarshal number into Go struct field DemoteRequest.name of type string",
		`{"name":`:                 "the body: unexpected EOF",
		`[]`:                       "the body: json: cannot unmarshal array into Go value of type status.DemoteRequest",
	} {
		got := request(t, path, "POST", "/api/v1/demotions", []byte(body))
		if text, _ := answer(t, got)["error"].(string); got.code != 400 || text != want || len(src.changes()) > 0 {
			t.Errorf("%s: %d %s, want %s", body, got.code, text, want)
		}
	}
}
