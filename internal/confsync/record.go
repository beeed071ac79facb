package confsync

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"

	"github.com/carpd/carpd/internal/status"
)

// recordFile is the file in the state directory that holds the record.
const recordFile = "sync.json"

// record is what a node knows of its shared configuration across restarts. It
// never says what the configuration is: the file of the configuration does, and
// the record says which version that would be.
type record struct {
	made
	// Next is what is being put into the file. After a crash the file tells
	// whether it got there.
	Next *made `json:"next,omitempty"`
	// Lost are edits that another one won over.
	Lost []status.LostEdit `json:"lost,omitempty"`
}

// made is a version without its document.
type made struct {
	Version  status.Version   `json:"version"`
	History  history          `json:"history,omitempty"`
	Bases    map[string]int   `json:"bases,omitempty"`
	Released []string         `json:"released,omitempty"`
	Beaten   *status.LostEdit `json:"beaten,omitempty"` // the edit of this node that it wins over
}

// madeOf is an update without its document.
func madeOf(u Update) made {
	return made{Version: u.Version, History: u.History, Bases: u.Bases, Released: u.Released}
}

// adopt makes a version the one that this node runs.
func (r record) adopt(m made) record {
	if m.Beaten != nil {
		r.Lost = append([]status.LostEdit{*m.Beaten}, r.Lost[:min(len(r.Lost), maxLost-1)]...)
		m.Beaten = nil
	}
	r.made, r.Next = m, nil
	return r
}

// readRecord reads the record; a node that has none knows no version. One that
// cannot be read is an error: to begin anew would make an old configuration
// look like a new one.
func readRecord(s State) (r record, err error) {
	text, err := s.Read(recordFile)
	if errors.Is(err, fs.ErrNotExist) {
		return r, nil
	}
	if err == nil {
		err = json.Unmarshal(text, &r)
	}
	if err != nil {
		return r, fmt.Errorf("read %s: %w", s.Path(recordFile), err)
	}
	return r, nil
}

// keep writes the record. Only what is kept counts.
func (e *Engine) keep(r record) error {
	text, err := json.MarshalIndent(r, "", "  ")
	if err == nil {
		err = e.State.Write(recordFile, text)
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", e.State.Path(recordFile), err)
	}
	e.view.Lock()
	e.rec = r
	e.view.Unlock()
	return nil
}
