package carp

// Kind is the protocol that an IP packet of protocol 112 speaks.
type Kind uint8

// The kinds. CARP and VRRP share the protocol number, the multicast groups and
// the virtual MACs, and CARP and VRRPv2 the first byte too.
const (
	KindUnknown Kind = iota
	KindCARP
	KindVRRPv2
	KindVRRPv3
)

// String is the name of the protocol, or "unknown".
func (k Kind) String() string {
	switch k {
	case KindCARP:
		return "CARP"
	case KindVRRPv2:
		return "VRRPv2"
	case KindVRRPv3:
		return "VRRPv3"
	}
	return "unknown"
}

// IsVRRP reports whether the kind is a version of VRRP.
func (k Kind) IsVRRP() bool { return k == KindVRRPv2 || k == KindVRRPv3 }

// vrrpHeader is the length of the header common to VRRP and CARP.
const vrrpHeader = 8

// Classify tells what the payload of an IP packet of protocol 112 looks like.
// The slice must end where the IP packet ends: Ethernet pads frames.
//
// VRRPv2 comes first: an advert of 36 bytes is never taken for it, because the
// seven addresses that byte 3 then means need 44 bytes. A longer packet may be
// good as both, and that is no rare accident: VRRPv2 with seven addresses and
// no authentication ends in eight zero bytes, so its first 36 bytes have a
// right checksum of their own. Only Key.Verify proves that it is our CARP.
func Classify(b []byte) Kind {
	switch {
	case len(b) < vrrpHeader || b[0]&0x0f != TypeAdvert:
		return KindUnknown
	case b[0]>>4 == 3:
		return KindVRRPv3
	case b[0]>>4 != Version:
		return KindUnknown
	case looksLikeVRRPv2(b):
		return KindVRRPv2
	case looksLikeCARP(b):
		return KindCARP
	}
	return KindUnknown
}

// looksLikeCARP reports whether the first 36 bytes pass for an advert.
func looksLikeCARP(b []byte) bool {
	return len(b) >= AdvertLen && b[3] == Authlen && Checksum(b[:AdvertLen]) == 0
}

// looksLikeVRRPv2 reports whether b passes for an advert of RFC 3768: header,
// addresses (byte 3 counts them), eight bytes of authentication data, and a
// checksum over all of it. Byte 4 is the authentication type.
func looksLikeVRRPv2(b []byte) bool {
	n := vrrpHeader + 4*int(b[3]) + 8
	return b[3] >= 1 && b[4] <= 2 && len(b) >= n && Checksum(b[:n]) == 0
}
