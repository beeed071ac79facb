package web

import (
	"strconv"
	"strings"

	"github.com/carpd/carpd/internal/status"
)

// auto is the carpdev that is found by the subnet of the addresses.
const auto = "auto"

// Bounds of the numbers of a VIP, as the configuration has them.
const (
	maxVHID    = 255
	maxAdvbase = 255
	maxAdvskew = 254
)

// vhidsOf are the VHIDs of an entry: several with balancing.
func vhidsOf(v status.VIP) []int {
	var out []int
	for _, node := range v.Carpnodes {
		id, _, _ := strings.Cut(node, ":")
		if n, err := strconv.Atoi(id); err == nil {
			out = append(out, n)
		}
	}
	if len(out) == 0 {
		out = append(out, v.VHID)
	}
	return out
}

// mayMeet tells whether two carpdevs may be the same interface: auto may turn
// out to be any.
func mayMeet(a, b string) bool { return a == b || a == auto || b == auto }

// nextVHID is the smallest that no VIP has which is, or may turn out to be, on
// the same interface; 0 if all are taken.
func nextVHID(vips []status.VIP, carpdev string) int {
	var taken [maxVHID + 1]bool
	for _, v := range vips {
		for _, id := range vhidsOf(v) {
			if mayMeet(v.Carpdev, carpdev) && id >= 1 && id <= maxVHID {
				taken[id] = true
			}
		}
	}
	for id := 1; id <= maxVHID; id++ {
		if !taken[id] {
			return id
		}
	}
	return 0
}
