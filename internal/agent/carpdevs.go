package agent

import (
	"errors"
	"slices"
	"strings"

	"github.com/carpd/carpd/internal/dataplane"
	"github.com/carpd/carpd/internal/status"
	"github.com/carpd/carpd/internal/transport"
)

// relistCarpdevs publishes the list of carpdevs.
func (a *Agent) relistCarpdevs() {
	list := []status.Carpdev{}
	for _, d := range a.carpdevs {
		list = append(list, d.status())
	}
	slices.SortFunc(list, func(a, b status.Carpdev) int { return strings.Compare(a.Name, b.Name) })
	a.devs.Store(&list)
}

// Carpdevs are the interfaces in use as they were published last.
func (a *Agent) Carpdevs() []status.Carpdev {
	if list := a.devs.Load(); list != nil {
		return *list
	}
	return []status.Carpdev{}
}

// status is the carpdev for people.
func (d *carpdev) status() status.Carpdev {
	return status.Carpdev{
		Name: d.link.Name, Index: d.link.Index, Up: d.link.Up, MAC: d.link.MAC.String(),
		XDP: d.attachment.Mode, XDPWhy: d.attachment.Why, XDPStays: d.attachment.Stays, Tried: tried(d.attachment),
		Ingress: d.attachment.Ingress, Egress: d.attachment.Egress, Uppers: d.link.Uppers,
		Problem: d.problem, Warnings: d.warnings(),
	}
}

// tried are the XDP modes above the one that was taken.
func tried(att dataplane.Attachment) (steps []status.XDPStep) {
	for _, s := range att.Tried {
		steps = append(steps, status.XDPStep{Mode: s.Mode, Refusal: string(s.Refusal), Why: s.Why})
	}
	return steps
}

// warnings are what people should know of a carpdev. To lack IPv6 matters only
// to groups that have IPv6 addresses.
func (d *carpdev) warnings() []string {
	warnings := slices.Clone(d.attachment.Warnings)
	needs6 := slices.ContainsFunc(d.groups, func(g *group) bool { return g.machine.Params().IPv6 })
	if d.joinErr != nil && (needs6 || !errors.Is(d.joinErr, transport.ErrNoIPv6)) {
		warnings = append(warnings, "multicast groups not joined: "+d.joinErr.Error())
	}
	return warnings
}
