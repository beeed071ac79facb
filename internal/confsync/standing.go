package confsync

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/carpd/carpd/internal/status"
)

// standing is what a node says of its shared configuration when it is asked, and
// when it asks.
type standing struct {
	Version  status.Version `json:"version"`
	Sections []string       `json:"sections"` // none = it takes no part
	// Drift is why what runs there, or the file, is not that version.
	Drift string `json:"drift,omitempty"`
	// Refused is the greater version that it last refused.
	Refused *refusal `json:"refused,omitempty"`
}

// refusal is a version with why it was refused.
type refusal struct {
	Version status.Version `json:"version"`
	Why     string         `json:"why"`
}

// stand is what this node says of itself.
func (e *Engine) stand() standing {
	s, _, in := e.who()
	e.view.Lock()
	st := standing{Version: e.rec.Version, Refused: e.stillRefused(), Drift: e.trouble}
	e.view.Unlock()
	if in {
		st.Sections = s.sections
	}
	if st.Drift == "" {
		st.Drift = e.drift(s, st.Version)
	}
	return st
}

// stillRefused is the version that this node refused, while it is greater than its
// own and some node has it. The caller holds the view.
func (e *Engine) stillRefused() *refusal {
	if e.refused == nil || judge(e.rec.Version, e.refused.Version) != newer {
		return nil
	}
	for _, p := range e.peers {
		if same(p.said.Version, e.refused.Version) {
			return e.refused
		}
	}
	return nil
}

// drift is why this node does not hold its version: somebody edits the file, a
// change is on trial, or what runs was not looked at yet.
func (e *Engine) drift(s self, v status.Version) string {
	text, _, _ := e.Store.Current()
	disk, err := e.Store.OnDisk()
	switch {
	case e.broken != nil:
		return e.broken.Error()
	case err != nil:
		return err.Error()
	case !bytes.Equal(disk, text):
		return editedByHand
	case e.Store.Trial() != nil:
		return onTrial(e.Store.Trial())
	case v.Number > 0 && e.hashOf(s, text) != v.Hash:
		return "what runs here is not " + nameOf(v)
	}
	return ""
}

// errApart is why a node shares nothing.
var errApart = errors.New("this node takes no part in the shared configuration")

// known is the hash of what one text shares: to find it out takes a while where
// there are many groups, and is asked for often.
type known struct {
	of   string // the text, and what decides what is shared of it
	hash string
}

// hashOf is the hash of what a text shares; empty when it cannot be shared.
func (e *Engine) hashOf(s self, text []byte) string {
	of := hash(text) + fmt.Sprint(s)
	e.view.Lock()
	k := e.known
	e.view.Unlock()
	if k.of == of {
		return k.hash
	}
	d, _, err := s.export(text)
	k = known{of: of}
	if err == nil {
		k.hash = hash(d.encode())
	}
	e.view.Lock()
	e.known = k
	e.view.Unlock()
	return k.hash
}
