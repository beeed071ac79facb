package control

import (
	"net/http"
	"strings"
)

// serve gives a request to the API or to the pages, which check roles by
// themselves. The session is our own business.
func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	if s.pages == nil || strings.HasPrefix(r.URL.Path, "/api/") {
		s.route(w, r)
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	switch r.Method + " " + r.URL.Path {
	case "POST /login":
		s.login(w, r)
	case "POST /logout":
		s.logout(w, r)
	default:
		s.pages.ServeHTTP(w, r)
	}
}
