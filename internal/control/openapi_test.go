package control

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
)

// documented asks a server for its document and checks it against the
// specification of OpenAPI.
func documented(t *testing.T) *openapi3.T {
	t.Helper()
	path, _ := serve(t, newFake())
	resp := request(t, path, "GET", "/api/v1/openapi.json", nil)
	doc, err := openapi3.NewLoader().LoadFromData(resp.body)
	if err != nil {
		t.Fatal(err)
	}
	if err := doc.Validate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return doc
}

// TestDocumentHasEveryRoute: those that are served and no other, with the role
// that each needs.
func TestDocumentHasEveryRoute(t *testing.T) {
	doc := documented(t)
	var have, want []string
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			have = append(have, fmt.Sprintf("%s /api/v1%s: %s", method, path, op.Description))
		}
	}
	for _, to := range routes {
		want = append(want, fmt.Sprintf("%s %s%s: Needs the role %s.", to.method, prefix, to.path, to.role))
	}
	slices.Sort(have)
	slices.Sort(want)
	if !slices.Equal(have, want) {
		t.Errorf("the document has\n%s\nand the server\n%s", strings.Join(have, "\n"), strings.Join(want, "\n"))
	}
	if len(have) < 30 || doc.Servers[0].URL != "/api/v1" {
		t.Errorf("%d routes at %s", len(have), doc.Servers[0].URL)
	}
}

// TestDocumentTellsBodies: a look at some places, typed by hand.
func TestDocumentTellsBodies(t *testing.T) {
	doc := documented(t)
	demote := doc.Paths.Value("/demotions").Post.RequestBody.Value.Content.Get("application/json").Schema
	if demote.Ref != "#/components/schemas/DemoteRequest" || !demote.Value.Properties["for_seconds"].Value.Type.Is("number") {
		t.Errorf("the body of POST demotions is %s: %v", demote.Ref, demote.Value.Properties)
	}
	status := doc.Paths.Value("/status").Get.Responses.Status(200).Value.Content.Get("application/json").Schema
	groups := status.Value.Properties["groups"].Value
	if status.Ref != "#/components/schemas/Snapshot" || groups.Items.Ref != "#/components/schemas/Group" {
		t.Errorf("the answer of GET status is %s", status.Ref)
	}
	if q := doc.Paths.Value("/events").Get.Parameters.GetByInAndName("query", "after"); q == nil || !q.Schema.Value.Type.Is("integer") {
		t.Errorf("the parameter after of GET events is %+v", q)
	}
	if doc.Paths.Value("/stream").Get.Responses.Status(200).Value.Content.Get("text/event-stream") == nil {
		t.Error("GET stream is no text/event-stream")
	}
}

// TestAnswersAreAsDocumented holds real answers against their schemas.
func TestAnswersAreAsDocumented(t *testing.T) {
	doc := documented(t)
	path, _ := serve(t, planted("text"))
	for _, to := range routes {
		if to.stream != "" || to.path == "openapi.json" {
			continue
		}
		resp := request(t, path, to.method, prefix+to.path, nil)
		var body any
		if err := json.Unmarshal(resp.body, &body); err != nil {
			t.Fatal(err)
		}
		op := doc.Paths.Value("/" + to.path).GetOperation(to.method)
		schema := op.Responses.Status(200).Value.Content.Get("application/json").Schema.Value
		if err := schema.VisitJSON(body, openapi3.EnableJSONSchema2020()); resp.code != 200 || err != nil {
			t.Errorf("%s %s: %d %v\n%s", to.method, to.path, resp.code, err, resp.body)
		}
	}
}
