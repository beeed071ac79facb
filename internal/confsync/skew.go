package confsync

import "github.com/carpd/carpd/internal/carp"

// maxSkew is the slowest that a node can be; one more is a bow-out.
const maxSkew = carp.BowOut - 1

// skews is the role map of a node: the advskew that a new group gets here, from
// what the node that made it would have as the first one.
type skews struct {
	rank int // 0 = the first node
	step int
}

// of is the advskew of this node.
func (s skews) of(base int) int { return min(max(0, base)+s.rank*s.step, maxSkew) }

// base is what the first node would have, from an advskew of this one.
func (s skews) base(skew int) int { return max(0, skew-s.rank*s.step) }
