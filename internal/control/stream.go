package control

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/carpd/carpd/internal/status"
)

// How often the status is looked at for a change, sent though nothing changed,
// and how long a client may take to read what is sent.
const (
	lookEvery      = 500 * time.Millisecond
	beatEvery      = 5 * time.Second
	followPatience = 30 * time.Second
)

// getStream sends the status and what happens as server-sent events (WHATWG
// HTML, 9.2), which browsers follow and take up again by themselves.
func (s *Server) getStream(w http.ResponseWriter, r *http.Request) error {
	leave, err := s.joinFollowers()
	if err != nil {
		return err
	}
	defer leave()
	f := &sse{s: s, w: w, ctl: http.NewResponseController(w)}
	if err := f.ctl.SetReadDeadline(time.Time{}); err != nil {
		return err
	}
	if f.after, err = s.resume(r); err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/event-stream")
	w.WriteHeader(http.StatusOK)
	f.run(r)
	return nil
}

// joinFollowers counts one who follows.
func (s *Server) joinFollowers() (leave func(), err error) {
	if s.followers.Add(1) > maxFollowers {
		s.followers.Add(-1)
		return nil, refuse(http.StatusServiceUnavailable, "%d clients follow the events already", maxFollowers)
	}
	return func() { s.followers.Add(-1) }, nil
}

// resume is the event behind which a stream begins: the one that the browser had
// last, if that was of this carpd; all that are kept, if it was of an earlier
// one; the query's; else only what happens from now on.
func (s *Server) resume(r *http.Request) (after uint64, err error) {
	if last := r.Header.Get("Last-Event-ID"); last != "" {
		epoch, id, _ := strings.Cut(last, "-")
		if after, err = strconv.ParseUint(id, 10, 64); err != nil || epoch != s.epoch() {
			return 0, nil
		}
		return after, nil
	}
	if r.URL.Query().Has("after") {
		after, _, err = eventQuery(r)
		return after, err
	}
	if all := s.src.Events(0); len(all) > 0 {
		after = all[len(all)-1].ID
	}
	return after, nil
}

// epoch tells this run of carpd from earlier ones, whose events had the same ids.
func (s *Server) epoch() string {
	snap := s.src.Status()
	if snap == nil {
		return "0"
	}
	return strconv.FormatInt(max(0, snap.StartedAt.UnixMilli()), 36)
}

// sse is one stream.
type sse struct {
	s     *Server
	w     http.ResponseWriter
	ctl   *http.ResponseController
	after uint64
	sum   [sha256.Size]byte // of the status that was sent last
	sent  time.Time         // when that was
}

// run sends until the client goes, may not look any more, does not read, or the
// server ends.
func (f *sse) run(r *http.Request) {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		changed := f.s.src.Changed() // Before reading, so that no event falls in between.
		if !f.s.still(r) || f.send() != nil {
			return
		}
		select {
		case <-changed:
		case <-tick.C:
		case <-r.Context().Done():
			return
		}
	}
}

// send writes what there is to tell, if anything.
func (f *sse) send() error {
	text, err := f.events()
	if err != nil {
		return err
	}
	if text = append(text, f.status()...); len(text) == 0 {
		return nil
	}
	if err := f.ctl.SetWriteDeadline(time.Now().Add(f.s.patience)); err != nil {
		return err
	}
	if _, err := f.w.Write(text); err != nil {
		return err
	}
	return f.ctl.Flush()
}

// events are those that are new, each with its id.
func (f *sse) events() (text []byte, err error) {
	epoch := f.s.epoch()
	for _, e := range f.s.src.Events(f.after) {
		line, err := json.Marshal(&status.EventLine{SchemaVersion: status.SchemaVersion, Instance: f.s.instance(), Event: e})
		if err != nil {
			return nil, err
		}
		text = fmt.Appendf(text, "id: %s-%d\nevent: event\ndata: %s\n\n", epoch, e.ID, line)
		f.after = e.ID
	}
	return text, nil
}

// status is the picture when it changed, or when nothing was heard for a while.
func (f *sse) status() []byte {
	if time.Since(f.sent) < pictureEvery {
		return nil
	}
	body, sum, err := f.s.picture()
	if err != nil || sum == f.sum && time.Since(f.sent) < beatEvery {
		return nil // Before the first picture there is nothing to show.
	}
	f.sum, f.sent = sum, time.Now()
	return fmt.Appendf(nil, "event: status\ndata: %s\n\n", body)
}

// still tells whether somebody who follows may go on: his token may have been
// taken away since he came.
func (s *Server) still(r *http.Request) bool {
	if CallerOf(r).Via == "socket" {
		return true
	}
	c, err := s.identify(r)
	return err == nil && c.Role >= ReadOnly
}
