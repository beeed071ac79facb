package carp

import (
	"testing"
	"time"
)

const us = time.Microsecond

func TestSkew(t *testing.T) {
	for advskew, want := range map[uint8]time.Duration{
		0: 0, 1: 3906 * us, 2: 7812 * us, 100: 390625 * us, 128: 500000 * us,
		240: 937500 * us, 254: 992187 * us, 255: 996093 * us,
	} {
		if got := Skew(advskew); got != want {
			t.Errorf("Skew(%d) = %v, want %v", advskew, got, want)
		}
	}
}

func TestInterval(t *testing.T) {
	rows := []struct {
		advbase, advskew uint8
		want             time.Duration
	}{
		{1, 0, 1000000 * us}, {1, 100, 1390625 * us}, {1, 254, 1992187 * us}, {2, 17, 2066406 * us},
		{0, 1, 3906 * us}, {0, 0, 0}, {255, 255, 255996093 * us},
	}
	for _, r := range rows {
		if got := Interval(r.advbase, r.advskew); got != r.want {
			t.Errorf("Interval(%d, %d) = %v, want %v", r.advbase, r.advskew, got, r.want)
		}
		if got := (Advert{Advbase: r.advbase, Advskew: r.advskew}).Interval(); got != r.want {
			t.Errorf("Advert.Interval %d, %d = %v, want %v", r.advbase, r.advskew, got, r.want)
		}
	}
}

func TestLease(t *testing.T) {
	for advbase, want := range map[uint8]time.Duration{
		0: 0, 1: 2950 * time.Millisecond, 2: 5950 * time.Millisecond, 255: 764950 * time.Millisecond,
	} {
		if got := Lease(advbase); got != want {
			t.Errorf("Lease(%d) = %v, want %v", advbase, got, want)
		}
	}
}

// TestDemotedSkew: 240 + advskew x 14 / 254, by hand.
func TestDemotedSkew(t *testing.T) {
	for advskew, want := range map[uint8]uint8{
		0: 240, 18: 240, 19: 241, 100: 245, 127: 247, 200: 251, 253: 253, 254: 254,
	} {
		if got := DemotedSkew(advskew); got != want {
			t.Errorf("DemotedSkew(%d) = %d, want %d", advskew, got, want)
		}
	}
	for s := range uint8(254) {
		if DemotedSkew(s) > DemotedSkew(s+1) {
			t.Errorf("two demoted nodes change their order between %d and %d", s, s+1)
		}
	}
}
