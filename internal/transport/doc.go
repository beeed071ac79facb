// Package transport puts packets on the wire: adverts, gratuitous ARP and
// unsolicited Neighbour Advertisements, all with the virtual MAC as Ethernet
// source. A raw IP socket cannot choose the Ethernet source, so one packet
// socket sends them; it receives nothing.
//
// Adverts are received elsewhere. Here, each carpdev has two raw sockets of
// protocol 112 that nobody reads. They hold the memberships in 224.0.0.18 and
// ff02::12, and by existing they keep the stack from answering an advert sent
// to our own address with "protocol unreachable". A filter drops everything
// before it is queued, so that they never fill.
//
// The frame builders (AppendAdvert, AppendGratuitousARP, AppendNA) are pure.
//
// The package must never decide: it knows no VHID, no state and no key, sends
// what it is given, once, and returns the error.
package transport
