// Package status holds the plain structs that everybody shows: JSON, tables,
// later metrics and pages. They carry no behaviour and no pointer into live
// state; a value once published is never changed.
package status

import "time"

// SchemaVersion is raised when a field changes its meaning or goes away.
// Fields may be added without raising it.
const SchemaVersion = 1

// Snapshot is what one carpd knows of itself at one moment.
type Snapshot struct {
	SchemaVersion int       `json:"schema_version"`
	Instance      string    `json:"instance"`
	Version       string    `json:"version"`
	PID           int       `json:"pid"`
	Hostname      string    `json:"hostname"`
	StartedAt     time.Time `json:"started_at"`
	TakenAt       time.Time `json:"taken_at"` // when the loop was last awake
	// Age is how old the picture was when it was given out. It is counted by the
	// daemon, so that a reader needs no clock of its own.
	Age float64 `json:"age_seconds"`
	// Demotion is the sum of those that count for every group, at most 255.
	Demotion    int         `json:"demotion"`
	Demotions   []Demotion  `json:"demotions"`
	Maintenance Maintenance `json:"maintenance"`
	Disabled    bool        `json:"disabled,omitempty"` // every group is, until enabled or restarted
	// Listening are the addresses on which the API is reached over TCP; Warnings
	// are of carpd as a whole, such as an address on which it cannot listen.
	Listening []string  `json:"listening,omitempty"`
	Warnings  []string  `json:"warnings,omitempty"`
	Groups    []Group   `json:"groups"`
	Carpdevs  []Carpdev `json:"carpdevs"`
}

// Group is one VHID on one carpdev with its addresses.
type Group struct {
	Name        string    `json:"name"` // VHID@carpdev, as FreeBSD's devd writes it
	VHID        int       `json:"vhid"`
	Carpdev     string    `json:"carpdev"`
	Description string    `json:"description,omitempty"`
	State       string    `json:"state"` // INIT, BACKUP, MASTER
	Since       time.Time `json:"since"`
	Cause       string    `json:"cause"` // short, the same text as in events and logs
	Why         string    `json:"why"`   // one sentence with the numbers of the step that decided
	Addresses   []string  `json:"addresses"`
	Address     string    `json:"address"` // on-master or always: when they are on the carpdev
	VirtualMAC  string    `json:"virtual_mac"`
	Balancing   string    `json:"balancing,omitempty"` // how several groups share the addresses; empty = they do not
	Carpnodes   []int     `json:"carpnodes,omitempty"` // the VHIDs of all of them
	Advbase     int       `json:"advbase"`
	Advskew     int       `json:"advskew"`
	SentSkew    int       `json:"sent_advskew"` // as advertised, raised while demoted
	// Demotion is the sum that is advertised, at most 255: the node's and the group's own.
	Demotion    int     `json:"demotion"`
	Disabled    bool    `json:"disabled,omitempty"`
	Preempt     bool    `json:"preempt"`
	MasterDown  float64 `json:"master_down_seconds"`
	Lease       float64 `json:"lease_seconds"`
	Announce    float64 `json:"announce_every_seconds"` // 0 = never again after a takeover
	AnswerFor   float64 `json:"answer_for_seconds"`     // left of the lease when given out; 0 = the kernel is silent
	AcceptFor   float64 `json:"accept_for_seconds"`
	Leaving     bool    `json:"leaving,omitempty"` // bowed out, still taking frames for a moment
	Transitions uint64  `json:"transitions"`
	// Gaps are the seconds between the last adverts of the MASTER, the oldest
	// first: heard ones of a BACKUP, sent ones of a MASTER. AdvertAge is how old
	// the last of them was when given out; below 0 there was none.
	Gaps      []float64 `json:"advert_gaps_seconds"`
	AdvertAge float64   `json:"advert_age_seconds"`
	Master    *Peer     `json:"master,omitempty"` // the MASTER that a BACKUP hears
	Peers     []Peer    `json:"peers,omitempty"`
	Warnings  []string  `json:"warnings,omitempty"`
}

// Peer is another speaker of a group, known by a genuine advert.
type Peer struct {
	Address  string    `json:"address"`
	Advbase  int       `json:"advbase"`
	Advskew  int       `json:"advskew"`
	Demotion int       `json:"demotion"`
	LastSeen time.Time `json:"last_seen"`
}

// Carpdev is an interface that carries groups, and what is attached to it.
type Carpdev struct {
	Name   string `json:"name"`
	Index  int    `json:"index"`
	Up     bool   `json:"up"`
	MAC    string `json:"mac"`
	XDP    string `json:"xdp"`     // native, generic or none
	XDPWhy string `json:"xdp_why"` // why this mode
	// XDPStays tells that the XDP program stays, idle, when carpd is stopped.
	XDPStays bool `json:"xdp_stays,omitempty"`
	// Tried are the better modes, the best first, and why not they.
	Tried    []XDPStep `json:"xdp_tried,omitempty"`
	Ingress  string    `json:"tcx_ingress"`
	Egress   string    `json:"tcx_egress"` // position, such as "last of 1"
	Uppers   []string  `json:"uppers,omitempty"`
	Problem  string    `json:"problem,omitempty"`
	Warnings []string  `json:"warnings,omitempty"`
}

// XDPStep is an XDP mode that was not taken, and why: in one word for programs,
// and in a sentence.
type XDPStep struct {
	Mode    string `json:"mode"`
	Refusal string `json:"refusal"` // held, unsupported, virtual, tags, mtu, failed or unknown
	Why     string `json:"why"`
}

// Counters are all packet counters of one carpd.
type Counters struct {
	SchemaVersion int             `json:"schema_version"`
	Instance      string          `json:"instance"`
	Groups        []GroupCounters `json:"groups"`
	// Other counts what belongs to no group, such as a VRRP daemon's packets.
	Other map[string]uint64 `json:"other"`
}

// GroupCounters are those of one group. The keys of Packets are the texts of
// carp.Reason; Sent counts what carpd sent itself.
type GroupCounters struct {
	Name    string            `json:"name"`
	Packets map[string]uint64 `json:"packets"`
	Sent    Sent              `json:"sent"`
}

// Sent counts what left for one group.
type Sent struct {
	Adverts       uint64 `json:"adverts"`
	BowOuts       uint64 `json:"bow_outs"`
	Announcements uint64 `json:"announcements"`
	Errors        uint64 `json:"errors"`
}

// Event is one line of the history: a transition or something worth knowing.
type Event struct {
	ID    uint64    `json:"id"` // rising; a follower asks for what comes after the last it saw
	At    time.Time `json:"at"`
	Kind  string    `json:"kind"` // transition, tie, conflict, "vrid collision", "ring full", reload ...
	Group string    `json:"group,omitempty"`
	From  string    `json:"from,omitempty"`
	To    string    `json:"to,omitempty"`
	Cause string    `json:"cause,omitempty"`
	Text  string    `json:"text,omitempty"`
}

// Events is an answer with history.
type Events struct {
	SchemaVersion int     `json:"schema_version"`
	Instance      string  `json:"instance"`
	Events        []Event `json:"events"`
}

// EventLine is one line of a stream of events. Each line tells its schema, so
// that a line can be kept and read alone.
type EventLine struct {
	SchemaVersion int    `json:"schema_version"`
	Instance      string `json:"instance"`
	Event
}
