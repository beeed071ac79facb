package capture

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/carpd/carpd/internal/carp"
)

// judge makes the record of a packet: what it says, and what carpd would have
// done with it.
func judge(p packet, keys Keyring) Record {
	r := Record{
		SchemaVersion: SchemaVersion,
		SrcMAC:        p.srcMAC.String(), DstMAC: p.dstMAC.String(), VLANs: p.vlans,
		Src: p.src, Dst: p.dst, TTL: p.ttl, Family: carp.FamilyOf(p.src).String(),
	}
	advert, err := carp.Parse(p.payload)
	if err == nil && !p.fragment {
		r.Group, _ = keys.owner(advert)
	}
	kind := p.kind(r.Group != "")
	r.Kind = kind.String()
	r.describe(p, kind)
	r.Verdict = p.verdict(kind, err, keys, r.Group != "")
	return r
}

// kind classifies the payload. A digest that fits is proof of CARP; otherwise
// the whole payload is needed, because its length decides.
func (p packet) kind(proven bool) carp.Kind {
	switch {
	case proven:
		return carp.KindCARP
	case p.fragment || p.truncated:
		return carp.KindUnknown
	}
	return carp.Classify(p.payload)
}

// verdict applies the rules in the order in which carpd does: the kernel side
// passes on what has not the shape of an advert, then looks at fragment, TTL,
// destination and checksum; the digest comes last. A unicast destination is
// let through, because a capture does not say whose address it is.
func (p packet) verdict(kind carp.Kind, parsed error, keys Keyring, proven bool) string {
	switch {
	case p.fragment:
		return carp.Fragment.String()
	case kind.IsVRRP():
		return carp.IsVRRP.String()
	case p.truncated && !proven:
		return Truncated
	case parsed != nil && !errors.Is(parsed, carp.BadChecksum):
		return parsed.Error()
	case p.ttl != carp.TTL:
		return carp.BadTTL.String()
	case !p.reachesGroup():
		return carp.BadDst.String()
	case parsed != nil:
		return parsed.Error()
	case proven:
		return carp.OK.String()
	case keys.knows(carp.VHID(p.payload[1])):
		return carp.BadDigest.String()
	}
	return NoKey
}

// reachesGroup reports whether the destination is the CARP group of the
// family, or one host.
func (p packet) reachesGroup() bool {
	limited := p.dst.Is4() && p.dst.As4() == [4]byte{255, 255, 255, 255}
	return p.dst == carp.FamilyOf(p.dst).Group() || !p.dst.IsMulticast() && !limited && !p.dst.IsUnspecified()
}

// describe fills in what the header says, wherever there is one.
func (r *Record) describe(p packet, kind carp.Kind) {
	switch {
	case p.offset:
	case kind == carp.KindVRRPv2:
		r.vrrp(p.payload, 1000*int(p.payload[5]))
	case kind == carp.KindVRRPv3: // 12 bits of centiseconds behind 4 reserved ones
		r.vrrp(p.payload, 10*int(binary.BigEndian.Uint16(p.payload[4:])&0x0fff))
	case hasShape(p.payload):
		r.advert(carp.Peek((*[carp.AdvertLen]byte)(p.payload)))
	}
}

// hasShape reports whether b begins as our adverts do, right or wrong as the
// rest may be.
func hasShape(b []byte) bool {
	return len(b) >= carp.AdvertLen && b[0] == carp.Version<<4|carp.TypeAdvert && b[3] == carp.Authlen
}

// vrrp reads the fields that versions 2 and 3 share.
func (r *Record) vrrp(b []byte, intervalMS int) {
	r.VRRP = &VRRP{VRID: b[1], Priority: b[2], Addresses: b[3], Interval: intervalMS}
}

func (r *Record) advert(a carp.Advert) {
	r.Advert = &Advert{
		VHID: uint8(a.VHID), Advbase: a.Advbase, Advskew: a.Advskew, Demotion: a.Demotion,
		Counter: fmt.Sprintf("%016x", a.Counter), BowOut: a.IsBowOut(),
		Fingerprint: hex.EncodeToString(a.Digest[:4]),
	}
}
