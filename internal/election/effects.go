package election

import (
	"time"

	"github.com/carpd/carpd/internal/carp"
)

// Effects is what the caller must do after a step. It is comparable with ==.
// The order of doing them is written once, in internal/agent/apply.go.
type Effects struct {
	From, To State
	// Cause is why the state changed, or why an event was refused or made no
	// difference. It is always set when From != To.
	Cause Cause
	// Advert is to be numbered, signed and sent in every family when Send is
	// true. Its Counter and Digest are zero.
	Advert carp.Advert
	Send   bool
	// BowOut asks for the last advert (255/255), repeated by the caller.
	BowOut bool
	// Announce asks for gratuitous ARP and unsolicited NA for every address.
	Announce bool
	// Tie is set when an equal advert was heard from a peer: an event with the
	// advice to give each node its own advskew.
	Tie bool
	// Wake is when Tick is wanted next; zero means never.
	Wake time.Time
}

// Changed reports whether the state changed.
func (e Effects) Changed() bool { return e.From != e.To }
