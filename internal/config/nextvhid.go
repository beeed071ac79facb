package config

import "slices"

// NextVHID is the smallest VHID that is not used, to be proposed for a new
// group; 0 when all 255 are. Who proposes one gives the VHIDs of every carpdev:
// the virtual MAC is the same on all of them, and two networks may become one.
func NextVHID(used []int) int {
	for vhid := 1; vhid <= 255; vhid++ {
		if !slices.Contains(used, vhid) {
			return vhid
		}
	}
	return 0
}
