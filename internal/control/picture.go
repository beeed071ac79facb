package control

import (
	"crypto/sha256"
	"slices"
	"sync"
	"time"

	"github.com/carpd/carpd/internal/status"
)

// pictureEvery is how long a picture serves all who follow the status: many of
// them cost the daemon no more than one.
const pictureEvery = 400 * time.Millisecond

// picture is the status as it is sent to followers.
type picture struct {
	mu   sync.Mutex // guards what follows
	at   time.Time
	body []byte
	sum  [sha256.Size]byte // of what is in it, without what runs with the clock
}

// picture is that of now, or of a moment ago; empty before there is one.
func (s *Server) picture() (body []byte, sum [sha256.Size]byte, err error) {
	p := &s.shown
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.body != nil && time.Since(p.at) < pictureEvery {
		return p.body, p.sum, nil
	}
	snap, err := s.snapshot()
	if err != nil {
		return nil, sum, err
	}
	if p.body, err = encode(snap); err != nil {
		return nil, sum, err
	}
	still, err := encode(stood(snap))
	p.at, p.sum = time.Now(), sha256.Sum256(still)
	return p.body, p.sum, err
}

// stood is a picture in which no clock runs, to tell whether something changed.
func stood(snap *status.Snapshot) *status.Snapshot {
	still := *snap
	still.TakenAt, still.Age = time.Time{}, 0
	still.Groups = slices.Clone(snap.Groups)
	for i := range still.Groups {
		g := &still.Groups[i]
		g.AnswerFor, g.AcceptFor, g.AdvertAge = 0, 0, 0
	}
	return &still
}
