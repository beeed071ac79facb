package control

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

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

// Refuse makes an error that a client sees with an HTTP status of its own.
func Refuse(code int, format string, args ...any) error {
	return refuse(code, format, args...)
}

// writeJSON encodes first, so that a mistake cannot leave half an answer. A
// client that goes away while it is written to is no error of ours.
func writeJSON(w http.ResponseWriter, code int, v any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("encode the answer: %w", err)
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

// notNil makes an empty list of none, so that JSON has [] and not null.
func notNil[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}
