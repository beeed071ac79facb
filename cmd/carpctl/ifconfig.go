package main

import (
	"fmt"
	"strings"

	"github.com/carpd/carpd/internal/status"
)

// ifconfig prints the line of FreeBSD's ifconfig(8) for each group under the
// name of its carpdev, because scripts search for it.
func ifconfig(s *status.Snapshot) string {
	var order []string
	lines := map[string]string{}
	for _, g := range s.Groups {
		if _, seen := lines[g.Carpdev]; !seen {
			order = append(order, g.Carpdev)
		}
		lines[g.Carpdev] += fmt.Sprintf("\tcarp: %s vhid %d advbase %d advskew %d\n", g.State, g.VHID, g.Advbase, g.Advskew)
	}
	var b strings.Builder
	for _, dev := range order {
		b.WriteString(dev + ":\n" + lines[dev])
	}
	return b.String()
}
