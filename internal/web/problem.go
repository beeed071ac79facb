package web

import (
	"errors"
	"net/http"
)

// problem is an error as a form shows it.
type problem struct {
	Text  string
	Field string // whose fault it is; empty = the whole form's
	Diff  string // between what was seen and what is there, without secrets
}

// fieldError is the fault of one field of a form.
type fieldError struct{ field, text string }

// Error is the text for people.
func (e *fieldError) Error() string { return e.text }

// badField makes the error that is shown beside a field.
func badField(field, text string) error { return &fieldError{field, text} }

// differs is an error that comes with a difference, such as that of a
// concurrent edit.
type differs interface{ Diff() string }

// codeOf is the HTTP status of a form that was refused.
func codeOf(err error) int {
	var own interface{ Code() int }
	if errors.As(err, &own) {
		return own.Code()
	}
	return http.StatusUnprocessableEntity
}

// problemOf reads what an error tells.
func problemOf(err error) *problem {
	p := &problem{Text: err.Error()}
	var f *fieldError
	if errors.As(err, &f) {
		p.Field = f.field
	}
	var d differs
	if errors.As(err, &d) {
		p.Diff = d.Diff()
	}
	return p
}

// On tells whether the problem is that of a field. No problem is on none.
func (p *problem) On(field string) bool { return p != nil && p.Field == field }
