package control

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"reflect"

	"github.com/carpd/carpd/internal/status"
)

// failure answers everything that went wrong.
type failure struct {
	SchemaVersion int    `json:"schema_version"`
	Error         string `json:"error"`
	Diff          string `json:"diff,omitempty"` // what a refused edit did not know of
}

// refusal is an error with its HTTP status.
type refusal struct {
	code int
	text string
	diff string
}

// Error is the text for people.
func (r *refusal) Error() string { return r.text }

// Diff is the difference of a Conflict, and Code the HTTP status, for pages.
func (r *refusal) Diff() string { return r.diff }
func (r *refusal) Code() int    { return r.code }

// refuse makes the error that a client sees with the given status.
func refuse(code int, format string, args ...any) error {
	return &refusal{code: code, text: fmt.Sprintf(format, args...)}
}

// Conflict makes the error of an edit that was made from a configuration which
// is not the one that there is; diff, without secrets, is from the one to the
// other.
func Conflict(text, diff string) error {
	return &refusal{http.StatusConflict, text, diff}
}

// writeJSON encodes first, so that a mistake cannot leave half an answer. A
// client that goes away while it is written to is no error of ours.
func writeJSON(w http.ResponseWriter, code int, v any) error {
	body, err := encode(v)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_, _ = w.Write(append(body, '\n'))
	return nil
}

// writeError answers with the text of an error; without a status of its own it
// is the daemon's trouble.
func writeError(w http.ResponseWriter, err error) {
	r := &refusal{code: http.StatusInternalServerError}
	_ = errors.As(err, &r)
	switch r.code {
	case http.StatusUnauthorized:
		w.Header().Set("WWW-Authenticate", `Bearer realm="carpd"`)
	case http.StatusTooManyRequests:
		w.Header().Set("Retry-After", "10")
	}
	_ = writeJSON(w, r.code, &failure{status.SchemaVersion, err.Error(), r.diff})
}

// encode makes JSON of an answer, in which no list is null.
func encode(v any) ([]byte, error) {
	body, err := json.Marshal(filled(reflect.ValueOf(v)).Interface())
	if err != nil {
		return nil, fmt.Errorf("encode the answer: %w", err)
	}
	return body, nil
}

// filled is a copy of a value with an empty list or map wherever there is none.
// What is shared with others is not touched.
func filled(v reflect.Value) reflect.Value {
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			return v
		}
		full := reflect.New(v.Type().Elem())
		full.Elem().Set(filled(v.Elem()))
		return full
	case reflect.Struct:
		return filledStruct(v)
	case reflect.Slice:
		full := reflect.MakeSlice(v.Type(), v.Len(), v.Len())
		for i := range v.Len() {
			full.Index(i).Set(filled(v.Index(i)))
		}
		return full
	case reflect.Map:
		full := reflect.MakeMap(v.Type())
		for k, e := range v.Seq2() {
			full.SetMapIndex(k, filled(e))
		}
		return full
	}
	return v
}

// filledStruct fills the fields of a struct; a time has none of ours.
func filledStruct(v reflect.Value) reflect.Value {
	full := reflect.New(v.Type()).Elem()
	full.Set(v)
	for i := range v.NumField() {
		if v.Type().Field(i).IsExported() {
			full.Field(i).Set(filled(v.Field(i)))
		}
	}
	return full
}
