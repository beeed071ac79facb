// Package config turns the configuration file into checked values and tells
// the difference of two configurations. It is pure: it never looks at the
// running system and never changes a loaded Config. Reading the secret files
// that a configuration names is the caller's part, through Options.
package config

import (
	"net/netip"
	"time"

	"github.com/carpd/carpd/internal/carp"
	"github.com/carpd/carpd/internal/election"
)

// Config is a whole, checked configuration.
type Config struct {
	Instance string
	LogLevel string // debug, info, warn, error
	// XDP is the mode that the operator forces: auto, native, generic, tcx or off.
	XDP string
	// DetachOnStop is auto, true or false: whether the idle XDP program is taken
	// off an interface when carpd ends. auto leaves it where that resets the link.
	DetachOnStop string
	Groups       []Group
}

// Auto is the carpdev that is found by the subnet of the addresses.
const Auto = "auto"

// Group is one VHID on one carpdev with its addresses.
type Group struct {
	VHID        carp.VHID
	Carpdev     string         // interface name or Auto
	Addresses   []netip.Prefix // in the order of the file; the bits are those of the subnet
	Secret      carp.Secret
	Advbase     uint8
	Advskew     uint8
	Preempt     bool
	MasterDown  election.MasterDown
	SharedTimer bool
	Lease       time.Duration // never above carp.Lease(Advbase)
	PrefixRoute bool
	// Physical is mac: physical. The interface's own MAC stands for the group.
	Physical bool
	// Always is address: always. The addresses are on the carpdev in every state.
	Always bool
	// Balancing is how several groups share the addresses; Nodes are then the
	// VHIDs of all of them, ascending, and of this one among them.
	Balancing carp.Balancing
	Nodes     []carp.VHID
	// AnnounceEvery is the pause between two announcements of an address, for
	// switches that forget; 0 is never.
	AnnounceEvery time.Duration
	Line          int // where it stands in the file
}

// Addrs are the addresses without their prefix lengths.
func (g Group) Addrs() []netip.Addr {
	out := make([]netip.Addr, len(g.Addresses))
	for i, p := range g.Addresses {
		out[i] = p.Addr()
	}
	return out
}

// Name is VHID@carpdev, as FreeBSD's devd writes it.
func (g Group) Name() string { return GroupName(g.VHID, g.Carpdev) }
