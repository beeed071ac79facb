package carp

import (
	"errors"
	"net/netip"
	"slices"
	"testing"
)

func TestNewSecret(t *testing.T) {
	const a19 = "aaaaaaaaaaaaaaaaaaa"
	rows := []struct {
		name, password, want string
		cut                  bool
	}{
		{"empty is 20 zero bytes", "", "", false},
		{"19 bytes fit", a19, a19, false},
		{"the 20th is lost", a19 + "b", a19, true},
		{"and all behind it", a19 + "bcdefgh", a19, true},
		{"a NUL ends it", "abc\x00def", "abc", true},
		{"a NUL at the end is a loss too", "abc\x00", "abc", true},
		{"a NUL first leaves nothing", "\x00abc", "", true},
		{"bytes, not characters", "äöüäöüäöüä", "äöüäöüäöü\xc3", true},
		{"18 bytes", a19[:18], a19[:18], false},
	}
	for _, r := range rows {
		var want Secret
		copy(want[:], r.want)
		if got, cut := NewSecret([]byte(r.password)); got != want || cut != r.cut {
			t.Errorf("%s: %x, %v, want %x, %v", r.name, got[:], cut, want[:], r.cut)
		}
	}
}

func TestNewRawSecret(t *testing.T) {
	rows := []struct {
		name, raw, want string
		cut             bool
	}{
		{"20 bytes fit", "aaaaaaaaaaaaaaaaaaab", "aaaaaaaaaaaaaaaaaaab", false},
		{"the 21st is lost", "aaaaaaaaaaaaaaaaaaabc", "aaaaaaaaaaaaaaaaaaab", true},
		{"a NUL is a byte", "abc\x00def", "abc\x00def", false},
	}
	for _, r := range rows {
		var want Secret
		copy(want[:], r.want)
		if got, cut := NewRawSecret([]byte(r.raw)); got != want || cut != r.cut {
			t.Errorf("%s: %x, %v, want %x, %v", r.name, got[:], cut, want[:], r.cut)
		}
	}
}

func TestHashedAddrs(t *testing.T) {
	rows := []struct {
		name      string
		in        []string
		linkLocal bool
		want      []string
	}{
		{"ascending by bytes, not by text", []string{"10.0.0.2", "9.0.0.3", "1.0.0.200"}, false,
			[]string{"1.0.0.200", "9.0.0.3", "10.0.0.2"}},
		{"unsigned", []string{"200.0.0.1", "127.255.255.255", "128.0.0.0"}, false,
			[]string{"127.255.255.255", "128.0.0.0", "200.0.0.1"}},
		{"IPv4 first", []string{"2001:db8::1", "203.0.113.1", "::2"}, false,
			[]string{"203.0.113.1", "::2", "2001:db8::1"}},
		{"mapped IPv4 is IPv4", []string{"::ffff:192.0.2.1", "192.0.2.1"}, false, []string{"192.0.2.1"}},
		{"duplicates once", []string{"10.0.0.1", "10.0.0.2", "10.0.0.1"}, false, []string{"10.0.0.1", "10.0.0.2"}},
		{"all zeros and all ones never", []string{"0.0.0.0", "255.255.255.255", "::", "10.0.0.1",
			"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"}, true, []string{"10.0.0.1"}},
		{"no zone", []string{"2001:db8::1%eth0", "2001:db8::1"}, false, []string{"2001:db8::1"}},
		{"their neighbours do", []string{"0.0.0.1", "255.255.255.254"}, false, []string{"0.0.0.1", "255.255.255.254"}},
		{"link-local left out", []string{"fe80::1", "2001:db8::1", "fe80::1%eth0", "ff02::5"}, false, []string{"2001:db8::1"}},
		{"link-local, scope cleared, once", []string{"fe80:3::1", "fe80::1%eth0", "fe80::1"}, true, []string{"fe80::1"}},
		{"the end of fe80::/10", []string{"febf:ffff::1", "fec0:1::1"}, true, []string{"febf::1", "fec0:1::1"}},
		{"sorted after the scope is cleared", []string{"fe80:9::1", "fe80:1::2"}, true, []string{"fe80::1", "fe80::2"}},
		{"multicast of small scope", []string{"ff01:7::1", "ff02:7::1", "ff05:7::1"}, true,
			[]string{"ff01::1", "ff02::1", "ff05:7::1"}},
		{"nothing", nil, true, nil},
	}
	for _, r := range rows {
		in := addrs(r.in...)
		before := slices.Clone(in)
		if got := HashedAddrs(in, r.linkLocal); !slices.Equal(got, addrs(r.want...)) {
			t.Errorf("%s: %v, want %v", r.name, got, r.want)
		}
		if !slices.Equal(in, before) {
			t.Errorf("%s: the caller's list was changed", r.name)
		}
	}
}

// TestLinkLocal: a group with a link-local address signs without it, as
// OpenBSD does, and takes adverts of peers that sign with it, as FreeBSD does.
func TestLinkLocal(t *testing.T) {
	secret, _ := NewSecret([]byte("secret"))
	group := NewKey(secret, 7, addrs("fe80:3::200:5eff:fe00:107", "2001:db8::7"))
	global := NewKey(secret, 7, addrs("2001:db8::7"))

	sent := Advert{VHID: 7, Counter: 5}
	group.Sign(&sent)
	if err := global.Verify(sent); err != nil {
		t.Errorf("signed with the link-local address: %v", err)
	}
	if err := group.Verify(sent); err != nil {
		t.Errorf("signed without, not accepted: %v", err)
	}
	freebsd := Advert{VHID: 7, Counter: 0x0123456789abcdef}
	copy(freebsd.Digest[:], vectorNamed(t, "v6-linklocal-included").HMAC)
	if err := group.Verify(freebsd); err != nil {
		t.Errorf("signed with, not accepted: %v", err)
	}
	if global.Verify(freebsd) == nil {
		t.Error("a group without link-local addresses accepted a digest with one")
	}
}

// TestLladdr: what OpenBSD sends with an lladdr of its own is refused by a key
// made as carpd makes it.
func TestLladdr(t *testing.T) {
	v := vectorNamed(t, "lladdr-custom")
	a, err := Parse(v.Packet)
	if err != nil {
		t.Fatal(err)
	}
	if err := NewKey(v.secret(), v.VHID, v.VIPs).Verify(a); !errors.Is(err, BadDigest) {
		t.Errorf("%v, want %v", err, BadDigest)
	}
}

// TestVerifyCovers: the digest covers VHID, counter, key and addresses, and
// each of its own bits; it leaves advskew, advbase and demotion open.
func TestVerifyCovers(t *testing.T) {
	secret, _ := NewSecret([]byte("mekmitasdigoat"))
	other, _ := NewSecret([]byte("mekmitasdigoaT"))
	list := addrs("192.0.2.1")
	key := NewKey(secret, 1, list)
	good, err := Parse(unhex(t, example))
	if err != nil || key.Verify(good) != nil {
		t.Fatal(err, key.Verify(good))
	}
	for name, k := range map[string]*Key{
		"password": NewKey(other, 1, list), "VHID": NewKey(secret, 2, list),
		"address": NewKey(secret, 1, addrs("192.0.2.2")), "one address more": NewKey(secret, 1, addrs("192.0.2.1", "192.0.2.2")),
		"no address": NewKey(secret, 1, nil),
	} {
		if !errors.Is(k.Verify(good), BadDigest) {
			t.Errorf("another %s was accepted", name)
		}
	}
	for bit := range 160 {
		a := good
		a.Digest[bit/8] ^= 1 << (bit % 8)
		if !errors.Is(key.Verify(a), BadDigest) {
			t.Errorf("bit %d of the digest flipped and accepted", bit)
		}
	}
	open := good
	open.Advskew, open.Advbase, open.Demotion = 200, 7, 9
	if err := key.Verify(open); err != nil {
		t.Errorf("advskew, advbase and demotion are authenticated: %v", err)
	}
}

func vectorNamed(t *testing.T, name string) vector {
	t.Helper()
	all := loadVectors(t).Vectors
	i := slices.IndexFunc(all, func(v vector) bool { return v.Name == name })
	if i < 0 {
		t.Fatalf("no vector %q", name)
	}
	return all[i]
}

func TestFamily(t *testing.T) {
	for text, want := range map[string]Family{
		"192.0.2.1": IPv4, "::ffff:192.0.2.1": IPv4, "2001:db8::1": IPv6, "fe80::1%eth0": IPv6,
	} {
		if got := FamilyOf(netip.MustParseAddr(text)); got != want {
			t.Errorf("FamilyOf(%s) = %v, want %v", text, got, want)
		}
	}
	if IPv4.Group() != netip.MustParseAddr("224.0.0.18") || IPv6.Group() != netip.MustParseAddr("ff02::12") {
		t.Errorf("groups %v, %v", IPv4.Group(), IPv6.Group())
	}
	if got := IPv4.GroupMAC().String(); got != "01:00:5e:00:00:12" {
		t.Error(got)
	}
	if got := IPv6.GroupMAC().String(); got != "33:33:00:00:00:12" {
		t.Error(got)
	}
	if got := VHID(254).MAC().String(); got != "00:00:5e:00:01:fe" {
		t.Error(got)
	}
}
