package control

import (
	"net/http"
	"strings"
)

// serve gives a request to the API or to the pages.
func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	switch {
	case s.pages == nil || strings.HasPrefix(r.URL.Path, "/api/"):
		s.route(w, r)
	case r.Method == http.MethodGet || r.Method == http.MethodHead:
		s.pages.ServeHTTP(w, r)
	default:
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		s.submit(w, r)
	}
}

// submit takes a form. Only those of the session are for everybody; the others
// change something, whatever page they stand on.
func (s *Server) submit(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/login":
		s.Login(w, r)
		return
	case "/logout":
		s.Logout(w, r)
		return
	}
	if err := allow(r, Admin); err != nil {
		if RoleOf(r) != Nobody { // Strangers could fill the log.
			audit(r, s.log, r.URL.Path, err)
		}
		writeError(w, err)
		return
	}
	seen := &coded{ResponseWriter: w, code: http.StatusOK}
	s.pages.ServeHTTP(seen, r)
	audit(r, s.log, r.URL.Path, seen.err())
}

// coded remembers the status of an answer.
type coded struct {
	http.ResponseWriter
	code int
}

// WriteHeader notes the status.
func (c *coded) WriteHeader(code int) {
	c.code = code
	c.ResponseWriter.WriteHeader(code)
}

// Unwrap shows the writer below to http.ResponseController.
func (c *coded) Unwrap() http.ResponseWriter { return c.ResponseWriter }

// err is the refusal that an answer was, if it was one.
func (c *coded) err() error {
	if c.code < http.StatusBadRequest {
		return nil
	}
	return refuse(c.code, "%s", http.StatusText(c.code))
}
