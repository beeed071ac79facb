package control

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/carpd/carpd/internal/status"
)

// follow streams the events after the given id, then every new one, a line
// each, until the client goes or the server ends. Each follower reads the
// source at its own pace and nothing is queued for it: one that does not read
// waits in its own write, and sees later what the source still keeps.
func (s *Server) follow(w http.ResponseWriter, r *http.Request, after uint64) error {
	if s.followers.Add(1) > maxFollowers {
		s.followers.Add(-1)
		return refuse(http.StatusServiceUnavailable, "%d clients follow the events already", maxFollowers)
	}
	defer s.followers.Add(-1)
	ctl := http.NewResponseController(w)
	if err := unlimited(ctl); err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/x-ndjson")
	w.WriteHeader(http.StatusOK)
	s.stream(r.Context(), w, ctl, after)
	return nil
}

// unlimited lifts the deadlines of the server from one connection. The one for
// reading matters too: it is how the server notices that the client went.
func unlimited(ctl *http.ResponseController) error {
	if err := ctl.SetReadDeadline(time.Time{}); err != nil {
		return err
	}
	return ctl.SetWriteDeadline(time.Time{})
}

// stream ends with the context or the first write that fails.
func (s *Server) stream(ctx context.Context, w http.ResponseWriter, ctl *http.ResponseController, after uint64) {
	enc := json.NewEncoder(w)
	for {
		changed := s.src.Changed() // Before reading, so that no event falls in between.
		for _, e := range s.src.Events(after) {
			line := status.EventLine{SchemaVersion: status.SchemaVersion, Instance: s.instance(), Event: e}
			if enc.Encode(&line) != nil {
				return
			}
			after = e.ID
		}
		if ctl.Flush() != nil {
			return
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return
		}
	}
}
