package status

import "time"

// Demotion is one named reason why this node, or one group of it, is less fit
// to be MASTER. All that count for a group are added up; the sum is what the
// peers see (byte 4 of the advert, and the advertised advskew).
type Demotion struct {
	Name   string    `json:"name"`            // unique together with Group
	Group  string    `json:"group,omitempty"` // VHID@carpdev; empty = every group of this node
	Owner  string    `json:"owner"`           // who raised it, such as operator, maintenance or carpd
	Weight int       `json:"weight"`          // 1 to 255
	Reason string    `json:"reason,omitempty"`
	Since  time.Time `json:"since"`
	// Until is when it ends by itself; nil = when it is removed.
	Until *time.Time `json:"until,omitempty"`
	// Persistent ones are there again after a restart.
	Persistent bool `json:"persistent,omitempty"`
}

// Demotions is an answer with all of them.
type Demotions struct {
	SchemaVersion int        `json:"schema_version"`
	Instance      string     `json:"instance"`
	Sum           int        `json:"sum"` // of those that count for every group
	Demotions     []Demotion `json:"demotions"`
}

// DemoteRequest asks for a demotion. One of the same name and group is replaced.
type DemoteRequest struct {
	Name       string  `json:"name"`
	Group      string  `json:"group,omitempty"`
	Weight     int     `json:"weight,omitempty"` // 0 = 1
	Reason     string  `json:"reason,omitempty"`
	For        float64 `json:"for_seconds,omitempty"` // 0 = until it is removed
	Persistent bool    `json:"persistent,omitempty"`
}

// Phases of maintenance.
const (
	MaintenanceOff      = "off"
	MaintenanceEntering = "entering" // demoted, and a group is still MASTER
	MaintenanceOn       = "on"       // demoted, and no group is MASTER
)

// Maintenance is whether this node is kept from being MASTER on purpose.
type Maintenance struct {
	SchemaVersion int    `json:"schema_version,omitempty"` // of an answer of its own
	Instance      string `json:"instance,omitempty"`

	Phase  string     `json:"phase"`
	Reason string     `json:"reason,omitempty"`
	Since  *time.Time `json:"since,omitempty"`
	Until  *time.Time `json:"until,omitempty"`
	Forced bool       `json:"forced,omitempty"`
	// Waiting are the groups that no peer serves yet.
	Waiting []string `json:"waiting,omitempty"`
	// Alone tells that it was forced and no peer has taken over in time.
	Alone bool `json:"alone,omitempty"`
	// Refused is why the last attempt was given up; it is empty after a success.
	Refused string `json:"refused,omitempty"`
}

// MaintenanceRequest asks to enter maintenance. Unless forced it is refused, and
// withdrawn, when no peer takes over.
type MaintenanceRequest struct {
	Reason string  `json:"reason,omitempty"`
	For    float64 `json:"for_seconds,omitempty"` // 0 = until it is left
	Force  bool    `json:"force,omitempty"`
}

// HandOverRequest asks to give one group to a peer now. It stays there until the
// peer gives it up, For has passed, or the demotion "handover" is removed.
type HandOverRequest struct {
	Group string  `json:"group"`
	For   float64 `json:"for_seconds,omitempty"`
	Force bool    `json:"force,omitempty"` // even if no peer is known
}

// GroupRequest names a group; none means all of them.
type GroupRequest struct {
	Group string `json:"group,omitempty"`
}

// Done answers a verb that changed something, in a sentence for people.
type Done struct {
	SchemaVersion int    `json:"schema_version"`
	Instance      string `json:"instance"`
	Done          string `json:"done"`
	What          string `json:"what"`
}
