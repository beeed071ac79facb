package cluster

import (
	"net"

	"golang.org/x/time/rate"

	"github.com/carpd/carpd/internal/throttle"
)

// What one caller may do.
const (
	callsPerSecond = 50
	callsBurst     = 200
	joinsPerSecond = 0.5
	joinsBurst     = 5
	maxPerHost     = 32  // connections of one address
	maxConns       = 512 // of all
	maxCallers     = 1024
)

// rates are token buckets by a caller's name or address.
type rates = throttle.Rates[string]

// newRates makes them for so many calls.
func newRates(perSecond float64, burst int) *rates {
	return throttle.NewRates[string](rate.Limit(perSecond), burst, maxCallers)
}

// gate is a listener that lets no address take all connections: a stranger cannot
// lock members out by opening many.
type gate = throttle.Listener[string]

// newGate stands before a listener.
func newGate(l net.Listener, refuse func(string)) *gate {
	return &gate{
		Listener: l, Crowd: throttle.NewCrowd[string](maxConns, maxPerHost),
		Who:     func(a net.Addr) string { return hostOf(a.String()) },
		Refused: func(a net.Addr) { refuse(a.String()) },
	}
}
