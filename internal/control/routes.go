package control

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/carpd/carpd/internal/status"
)

// prefix of every route.
const prefix = "/api/v1/"

// route is one verb of the interface.
type route struct {
	method string
	serve  func(*Server, http.ResponseWriter, *http.Request) error
}

// routes is the whole interface.
var routes = map[string]route{
	prefix + "status":    {http.MethodGet, (*Server).getStatus},
	prefix + "counters":  {http.MethodGet, (*Server).getCounters},
	prefix + "dataplane": {http.MethodGet, (*Server).getDataplane},
	prefix + "events":    {http.MethodGet, (*Server).getEvents},
	prefix + "reload":    {http.MethodPost, (*Server).postReload},
	prefix + "retire":    {http.MethodPost, (*Server).postRetire},
}

// route finds the verb; what it returns as an error becomes the answer.
func (s *Server) route(w http.ResponseWriter, r *http.Request) {
	to, known := routes[r.URL.Path]
	if !known {
		writeError(w, refuse(http.StatusNotFound, "no such route: %s", r.URL.Path))
		return
	}
	if r.Method != to.method {
		w.Header().Set("Allow", to.method)
		writeError(w, refuse(http.StatusMethodNotAllowed, "%s takes %s, not %s", r.URL.Path, to.method, r.Method))
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	if err := to.serve(s, w, r); err != nil {
		writeError(w, err)
	}
}

// getStatus gives the last picture with its age.
func (s *Server) getStatus(w http.ResponseWriter, _ *http.Request) error {
	snap := s.src.Status()
	if snap == nil {
		return refuse(http.StatusServiceUnavailable, "carpd is starting")
	}
	shown := *snap
	shown.SchemaVersion = status.SchemaVersion
	shown.Groups = notNil(shown.Groups)
	shown.Carpdevs = notNil(shown.Carpdevs)
	if shown.Age == 0 {
		shown.Age = max(0, time.Since(shown.TakenAt).Seconds())
	}
	return writeJSON(w, http.StatusOK, &shown)
}

// getCounters reads them now.
func (s *Server) getCounters(w http.ResponseWriter, _ *http.Request) error {
	c, err := s.src.Counters()
	if err != nil {
		return fmt.Errorf("read counters: %w", err)
	}
	shown := *c
	shown.SchemaVersion = status.SchemaVersion
	shown.Groups = notNil(shown.Groups)
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
	shown.Programs, shown.Maps = notNil(shown.Programs), notNil(shown.Maps)
	shown.Groups, shown.Carpdevs = notNil(shown.Groups), notNil(shown.Carpdevs)
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
		SchemaVersion: status.SchemaVersion, Instance: s.instance(), Events: notNil(s.src.Events(after)),
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

// postReload has the configuration read again.
func (s *Server) postReload(w http.ResponseWriter, r *http.Request) error {
	return s.post(w, r, "reload", "reloaded", s.src.Reload)
}

// postRetire has carpd end and leave everything to another one.
func (s *Server) postRetire(w http.ResponseWriter, r *http.Request) error {
	return s.post(w, r, "retire", "retired", func(ctx context.Context) (string, error) { return "", s.src.Retire(ctx) })
}

// post does a verb that changes something, and takes no body. A caller who goes
// away does not stop it halfway; the end of the server does.
func (s *Server) post(w http.ResponseWriter, r *http.Request, verb, past string, do func(context.Context) (string, error)) error {
	what, err := "", discard(r.Body)
	if err == nil {
		ctx, cancel := context.WithTimeout(s.life, reloadTimeout)
		defer cancel()
		what, err = do(ctx)
		if err != nil {
			err = refuse(http.StatusUnprocessableEntity, "%v", err)
		}
	}
	audit(r.Context(), s.log, verb, err)
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, &done{status.SchemaVersion, s.instance(), past, what})
}

// instance is the name by the socket.
func (s *Server) instance() string { return instanceOf(s.listener.Addr().String()) }
