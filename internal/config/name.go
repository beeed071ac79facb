package config

import (
	"strconv"

	"github.com/carpd/carpd/internal/carp"
)

// GroupName is VHID@carpdev, the name by which people call a group.
func GroupName(v carp.VHID, carpdev string) string {
	return strconv.Itoa(int(v)) + "@" + carpdev
}
