package control

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/carpd/carpd/internal/status"
)

// prefix of every route.
const prefix = "/api/v1/"

// route is one verb of the interface.
type route struct {
	method, path string
	role         Role
	summary      string
	serve        func(*Server, http.ResponseWriter, *http.Request) error
	// request and response are values of the types in the bodies; nil is none.
	request, response any
	query             []query
	// stream is the media type of an answer that goes on; empty for JSON.
	stream string
}

// query is a parameter of a route.
type query struct{ name, kind, meaning string }

// routes is the whole interface.
var routes = slices.Concat(viewing, steering, editing, sharing)

// find looks up the verb for a path, and tells which methods the path takes.
func find(method, path string) (to *route, methods []string) {
	for i := range routes {
		if prefix+routes[i].path != path {
			continue
		}
		if routes[i].method == method {
			return &routes[i], nil
		}
		methods = append(methods, routes[i].method)
	}
	return nil, methods
}

// route finds the verb; what it returns as an error becomes the answer.
func (s *Server) route(w http.ResponseWriter, r *http.Request) {
	to, methods := find(r.Method, r.URL.Path)
	if err := permitted(r, to); err != nil {
		if to != nil && RoleOf(r) != Nobody { // Strangers could fill the log.
			audit(r, s.log, to.path, err)
		}
		writeError(w, err)
		return
	}
	switch {
	case to == nil && methods == nil:
		writeError(w, refuse(http.StatusNotFound, "no such route: %s", r.URL.Path))
		return
	case to == nil:
		w.Header().Set("Allow", strings.Join(methods, ", "))
		writeError(w, refuse(http.StatusMethodNotAllowed, "%s takes %s, not %s", r.URL.Path, strings.Join(methods, " or "), r.Method))
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	if err := to.serve(s, w, r); err != nil {
		writeError(w, err)
	}
}

// permitted refuses who may not use a route. Which routes there are is for
// those who may look.
func permitted(r *http.Request, to *route) error {
	if to == nil {
		return allow(r, ReadOnly)
	}
	return allow(r, to.role)
}

// viewing verbs change nothing.
var viewing = []route{
	{method: http.MethodGet, path: "status", role: ReadOnly, summary: "what carpd knows of itself", serve: (*Server).getStatus, response: status.Snapshot{}},
	{method: http.MethodGet, path: "counters", role: ReadOnly, summary: "all packet counters", serve: (*Server).getCounters, response: status.Counters{}},
	{method: http.MethodGet, path: "dataplane", role: ReadOnly, summary: "what the kernel holds", serve: (*Server).getDataplane, response: status.Dataplane{}},
	{method: http.MethodGet, path: "events", role: ReadOnly, summary: "the history, or a stream of it", serve: (*Server).getEvents, response: status.Events{},
		query: []query{
			{"after", "integer", "only events with an id above this one"},
			{"follow", "integer", "1 = go on with what happens, one EventLine per line (application/x-ndjson)"},
		}},
	{method: http.MethodGet, path: "stream", role: ReadOnly, summary: "the status and what happens, as server-sent events", serve: (*Server).getStream,
		response: status.EventLine{}, stream: "text/event-stream",
		query: []query{{"after", "integer", "begin behind this event; without it, with what happens now"}}},
	{method: http.MethodGet, path: "openapi.json", role: ReadOnly, summary: "this description", serve: (*Server).getDocument, response: map[string]any{}},
	{method: http.MethodGet, path: "demotions", role: ReadOnly, summary: "every demotion", serve: (*Server).getDemotions, response: status.Demotions{}},
	{method: http.MethodGet, path: "maintenance", role: ReadOnly, summary: "whether this node is in maintenance", serve: (*Server).getMaintenance, response: status.Maintenance{}},
	get("config", "the configuration as it is edited, without secrets", Source.Config),
	get("cluster", "all nodes and what they run", Source.Cluster),
}

// getStatus gives the last picture with its age.
func (s *Server) getStatus(w http.ResponseWriter, _ *http.Request) error {
	shown, err := s.snapshot()
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, shown)
}

// snapshot is the picture as it is shown. The source's own is not touched.
func (s *Server) snapshot() (*status.Snapshot, error) {
	snap := s.src.Status()
	if snap == nil {
		return nil, refuse(http.StatusServiceUnavailable, "carpd is starting")
	}
	shown := *snap
	shown.SchemaVersion = status.SchemaVersion
	if shown.Age == 0 {
		shown.Age = max(0, time.Since(shown.TakenAt).Seconds())
	}
	return &shown, nil
}

// getCounters reads them now.
func (s *Server) getCounters(w http.ResponseWriter, _ *http.Request) error {
	c, err := s.src.Counters()
	if err != nil {
		return fmt.Errorf("read counters: %w", err)
	}
	shown := *c
	shown.SchemaVersion = status.SchemaVersion
	return writeJSON(w, http.StatusOK, &shown)
}

// getDataplane asks the kernel. A caller who goes away ends it.
func (s *Server) getDataplane(w http.ResponseWriter, r *http.Request) error {
	d, err := s.src.Dataplane(r.Context())
	if err != nil {
		return fmt.Errorf("ask the kernel: %w", err)
	}
	shown := *d
	shown.SchemaVersion = status.SchemaVersion
	return writeJSON(w, http.StatusOK, &shown)
}

// getDemotions are those of the last picture.
func (s *Server) getDemotions(w http.ResponseWriter, _ *http.Request) error {
	snap := s.src.Status()
	if snap == nil {
		return refuse(http.StatusServiceUnavailable, "carpd is starting")
	}
	return writeJSON(w, http.StatusOK, &status.Demotions{SchemaVersion: status.SchemaVersion, Instance: s.instance(),
		Sum: snap.Demotion, Demotions: snap.Demotions})
}

// getMaintenance is that of the last picture.
func (s *Server) getMaintenance(w http.ResponseWriter, _ *http.Request) error {
	snap := s.src.Status()
	if snap == nil {
		return refuse(http.StatusServiceUnavailable, "carpd is starting")
	}
	shown := snap.Maintenance
	shown.SchemaVersion, shown.Instance = status.SchemaVersion, s.instance()
	return writeJSON(w, http.StatusOK, &shown)
}

// getEvents gives the history, or follows it.
func (s *Server) getEvents(w http.ResponseWriter, r *http.Request) error {
	after, follow, err := eventQuery(r)
	if err != nil {
		return err
	}
	if follow {
		return s.follow(w, r, after)
	}
	return writeJSON(w, http.StatusOK, &status.Events{
		SchemaVersion: status.SchemaVersion, Instance: s.instance(), Events: s.src.Events(after),
	})
}

// eventQuery reads ?after=N&follow=1.
func eventQuery(r *http.Request) (after uint64, follow bool, err error) {
	q := r.URL.Query()
	if text := q.Get("after"); text != "" {
		if after, err = strconv.ParseUint(text, 10, 64); err != nil {
			return 0, false, refuse(http.StatusBadRequest, "after=%q: an event's id, 0 or more", text)
		}
	}
	switch text := q.Get("follow"); text {
	case "", "0":
		return after, false, nil
	case "1":
		return after, true, nil
	default:
		return 0, false, refuse(http.StatusBadRequest, "follow=%q: 0 or 1", text)
	}
}

// instance is the name by the socket.
func (s *Server) instance() string { return instanceOf(s.listener.Addr().String()) }
