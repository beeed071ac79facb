package election

import (
	"time"

	"github.com/carpd/carpd/internal/carp"
)

// Params are the settings of one group. Params is comparable.
type Params struct {
	VHID    carp.VHID
	Advbase uint8 // seconds, 1 to 255
	Advskew uint8 // 1/256 s, 0 to 254
	Preempt bool
	// MasterDown chooses how long a BACKUP waits.
	MasterDown MasterDown
	// Families in which the group has addresses; at least one.
	IPv4, IPv6 bool
	// SharedTimer uses one master-down timer for both families, so that the
	// loss of one family alone does not make a second MASTER.
	SharedTimer bool
	// Lease is how long the kernel may answer after a round of adverts.
	Lease time.Duration
	// TieWait is this node's own fraction of a second, waited once after it
	// yielded to an equal peer that cannot be told apart by address.
	TieWait time.Duration
}

// MasterDown is the formula of the master-down time.
type MasterDown uint8

// The two formulas; both are legal for a peer.
const (
	ThreeBasePlusSkew MasterDown = iota // 3 x advbase + advskew: FreeBSD, NetBSD, UCarp
	ThreeIntervals                      // 3 x (advbase + advskew): OpenBSD
)
