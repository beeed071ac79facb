package config

import (
	"fmt"
	"time"

	"github.com/carpd/carpd/internal/carp"
)

// finishGroup checks what concerns several keys of one group.
func (l *loader) finishGroup(d *draft) {
	l.secret(d)
	l.timing(d)
	l.balance(d)
	l.lease(d)
	l.prefixRoute(d)
}

// timing warns of an advbase at which a BACKUP does not see a bow-out: it takes
// over when the advertised 255 s exceed three of its own advbase.
func (l *loader) timing(d *draft) {
	if 3*int(d.Advbase) > carp.BowOut {
		l.warn(d.seen["advbase"].at, fmt.Sprintf("advbase %d is above 85: a peer does not notice a bow-out "+
			"and takes over only after the master-down time", d.Advbase))
	}
}

// lease fills in the lease and checks one that is set. It must outlast the
// pause between two adverts, or the node would be silent in between, and end
// before the fastest peer takes over.
func (l *loader) lease(d *draft) {
	if d.seen.spoiled("advbase") || d.seen.spoiled("advskew") || d.seen.spoiled("carpnodes") || d.seen.spoiled("lease") {
		return
	}
	longest, interval := carp.Lease(d.Advbase), carp.Interval(d.Advbase, d.slowest())
	k, set := d.seen["lease"]
	switch demoted := carp.Interval(d.Advbase, carp.DemotedSkew(d.slowest())); {
	case !set:
		d.Lease = longest
	case d.Lease <= interval || d.Lease > longest:
		l.wrong(k.at, fmt.Sprintf("lease is %v", d.Lease), leaseBounds(interval, longest))
	case d.Lease <= demoted:
		l.warn(k.at, fmt.Sprintf("lease %v ends before the next advert of a demoted node, which comes after %v", d.Lease, demoted))
	}
}

// leaseBounds is what the settings of this group allow.
func leaseBounds(interval, longest time.Duration) string {
	return fmt.Sprintf("more than %v (one advert interval) and at most %v (3 x advbase - 50 ms)", interval, longest)
}

// prefixRoute refuses a route to a subnet that the address does not tell.
func (l *loader) prefixRoute(d *draft) {
	for i, p := range d.Addresses {
		if d.PrefixRoute && p.IsSingleIP() {
			l.wrong(d.addrs[i], fmt.Sprintf("%s has no subnet for prefix_route", p.Addr()), "the prefix length of the subnet")
		}
	}
}
