package carp

import (
	"encoding/binary"
	"time"
)

// Constants of the wire format (ip_carp.h: struct carp_header).
const (
	// Protocol is the IP protocol number, shared with VRRP.
	Protocol = 112
	// TTL is the IPv4 time to live and IPv6 hop limit of every advert.
	TTL = 255
	// Version is the protocol version, the high nibble of byte 0.
	Version = 2
	// TypeAdvert is the only message type, the low nibble of byte 0.
	TypeAdvert = 1
	// Authlen is byte 3: counter and digest in 32-bit words.
	Authlen = 7
	// AdvertLen is the length of an advert in bytes; what follows is ignored.
	AdvertLen = 36
	// BowOut is the advbase (seconds) and the advskew (1/256 s) of the last
	// advert of a MASTER that leaves on purpose.
	BowOut = 255
)

// Advert is one CARP advertisement. It is comparable.
type Advert struct {
	VHID     VHID
	Advbase  uint8    // seconds between adverts; 255 in a bow-out
	Advskew  uint8    // 1/256 s added to each interval; 255 only in a bow-out
	Demotion uint8    // byte 4: OpenBSD's demotion count, 0 from everybody else
	Counter  uint64   // authenticated; its order means nothing to a BSD
	Digest   [20]byte // HMAC-SHA1 over version, type, VHID, addresses, counter
}

// Interval is the time that this advert says will pass until the next one.
func (a Advert) Interval() time.Duration { return Interval(a.Advbase, a.Advskew) }

// IsBowOut reports whether the sender announces that it leaves: an advbase and
// an advskew of 255, a time that loses against every BACKUP.
func (a Advert) IsBowOut() bool { return a.Advbase == BowOut && a.Advskew == BowOut }

// AppendTo appends the 36 bytes of the advert, checksum included, to b.
func (a Advert) AppendTo(b []byte) []byte {
	start := len(b)
	b = append(b, Version<<4|TypeAdvert, byte(a.VHID), a.Advskew, Authlen, a.Demotion, a.Advbase, 0, 0)
	b = binary.BigEndian.AppendUint64(b, a.Counter)
	b = append(b, a.Digest[:]...)
	binary.BigEndian.PutUint16(b[start+6:], Checksum(b[start:]))
	return b
}

// Parse reads an advert from the payload of an IP packet. Bytes behind the
// first 36 are allowed and ignored, as the BSDs do. The error is a Reason.
//
// It is strict about the type nibble and authlen, which no BSD looks at:
// nobody sends other values, and what has them belongs to somebody else.
func Parse(b []byte) (Advert, error) {
	if len(b) < AdvertLen {
		return Advert{}, BadLength
	}
	b = b[:AdvertLen]
	switch {
	case b[0]>>4 != Version:
		return Advert{}, BadVersion
	case b[0]&0x0f != TypeAdvert:
		return Advert{}, BadType
	case b[3] != Authlen:
		return Advert{}, BadAuthlen
	case b[1] == 0:
		return Advert{}, BadVHID
	case Checksum(b) != 0:
		return Advert{}, BadChecksum
	}
	return Peek((*[AdvertLen]byte)(b)), nil
}

// Peek reads the fields of an advert and checks nothing at all. It is for
// showing a refused packet to people; the election gets adverts from Parse.
func Peek(b *[AdvertLen]byte) Advert {
	a := Advert{
		VHID:     VHID(b[1]),
		Advskew:  b[2],
		Demotion: b[4],
		Advbase:  b[5],
		Counter:  binary.BigEndian.Uint64(b[8:]),
	}
	copy(a.Digest[:], b[16:])
	return a
}

// Checksum is the Internet checksum (RFC 1071) of b with no pseudo-header, for
// IPv4 and IPv6 alike. Over bytes that hold a right checksum it is 0.
func Checksum(b []byte) uint16 {
	var sum uint32
	for ; len(b) >= 2; b = b[2:] {
		sum += uint32(b[0])<<8 | uint32(b[1])
	}
	if len(b) == 1 {
		sum += uint32(b[0]) << 8
	}
	for sum > 0xffff {
		sum = sum>>16 + sum&0xffff
	}
	return ^uint16(sum)
}
