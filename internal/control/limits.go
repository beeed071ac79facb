package control

import (
	"net"
	"net/http"
	"net/netip"
	"time"

	"golang.org/x/time/rate"

	"github.com/carpd/carpd/internal/throttle"
)

// How much one address may ask for, and how often it may show a wrong token.
const (
	requestRate  = 50
	requestBurst = 200
	failureEvery = 10 * time.Second
	failureBurst = 5
	maxAddresses = 4096 // that are remembered
)

// How many connections over TCP there may be at a time.
const (
	maxConns     = 512
	maxConnsEach = 64 // from one address
)

// rates limits each address by itself.
type rates = throttle.Rates[netip.Prefix]

func newRates(limit rate.Limit, burst int) *rates {
	return throttle.NewRates[netip.Prefix](limit, burst, maxAddresses)
}

// crowd counts the connections of each address.
type crowd = throttle.Crowd[netip.Prefix]

func newCrowd() *crowd { return throttle.NewCrowd[netip.Prefix](maxConns, maxConnsEach) }

// counting is a listener whose connections a crowd counts.
func counting(l net.Listener, c *crowd) net.Listener {
	return &throttle.Listener[netip.Prefix]{Listener: l, Crowd: c, Who: func(a net.Addr) netip.Prefix {
		at, _ := netip.ParseAddrPort(a.String())
		return hostOf(at.Addr())
	}}
}

// addressOf is where a request comes from. In IPv6 one host has a whole /64.
func addressOf(r *http.Request) netip.Prefix {
	at, _ := netip.ParseAddrPort(r.RemoteAddr)
	return hostOf(at.Addr())
}

func hostOf(a netip.Addr) netip.Prefix {
	a = a.Unmap().WithZone("")
	bits := 32
	if a.Is6() {
		bits = 64
	}
	p, _ := a.Prefix(bits)
	return p
}
