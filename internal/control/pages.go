package control

import (
	"net/http"
	"strings"
)

// serve gives a request to the API or to the pages.
func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	if s.pages == nil || strings.HasPrefix(r.URL.Path, "/api/") {
		s.route(w, r)
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	s.pages.ServeHTTP(w, r)
}
