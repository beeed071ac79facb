package capture

import (
	"net/netip"
	"time"
)

// SchemaVersion is raised when a field of Record changes its meaning or goes
// away. Fields may be added without raising it.
const SchemaVersion = 1

// Verdicts are the texts of carp.Reason, "ok" among them, and these two.
const (
	// NoKey says that nothing is wrong with the advert as far as can be seen,
	// but that there was no key for its VHID, so that the digest was not
	// checked: it may be genuine or forged.
	NoKey = "no key"
	// Truncated says that the capture holds too little of the packet, which on
	// the wire may have been good.
	Truncated = "truncated"
)

// Record is one packet of protocol 112. The fields of Advert or of VRRP are
// there when enough of the packet was, and are shown as they stood on the wire
// whatever the verdict.
type Record struct {
	SchemaVersion int        `json:"schema_version"`
	Packet        int        `json:"packet"` // number in the capture, from 1
	Time          time.Time  `json:"time,omitzero"`
	SrcMAC        string     `json:"src_mac,omitempty"`
	DstMAC        string     `json:"dst_mac,omitempty"`
	VLANs         []uint16   `json:"vlans,omitempty"` // outer first
	Src           netip.Addr `json:"src"`
	Dst           netip.Addr `json:"dst"`
	Family        string     `json:"family"` // IPv4 or IPv6
	TTL           uint8      `json:"ttl"`    // or hop limit
	Kind          string     `json:"kind"`   // CARP, VRRPv2, VRRPv3 or unknown
	*Advert
	*VRRP
	Group   string `json:"group,omitempty"` // whose key fits, as VHID@carpdev
	Verdict string `json:"verdict"`
}

// Advert is what a CARP advert says.
type Advert struct {
	VHID     uint8  `json:"vhid"`
	Advbase  uint8  `json:"advbase"`
	Advskew  uint8  `json:"advskew"`
	Demotion uint8  `json:"demotion"`
	Counter  string `json:"counter"` // 16 hex digits
	BowOut   bool   `json:"bow_out"`
	// Fingerprint is the first 8 hex digits of the digest: enough to see
	// repetitions, and short of the whole digest, from which passwords can be
	// guessed offline.
	Fingerprint string `json:"digest_fingerprint"`
}

// VRRP is what a VRRP advert says.
type VRRP struct {
	VRID      uint8 `json:"vrid"`
	Priority  uint8 `json:"priority"`
	Addresses uint8 `json:"address_count"`
	Interval  int   `json:"interval_ms"`
}
