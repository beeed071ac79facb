// Package capture finds CARP and VRRP adverts in a packet capture and says of
// each what carpd would have done with it.
//
// It reads pcap and pcapng, plain or compressed by gzip, of Ethernet (with
// VLAN tags), of Linux's "any" device, of loopback and of raw IP. It trusts no
// byte of the file: whatever is in it, there are records and at most one error
// at the end.
//
// The package must never open a file, use a socket, print, or put a key, or
// what is as good as one, into a record.
package capture
