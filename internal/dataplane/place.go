package dataplane

import (
	"fmt"
	"strings"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"
)

// place is where a program stands among those of a TCX hook.
func place(ifindex int, hook ebpf.AttachType, p *ebpf.Program) string {
	info, err := p.Info()
	if err != nil {
		return "unknown"
	}
	id, _ := info.ID()
	chain, err := link.QueryPrograms(link.QueryOptions{Target: ifindex, Attach: hook})
	if err != nil {
		return "unknown"
	}
	for i, other := range chain.Programs {
		if other.ID == id {
			return placeText(i, len(chain.Programs), hook == ebpf.AttachTCXIngress)
		}
	}
	return "not attached"
}

// placeText puts the end that is wanted first: ingress wants to be first,
// egress last.
func placeText(i, n int, ingress bool) string {
	switch {
	case ingress && i == 0:
		return fmt.Sprintf("first of %d", n)
	case !ingress && i == n-1:
		return fmt.Sprintf("last of %d", n)
	default:
		return fmt.Sprintf("number %d of %d", i+1, n)
	}
}

// isWanted reports whether a place is the one that is wanted.
func isWanted(place string) bool {
	return strings.HasPrefix(place, "first ") || strings.HasPrefix(place, "last ")
}
