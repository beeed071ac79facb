package status

import "time"

// Dataplane is what the kernel holds for one carpd: programs, deadlines,
// counters and maps.
type Dataplane struct {
	SchemaVersion int       `json:"schema_version"`
	Instance      string    `json:"instance"`
	TakenAt       time.Time `json:"taken_at"`
	Pins          string    `json:"pins"`   // the directory where all of it is pinned
	Layout        int       `json:"layout"` // of the maps
	Memory        uint64    `json:"memory_bytes"`
	// Timed is whether the kernel counts and times runs of programs now, which
	// costs every program something (kernel.bpf_stats_enabled).
	Timed    bool            `json:"timed"`
	Programs []Program       `json:"programs"`
	Carpdevs []Carpdev       `json:"carpdevs"`
	Groups   []KernelGroup   `json:"groups"`
	Other    map[string]Rate `json:"other"` // what belongs to no group
	Maps     []Map           `json:"maps"`
	RingUsed int             `json:"ring_used_bytes"`
	RingSize int             `json:"ring_size_bytes"`
}

// Program is one BPF program as the kernel has it.
type Program struct {
	Name     string    `json:"name"`
	ID       uint32    `json:"id"`
	Tag      string    `json:"tag"` // the hash of its instructions
	LoadedAt time.Time `json:"loaded_at"`
	Runs     uint64    `json:"runs"` // while the kernel counted them
	RunNs    float64   `json:"run_ns"`
	Memory   uint64    `json:"memory_bytes"`
}

// KernelGroup is what the kernel knows of one group.
type KernelGroup struct {
	Name  string `json:"name"`
	Slot  uint32 `json:"slot"` // in every map that is an array; 0 = not there now
	State string `json:"state"`
	// Answer and Accept are what is left of the two deadlines: below 0 is how
	// long ago one ran out, and none is one that was never set or was taken back.
	Answer *float64        `json:"answer_seconds,omitempty"`
	Accept *float64        `json:"accept_seconds,omitempty"`
	Counts map[string]Rate `json:"counters"` // by reason
}

// Rate is a counter of packets, and how fast it ran during the last second.
type Rate struct {
	Packets   uint64  `json:"packets"`
	PerSecond float64 `json:"per_second"`
}

// Map is one BPF map as the kernel has it; what is in it is not told.
type Map struct {
	Name    string `json:"name"`
	ID      uint32 `json:"id"`
	Type    string `json:"type"` // as bpftool calls it
	Entries int    `json:"entries"`
	Max     int    `json:"max_entries"`
	Memory  uint64 `json:"memory_bytes"`
}
