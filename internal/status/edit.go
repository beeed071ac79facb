package status

import "time"

// VIP is an entry of the list of groups in the configuration, as people edit
// it. A password is never in it.
type VIP struct {
	Name        string   `json:"name"` // VHID@carpdev
	VHID        int      `json:"vhid"`
	Carpdev     string   `json:"carpdev"` // or auto
	Addresses   []string `json:"addresses"`
	Description string   `json:"description,omitempty"`
	Advbase     int      `json:"advbase"`
	Advskew     int      `json:"advskew"`
	Preempt     bool     `json:"preempt"`
	MAC         string   `json:"mac"`     // virtual or physical
	Address     string   `json:"address"` // on-master or always
	Balancing   string   `json:"balancing,omitempty"`
	Carpnodes   []string `json:"carpnodes,omitempty"`
	// Password tells where it is kept: inline, file, credential or none. It never
	// tells what it is.
	Password string `json:"password"`
	Sync     bool   `json:"sync"` // false = never leaves this node, nor is overwritten
	Line     int    `json:"line"` // in the file
}

// VIPEdit is what an editor sends. What is nil stays as it is; of a new VIP it
// takes its default.
type VIPEdit struct {
	VHID         *int     `json:"vhid,omitempty"`
	Carpdev      *string  `json:"carpdev,omitempty"`
	Addresses    []string `json:"addresses,omitempty"`
	Password     *string  `json:"password,omitempty"`
	PasswordFile *string  `json:"password_file,omitempty"`
	Description  *string  `json:"description,omitempty"`
	Advbase      *int     `json:"advbase,omitempty"`
	Advskew      *int     `json:"advskew,omitempty"`
	Preempt      *bool    `json:"preempt,omitempty"`
	MAC          *string  `json:"mac,omitempty"`
	Address      *string  `json:"address,omitempty"`
	Sync         *bool    `json:"sync,omitempty"`
}

// VIPRequest adds, edits or removes one VIP in the pending configuration.
type VIPRequest struct {
	// Base is the Hash of the configuration that the editor saw. Another one is
	// refused with the difference. Empty takes what there is.
	Base string `json:"base,omitempty"`
	// Name is the VIP that is edited or removed.
	Name string `json:"name,omitempty"`
	// Edit is what an added or edited one becomes.
	Edit VIPEdit `json:"edit"`
}

// SettingsEdit changes keys at the top of the file; nil stays.
type SettingsEdit struct {
	Base         string  `json:"base,omitempty"`
	LogLevel     *string `json:"log_level,omitempty"`
	XDP          *string `json:"xdp,omitempty"`
	DetachOnStop *string `json:"detach_on_stop,omitempty"`
}

// Config is the configuration as it is edited: the pending one if there is one,
// else the one on disk.
type Config struct {
	SchemaVersion int    `json:"schema_version"`
	Instance      string `json:"instance"`
	Path          string `json:"path"`
	// Hash names the text of what is shown; Running names the one that runs.
	Hash         string   `json:"hash"`
	Running      string   `json:"running"`
	LogLevel     string   `json:"log_level"`
	XDP          string   `json:"xdp"`
	DetachOnStop string   `json:"detach_on_stop"`
	API          Access   `json:"api"`
	VIPs         []VIP    `json:"vips"`
	Interfaces   []string `json:"interfaces"` // that exist here, for a choice
	Warnings     []string `json:"warnings,omitempty"`
	Pending      *Pending `json:"pending,omitempty"`
	// Confirm is set while an applied change waits to be confirmed.
	Confirm *Confirm `json:"confirm,omitempty"`
}

// Access is who may come in beside the local socket. Neither a token nor its
// digest is in it.
type Access struct {
	Listen  []string `json:"listen,omitempty"`  // address:port; none = the socket alone
	Tokens  []Caller `json:"tokens,omitempty"`  // bearer tokens by name
	Clients []Caller `json:"clients,omitempty"` // client certificates by common name
}

// Caller is somebody who may come in, and as what.
type Caller struct {
	Name string `json:"name"`
	Role string `json:"role"` // read or admin
}

// Pending is what was edited and not applied yet.
type Pending struct {
	Hash string    `json:"hash"` // of the pending text
	Base string    `json:"base"` // of the text on disk that it was made from
	At   time.Time `json:"at"`   // of the last edit
	Diff string    `json:"diff"` // unified, without secrets
	Plan Plan      `json:"plan"`
	// Stale is why it cannot be applied: the file was changed by somebody else.
	Stale string `json:"stale,omitempty"`
}

// Plan is what applying would change and what that costs on the wire.
type Plan struct {
	Summary string   `json:"summary"`
	Steps   []string `json:"steps"` // a sentence for each group that is touched
}

// Confirm is a change that is taken back at Until unless it is confirmed.
type Confirm struct {
	Hash  string    `json:"hash"`
	Back  string    `json:"back"` // the configuration that comes back
	Until time.Time `json:"until"`
	Diff  string    `json:"diff"`
}

// ApplyRequest makes the pending configuration the running one.
type ApplyRequest struct {
	Base    string  `json:"base,omitempty"` // Hash of the pending text that was seen
	Confirm float64 `json:"confirm_seconds,omitempty"`
}

// ReloadRequest reads the file again.
type ReloadRequest struct {
	DryRun bool `json:"dry_run,omitempty"`
}

// Applied says what was done, or would be.
type Applied struct {
	SchemaVersion int      `json:"schema_version"`
	Instance      string   `json:"instance"`
	Done          string   `json:"done"` // applied, reloaded, would apply, confirmed, rolled back, discarded
	What          string   `json:"what"`
	Hash          string   `json:"hash"`
	Plan          Plan     `json:"plan"`
	Confirm       *Confirm `json:"confirm,omitempty"`
	Warnings      []string `json:"warnings,omitempty"`
}
