package web

import (
	"net/http"

	"github.com/carpd/carpd/internal/control"
)

// Route is one path of the pages and the role that it needs.
type Route struct {
	Method, Path string
	Role         control.Role
}

// target is a route and what answers it.
type target struct {
	Route
	serve func(*site, http.ResponseWriter, *http.Request, control.Caller)
}

// Routes are all there are; every other path is not found.
func Routes() []Route {
	var out []Route
	for _, t := range targets() {
		out = append(out, t.Route)
	}
	return out
}

// targets derives the routes from the table of pages: who may read may see
// every page, and only an administrator may post.
func targets() []target {
	out := []target{{Route{http.MethodGet, staticPrefix + "{file}", control.Nobody}, (*site).serveStatic}}
	for _, p := range pages {
		role := control.ReadOnly
		if p.open {
			role = control.Nobody
		}
		out = append(out, target{Route{http.MethodGet, p.path, role},
			func(s *site, w http.ResponseWriter, r *http.Request, who control.Caller) { s.servePage(w, r, who, p) }})
		for _, a := range p.acts {
			out = append(out, target{Route{http.MethodPost, doPrefix + a.path, control.Admin},
				func(s *site, w http.ResponseWriter, r *http.Request, who control.Caller) { s.serveAct(w, r, who, p, a) }})
		}
	}
	return out
}

// pattern is the route as http.ServeMux wants it.
func (r Route) pattern() string {
	if r.Path == "/" {
		return r.Method + " /{$}"
	}
	return r.Method + " " + r.Path
}
