package carp

import "time"

// leaseMargin is what a lease stays short of three advert intervals, so that
// the kernel is silent before the fastest peer can take over.
const leaseMargin = 50 * time.Millisecond

// Skew is advskew/256 of a second, cut to whole microseconds as the BSDs do.
func Skew(advskew uint8) time.Duration {
	return time.Duration(int(advskew)*1_000_000/256) * time.Microsecond
}

// Interval is advbase seconds + advskew/256 s, the time between two adverts.
func Interval(advbase, advskew uint8) time.Duration {
	return time.Duration(advbase)*time.Second + Skew(advskew)
}

// Lease is how long the kernel may answer after a round of adverts was begun:
// 3 x advbase seconds - 50 ms. No advskew, no demotion and no local choice of
// formula enters it, because a peer with advskew 0 waits no longer than that.
// It is 0 for an advbase of 0, which has no lease.
func Lease(advbase uint8) time.Duration {
	if advbase == 0 {
		return 0
	}
	return 3*time.Duration(advbase)*time.Second - leaseMargin
}

// DemotedSkew is the advskew that a demoted node advertises and compares with:
// 240 and a little more, so that two demoted nodes keep their order.
func DemotedSkew(advskew uint8) uint8 {
	return uint8(240 + int(advskew)*14/254)
}
