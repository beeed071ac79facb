package control

import (
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
	leave, err := s.joinFollowers()
	if err != nil {
		return err
	}
	defer leave()
	ctl := http.NewResponseController(w)
	// The deadline for reading matters too: reading is how the server notices
	// that the client went.
	if err := ctl.SetReadDeadline(time.Time{}); err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/x-ndjson")
	w.WriteHeader(http.StatusOK)
	s.stream(r, w, ctl, after)
	return nil
}

// stream ends with the context, the first write that fails or takes too long,
// or when the client may not look any more.
func (s *Server) stream(r *http.Request, w http.ResponseWriter, ctl *http.ResponseController, after uint64) {
	enc := json.NewEncoder(w)
	for {
		changed := s.src.Changed() // Before reading, so that no event falls in between.
		if !s.still(r) || ctl.SetWriteDeadline(time.Now().Add(s.patience)) != nil {
			return
		}
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
		case <-r.Context().Done():
			return
		}
	}
}
