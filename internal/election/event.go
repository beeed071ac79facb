package election

import (
	"net/netip"
	"time"

	"github.com/carpd/carpd/internal/carp"
)

// Event is what happened to one group. Timers and packets use the same door:
// Machine.Step.
type Event interface{ event() }

type (
	// LinkUp says that the carpdev can carry adverts. An unknown link state
	// counts as up, as on OpenBSD.
	LinkUp struct{}

	// Resumed says the same of a group whose predecessor left a memory: it goes
	// on where that stopped.
	Resumed struct{ Memory }

	// LinkDown says that it cannot: the group goes to INIT.
	LinkDown struct{ Why LinkReason }

	// Received is an advert that passed every check and is not our own.
	Received struct {
		Advert carp.Advert
		Family carp.Family
		From   netip.Addr // IP source of the advert
		// FromGroup says that the source is one of the group's own addresses,
		// as a BSD sends whose parent interface has no address.
		FromGroup bool
		Own       netip.Addr // the source that we use in this family; may be invalid
		At        time.Time  // arrival by the kernel's clock
	}

	// Tick says that the deadline may have been reached. An early or stale tick
	// does nothing.
	Tick struct{}

	// Sent says that a round of adverts left in every family of the group; At
	// is the clock read before the first of them. It extends the lease.
	Sent struct{ At time.Time }

	// Demoted gives the sum of all demotions of this node, 0 or more.
	Demoted struct{ Total int }

	// Reconfigured gives new parameters; state and running timers are kept as
	// far as the new parameters allow.
	Reconfigured struct{ Params Params }

	// Shutdown ends the group: a MASTER bows out. LinkUp starts it again.
	// Disabled says that people meant this group, and not carpd as a whole.
	Shutdown struct{ Disabled bool }

	// HandOver makes a MASTER bow out and become BACKUP: it stays in the group.
	HandOver struct{}
)

func (LinkUp) event()       {}
func (Resumed) event()      {}
func (LinkDown) event()     {}
func (Received) event()     {}
func (Tick) event()         {}
func (Sent) event()         {}
func (Demoted) event()      {}
func (Reconfigured) event() {}
func (Shutdown) event()     {}
func (HandOver) event()     {}

// LinkReason says why a carpdev cannot carry adverts.
type LinkReason uint8

// Reasons of a link that is not usable.
const (
	LinkDownNow      LinkReason = iota // carrier lost or set down
	LinkMissing                        // the interface does not exist
	LinkAmbiguous                      // carpdev auto: none or several interfaces fit
	LinkBusy                           // the dataplane could not be attached
	LinkNotSupported                   // the interface cannot be a carpdev
)

// String is the reason in the operator's words.
func (r LinkReason) String() string {
	switch r {
	case LinkMissing:
		return "carpdev does not exist"
	case LinkAmbiguous:
		return "carpdev auto fits no single interface"
	case LinkBusy:
		return "carpdev not attached"
	case LinkNotSupported:
		return "carpdev not supported"
	default:
		return "carpdev down"
	}
}
