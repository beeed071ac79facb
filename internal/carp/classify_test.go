package carp

import (
	"encoding/binary"
	"testing"
)

// vrrp2 builds an advert of RFC 3768 with n addresses 192.0.2.x and the given
// authentication; it is written apart from the code under test.
func vrrp2(n int, authType byte, authData string) []byte {
	b := []byte{0x21, 1, 100, byte(n), authType, 1, 0, 0}
	for i := range n {
		b = append(b, 192, 0, 2, byte(i+1))
	}
	auth := make([]byte, 8)
	copy(auth, authData)
	b = append(b, auth...)
	binary.BigEndian.PutUint16(b[6:], Checksum(b))
	return b
}

// Typed by hand: VRID 51, priority 150, one address, no authentication, 1 s,
// ~(2133 + 9601 + 0001 + c000 + 0201) = 86c8, 192.0.2.1.
const vrrp2by20 = "213396010001" + "86c8" + "c0000201" + "0000000000000000"

func TestClassify(t *testing.T) {
	carp := unhex(t, example)
	badSum := unhex(t, example)
	badSum[7]++
	authlen6 := unhex(t, example)
	authlen6[3]--
	authlen6[7]++ // the checksum fits again
	short := carp[:35]
	rows := []struct {
		name    string
		payload []byte
		want    Kind
	}{
		{"CARP", carp, KindCARP},
		{"CARP with a trailer", append(unhex(t, example), 0xde, 0xad, 0xbe, 0xef), KindCARP},
		{"CARP with eight zero bytes, ambiguous", append(unhex(t, example), make([]byte, 8)...), KindVRRPv2},
		{"CARP with bad checksum", badSum, KindUnknown},
		{"CARP cut short", short, KindUnknown},
		{"authlen 6", authlen6, KindUnknown},
		{"VRRPv2 of 20 bytes", unhex(t, vrrp2by20), KindVRRPv2},
		{"VRRPv2 with simple password", vrrp2(1, 1, "password"), KindVRRPv2},
		{"VRRPv2, authentication type 3", vrrp2(1, 3, ""), KindUnknown},
		{"VRRPv2 without addresses", vrrp2(0, 0, ""), KindUnknown},
		{"VRRPv2 cut short", vrrp2(2, 0, "")[:23], KindUnknown},
		{"VRRPv2 of seven addresses, ambiguous", vrrp2(7, 0, ""), KindVRRPv2},
		{"VRRPv2, seven addresses and a password", vrrp2(7, 1, "secret"), KindVRRPv2},
		{"VRRPv2 of 36 bytes has five addresses", vrrp2(5, 0, ""), KindVRRPv2},
		{"VRRPv3", unhex(t, "3101640100640000c0000201"), KindVRRPv3},
		{"VRRPv3 of 8 bytes", unhex(t, "3101640000640000"), KindVRRPv3},
		{"version 1", unhex(t, "1101640100640000c0000201"), KindUnknown},
		{"type 2", unhex(t, "3201640100640000c0000201"), KindUnknown},
		{"seven bytes", unhex(t, "31016401006400"), KindUnknown},
		{"nothing", nil, KindUnknown},
	}
	for _, r := range rows {
		if got := Classify(r.payload); got != r.want {
			t.Errorf("%s: %v, want %v", r.name, got, r.want)
		}
	}
}

func TestKindNames(t *testing.T) {
	rows := []struct {
		kind Kind
		want string
		vrrp bool
	}{
		{KindUnknown, "unknown", false}, {KindCARP, "CARP", false},
		{KindVRRPv2, "VRRPv2", true}, {KindVRRPv3, "VRRPv3", true}, {Kind(99), "unknown", false},
	}
	for _, r := range rows {
		if r.kind.String() != r.want || r.kind.IsVRRP() != r.vrrp {
			t.Errorf("%d: %v, %v", r.kind, r.kind, r.kind.IsVRRP())
		}
	}
}
