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
}

// refusal is an error with its HTTP status.
type refusal struct {
	code int
	text string
}

// Error is the text for people.
func (r *refusal) Error() string { return r.text }

// refuse makes the error that a client sees with the given status.
func refuse(code int, format string, args ...any) error {
	return &refusal{code, fmt.Sprintf(format, args...)}
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
	code := http.StatusInternalServerError
	var r *refusal
	if errors.As(err, &r) {
		code = r.code
	}
	_ = writeJSON(w, code, &failure{status.SchemaVersion, err.Error()})
}

// notNil makes an empty list of none, so that JSON has [] and not null.
func notNil[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}
