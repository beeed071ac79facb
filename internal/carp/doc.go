// Package carp is the CARP version 2 protocol on the wire: the 36-byte
// advert, its checksum, its HMAC-SHA1, the virtual MAC and the reasons for
// which a packet is refused.
//
// The package is pure. It must never read a clock, draw a random number, open
// a socket, know a state of the election, or allocate by a length taken from
// the wire. Behind it nobody sees a byte order: all fields are host-order Go
// values, and only AppendTo, Parse and the key functions touch bytes.
//
// There is no RFC. The rules are those of the BSD kernels (sys/netinet/ip_carp.c)
// and of UCarp; where they differ the comment names the system.
package carp
