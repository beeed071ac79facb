package status

import "time"

// Verdicts of a cluster.
const (
	ClusterOK       = "ok"
	ClusterDegraded = "degraded" // something is missing, demoted, or has no MASTER
	ClusterSplit    = "split"    // a group has two MASTERs
	ClusterAlone    = "alone"    // there are no other nodes that we know of
)

// Cluster is what this node knows of all nodes that share configuration.
type Cluster struct {
	SchemaVersion int      `json:"schema_version"`
	Instance      string   `json:"instance"`
	Enabled       bool     `json:"enabled"`
	Node          string   `json:"node"` // this one's name
	Verdict       string   `json:"verdict"`
	Reasons       []string `json:"reasons"` // why it is not ok, a sentence each
	Listen        string   `json:"listen,omitempty"`
	Version       Version  `json:"version"` // of the shared configuration that runs here
	Sections      []string `json:"sections"`
	Nodes         []Node   `json:"nodes"` // this one first
	// Refused counts, by reason, who was not let in by the listener of the cluster.
	Refused map[string]uint64 `json:"refused,omitempty"`
	// Lost are edits of this node that another one's won over.
	Lost []LostEdit `json:"lost,omitempty"`
}

// Version orders shared configurations: by Number, then by Node and Hash.
type Version struct {
	Number uint64    `json:"number"` // 0 = none yet
	Node   string    `json:"node"`   // that made it
	Hash   string    `json:"hash"`   // of the shared document
	At     time.Time `json:"at"`
}

// States of a node's shared configuration, as one node sees another.
const (
	SyncEqual       = "equal"       // it runs the version that we run
	SyncBehind      = "behind"      // it runs an older one
	SyncAhead       = "ahead"       // it runs a newer one
	SyncRefused     = "refused"     // it refused ours; Problem has why
	SyncDrift       = "drift"       // same version, other content: it was edited by hand
	SyncUnreachable = "unreachable" // it does not answer
	SyncOff         = "off"         // it does not take part
)

// Node is one member of the cluster.
type Node struct {
	Name        string    `json:"name"`
	Self        bool      `json:"self,omitempty"`
	Address     string    `json:"address"` // host:port of its cluster listener
	Rank        int       `json:"rank"`
	Sync        string    `json:"sync"`
	Problem     string    `json:"problem,omitempty"`
	Version     Version   `json:"version"`
	LastSeen    time.Time `json:"last_seen"`
	Fingerprint string    `json:"fingerprint,omitempty"` // SHA-256 of the public key in its certificate
	// Status is its own picture, nil when it does not answer.
	Status *Snapshot `json:"status,omitempty"`
}

// LostEdit is an edit that another one won over; it is kept in a file.
type LostEdit struct {
	Version Version   `json:"version"`
	Winner  Version   `json:"winner"`
	At      time.Time `json:"at"`
	Diff    string    `json:"diff"` // from the winner to the edit, without secrets
	Path    string    `json:"path"`
}

// ClusterInitRequest makes a CA and the first node.
type ClusterInitRequest struct {
	Node   string `json:"node"`
	Listen string `json:"listen"` // address:port that the others reach
}

// ClusterToken lets one other node join once.
type ClusterToken struct {
	SchemaVersion int       `json:"schema_version"`
	Instance      string    `json:"instance"`
	Token         string    `json:"token"`
	Until         time.Time `json:"until"`
}

// ClusterTokenRequest asks for a one-time token.
type ClusterTokenRequest struct {
	For float64 `json:"for_seconds,omitempty"` // 0 = 15 min
}

// ClusterJoinRequest enrols this node with a token that another one made.
type ClusterJoinRequest struct {
	Node   string `json:"node"`
	Listen string `json:"listen"`
	Token  string `json:"token"`
}

// ClusterRemoveRequest takes a node out of the cluster, or this one when Node
// is its own name.
type ClusterRemoveRequest struct {
	Node string `json:"node"`
}

// SyncRequest asks to compare with all nodes now, and, unless dry, to agree.
type SyncRequest struct {
	DryRun bool `json:"dry_run,omitempty"`
	// Push makes this node's configuration the new version even where another
	// one differs; else the newest version wins.
	Push bool `json:"push,omitempty"`
}

// SyncReport says for each node what was done, or would be.
type SyncReport struct {
	SchemaVersion int          `json:"schema_version"`
	Instance      string       `json:"instance"`
	Version       Version      `json:"version"`
	Nodes         []SyncResult `json:"nodes"`
}

// SyncResult is that of one node.
type SyncResult struct {
	Node    string  `json:"node"`
	Sync    string  `json:"sync"`
	Problem string  `json:"problem,omitempty"`
	Version Version `json:"version"`
	Diff    string  `json:"diff,omitempty"` // what would change there, without secrets
}
