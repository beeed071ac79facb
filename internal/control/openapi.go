package control

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"strings"

	"github.com/invopop/jsonschema"
)

// object is a JSON object of the document.
type object map[string]any

// getDocument gives the description of the interface in the form of OpenAPI 3.1.
// It is made from the table of routes and the types in it, so that it cannot say
// anything else than what is served.
func (s *Server) getDocument(w http.ResponseWriter, _ *http.Request) error {
	body, err := s.document()
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(body)
	return nil
}

// describe makes the document of a table.
func describe(table []route) ([]byte, error) {
	schemas := object{}
	paths := map[string]object{}
	for _, to := range table {
		op, err := operation(to, schemas)
		if err != nil {
			return nil, fmt.Errorf("describe %s %s: %w", to.method, to.path, err)
		}
		if paths["/"+to.path] == nil {
			paths["/"+to.path] = object{}
		}
		paths["/"+to.path][strings.ToLower(to.method)] = op
	}
	return json.Marshal(object{
		"openapi": "3.1.0",
		"info":    object{"title": "carpd", "version": "1", "description": "CARP for Linux. Fields may be added to answers; unknown ones in requests are refused."},
		"servers": []object{{"url": strings.TrimSuffix(prefix, "/")}},
		"paths":   paths,
		"components": object{
			"schemas": schemas,
			"securitySchemes": object{
				"token":       object{"type": "http", "scheme": "bearer"},
				"certificate": object{"type": "mutualTLS"},
				"session":     object{"type": "apiKey", "in": "cookie", "name": sessionCookie},
			},
		},
		"security": []object{{"token": []string{}}, {"certificate": []string{}}, {"session": []string{}}},
	})
}

// operation describes one route.
func operation(to route, schemas object) (object, error) {
	answers, err := answersOf(to, schemas)
	if err != nil {
		return nil, err
	}
	op := object{
		"operationId": strings.ToLower(to.method) + "-" + strings.NewReplacer("/", "-", ".", "-").Replace(to.path),
		"summary":     to.summary, "description": "Needs the role " + to.role.String() + ".",
		"responses": answers,
	}
	if to.request != nil {
		ref, err := schemaOf(to.request, schemas, true)
		if err != nil {
			return nil, err
		}
		op["requestBody"] = object{"content": object{"application/json": object{"schema": ref}}}
	}
	var parameters []object
	for _, q := range to.query {
		parameters = append(parameters, object{"name": q.name, "in": "query", "description": q.meaning, "schema": object{"type": q.kind}})
	}
	if parameters != nil {
		op["parameters"] = parameters
	}
	return op, nil
}

// answersOf are the answers of a route: the good one, and what every route may
// say instead.
func answersOf(to route, schemas object) (object, error) {
	good, err := schemaOf(to.response, schemas, false)
	if err != nil {
		return nil, err
	}
	bad, err := schemaOf(failure{}, schemas, false)
	if err != nil {
		return nil, err
	}
	content := object{"application/json": object{"schema": good}}
	if to.stream != "" {
		content = object{to.stream: object{"schema": object{"type": "string"}}}
	}
	failed := object{"application/json": object{"schema": bad}}
	return object{
		"200":     object{"description": to.summary, "content": content},
		"401":     object{"description": "nobody that is known here", "content": failed},
		"403":     object{"description": "the role does not suffice", "content": failed},
		"default": object{"description": "why not", "content": failed},
	}, nil
}

// schemaOf adds the schema of a type, and of those in it, and refers to it. Of a
// request every key is known; answers may have more.
func schemaOf(v any, schemas object, strict bool) (object, error) {
	t := reflect.TypeOf(v)
	if t.Kind() == reflect.Map {
		return object{"type": "object"}, nil
	}
	r := jsonschema.Reflector{Anonymous: true, AllowAdditionalProperties: !strict}
	raw, err := json.Marshal(r.ReflectFromType(t))
	if err != nil {
		return nil, err
	}
	var made struct {
		Defs object `json:"$defs"`
	}
	raw = []byte(strings.ReplaceAll(string(raw), "#/$defs/", "#/components/schemas/"))
	if err := json.Unmarshal(raw, &made); err != nil {
		return nil, err
	}
	maps.Copy(schemas, made.Defs)
	return object{"$ref": "#/components/schemas/" + t.Name()}, nil
}
