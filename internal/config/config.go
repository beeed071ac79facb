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
	API          API
	Cluster      Cluster
	Groups       []Group
}

// API is how the interface of carpd is reached over TCP; without Listen it is not.
type API struct {
	Listen      []string // address:port
	Certificate string   // PEM files; empty = those of the cluster
	Key         string
	ClientCA    string // whose certificates may come; empty = that of the cluster
	Tokens      []APIToken
	Clients     []APIClient
}

// APIToken is a bearer token, of which only a digest is known.
type APIToken struct {
	Name string
	Role string // read or admin
	Hash string // sha256: and 64 hexadecimal digits
}

// APIClient is a role for the common name of a client certificate.
type APIClient struct {
	Name string
	Role string // read or admin
}

// Cluster is how this node shares configuration with others; without Node it
// does not.
type Cluster struct {
	Node     string   // this node's name
	Listen   string   // address:port that the other nodes reach
	Sections []string // what is shared: groups, settings
	// SkewStep is added to the advskew of a new group for each rank.
	SkewStep int
	// Carpdevs maps names that the nodes share to interfaces of this one.
	Carpdevs map[string]string
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
	// Description is a text for people. NoSync is sync: false: the group neither
	// leaves this node nor is overwritten by another one's configuration.
	Description string
	NoSync      bool
	Line        int // where it stands in the file
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
