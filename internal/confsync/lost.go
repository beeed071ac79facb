package confsync

import (
	"fmt"
	"slices"

	"github.com/carpd/carpd/internal/config"
	"github.com/carpd/carpd/internal/status"
)

// maxLost is how many lost edits are remembered. Their files stay.
const maxLost = 8

// saveLost keeps the file of this node before a version is taken that does not
// have this node's edit in it. It is whole, so that somebody can take up from it
// what was lost; with its passwords, so only its owner reads it.
func (e *Engine) saveLost(text, after []byte, loser, winner status.Version) (*status.LostEdit, error) {
	name := fmt.Sprintf("lost-%d-%s.yaml", loser.Number, short(loser.Hash))
	if err := e.State.Write(name, text); err != nil {
		return nil, fmt.Errorf("keep the edit that is lost: %w", err)
	}
	return &status.LostEdit{Version: loser, Winner: winner, At: e.Now(),
		Diff: config.RedactedDiff(after, text), Path: e.State.Path(name)}, nil
}

// tellLost reports a lost edit where people look.
func (e *Engine) tellLost(l status.LostEdit) {
	text := fmt.Sprintf("%s of this node lost to %s: the edit is kept in %s", nameOf(l.Version), nameOf(l.Winner), l.Path)
	e.Event("edit lost", text)
	e.Log.Warn().Msg(text)
}

// lost are the lost edits whose file is still there: who has dealt with one
// removes it.
func (e *Engine) lost(r record) []status.LostEdit {
	return slices.DeleteFunc(slices.Clone(r.Lost), func(l status.LostEdit) bool {
		_, err := e.State.Read(fmt.Sprintf("lost-%d-%s.yaml", l.Version.Number, short(l.Version.Hash)))
		return err != nil
	})
}
