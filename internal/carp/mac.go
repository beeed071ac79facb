package carp

import "fmt"

// VHID is a virtual host id, 1 to 255.
type VHID uint8

// MAC is the virtual MAC of the VHID, 00:00:5e:00:01:VHID.
func (v VHID) MAC() MAC { return MAC{0, 0, 0x5e, 0, 1, byte(v)} }

// MAC is an Ethernet address in wire order. It is comparable.
type MAC [6]byte

// String is the usual lower-case form with colons.
func (m MAC) String() string {
	return fmt.Sprintf("%02x:%02x:%02x:%02x:%02x:%02x", m[0], m[1], m[2], m[3], m[4], m[5])
}
