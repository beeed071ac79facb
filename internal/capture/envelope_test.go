package capture

import (
	"encoding/binary"
	"slices"
	"testing"

	"github.com/gopacket/gopacket/layers"
)

// sll and sll2 put the header of Linux's "any" device before an IP packet.
func sll(ip []byte) []byte {
	h := []byte{0, 2, 0, 1, 0, 6, 0, 0, 0x5e, 0, 1, 1, 0, 0}
	return append(binary.BigEndian.AppendUint16(h, etherType(ip)), ip...)
}

func sll2(ip []byte) []byte {
	h := binary.BigEndian.AppendUint16(nil, etherType(ip))
	h = append(h, 0, 0, 0, 0, 0, 3, 0, 1, 2, 6, 0, 0, 0x5e, 0, 1, 1, 0, 0)
	return append(h, ip...)
}

// TestEnvelopes finds the same advert in every frame we can read.
func TestEnvelopes(t *testing.T) {
	advert := unhex(example)
	v4, v6 := ip4(advert), ip6(112, advert)
	options := slices.Concat(ip4(advert, header(0, 0x46), header(3, 60))[:20], []byte{0x94, 4, 0, 0}, advert)
	const e, any1, any2 = layers.LinkTypeEthernet, layers.LinkTypeLinuxSLL, layers.LinkTypeLinuxSLL2
	rows := []struct {
		name   string
		link   layers.LinkType
		frame  []byte
		mac    bool
		vlans  []uint16
		family string
	}{
		{"IPv4", e, eth(v4), true, nil, "IPv4"},
		{"IPv6", e, eth(v6), true, nil, "IPv6"},
		{"one tag", e, eth(v4, 100), true, []uint16{100}, "IPv4"},
		{"a tag with priority bits", e, eth(v4, 0xe064), true, []uint16{100}, "IPv4"},
		{"two tags", e, eth(v6, 10, 200), true, []uint16{10, 200}, "IPv6"},
		{"padded to 60 bytes", e, append(eth(v4), make([]byte, 60)...), true, nil, "IPv4"},
		{"padded behind a tag", e, append(eth(v6, 7), 1, 2, 3), true, []uint16{7}, "IPv6"},
		{"IPv4 options", e, eth(options), true, nil, "IPv4"},
		{"hop-by-hop options", e, eth(ip6(0, append([]byte{112, 0, 5, 2, 0, 0, 1, 0}, advert...))), true, nil, "IPv6"},
		{"destination options", e, eth(ip6(60, append([]byte{112, 0, 1, 4, 0, 0, 0, 0}, advert...))), true, nil, "IPv6"},
		{"an atomic fragment", e, eth(ip6(44, append([]byte{112, 0, 0, 0, 1, 2, 3, 4}, advert...))), true, nil, "IPv6"},
		{"any device", any1, sll(v4), true, nil, "IPv4"},
		{"any device, version 2", any2, sll2(v6), true, nil, "IPv6"},
		{"raw IPv4", layers.LinkTypeRaw, v4, false, nil, "IPv4"},
		{"raw IPv6", layers.LinkTypeRaw, v6, false, nil, "IPv6"},
		{"raw by DLT 12", 12, v4, false, nil, "IPv4"},
		{"raw by DLT 14", 14, v6, false, nil, "IPv6"},
		{"IPv4 link type", layers.LinkTypeIPv4, v4, false, nil, "IPv4"},
		{"IPv6 link type", layers.LinkTypeIPv6, v6, false, nil, "IPv6"},
		{"loopback, little endian", layers.LinkTypeNull, append([]byte{2, 0, 0, 0}, v4...), false, nil, "IPv4"},
		{"loopback of OpenBSD", layers.LinkTypeLoop, append([]byte{0, 0, 0, 24}, v6...), false, nil, "IPv6"},
		{"loopback of FreeBSD", layers.LinkTypeNull, append([]byte{28, 0, 0, 0}, v6...), false, nil, "IPv6"},
	}
	for _, r := range rows {
		got := one(t, pcap(r.link, r.frame), keyring())
		if got.Verdict != "ok" || got.Kind != "CARP" || got.VHID != 1 || got.TTL != 255 || got.Family != r.family {
			t.Errorf("%s: %+v", r.name, got)
		}
		if !slices.Equal(got.VLANs, r.vlans) || (got.SrcMAC == "00:00:5e:00:01:01") != r.mac {
			t.Errorf("%s: VLANs %v, source %q", r.name, got.VLANs, got.SrcMAC)
		}
		if ethernet := r.link == e; (got.DstMAC == "01:00:5e:00:00:12") != ethernet {
			t.Errorf("%s: destination %q", r.name, got.DstMAC)
		}
		if src := map[string]string{"IPv4": "192.0.2.11", "IPv6": "fe80::11"}[r.family]; got.Src.String() != src {
			t.Errorf("%s: from %v", r.name, got.Src)
		}
	}
}

// TestNotForUs: these hold no advert, although most hold the bytes of one.
func TestNotForUs(t *testing.T) {
	advert := unhex(example)
	v4 := ip4(advert)
	addresses := eth(v4)[:12:12]
	frames := map[string][]byte{
		"UDP":                     eth(ip4(advert, header(9, 17))),
		"IP in IP":                eth(ip4(v4, header(9, 4))),
		"IPv4 in IPv6":            eth(ip6(4, v4)),
		"an ARP":                  append(addresses, 8, 6, 0, 1, 8, 0, 6, 4, 0, 1),
		"IP version 5":            eth(ip4(advert, header(0, 0x55))),
		"IP version 5 for IPv6":   append(append(addresses, 0x86, 0xdd), append([]byte{0x5e}, ip6(112, advert)[1:]...)...),
		"IPv4 said to be IPv6":    append(append(addresses, 0x86, 0xdd), v4...),
		"IPv6 said to be IPv4":    append(append(addresses, 8, 0), ip6(112, advert)...),
		"a fragment of UDP":       eth(ip6(44, append([]byte{17, 0, 0, 0x19, 1, 2, 3, 4}, advert...))),
		"header length 4":         eth(ip4(advert, header(0, 0x44))),
		"802.3 length":            append(append(addresses, 0, 56), v4...),
		"nothing":                 {},
		"IPv4 with IPv6 options":  eth(ip4(append([]byte{112, 0, 1, 4, 0, 0, 0, 0}, advert...), header(9, 60))),
		"more tags than there is": eth(v4, 1, 2, 3, 4, 5, 6, 7),
	}
	for name, f := range frames {
		if got, err := readAll(pcap(layers.LinkTypeEthernet, f), keyring()); err != nil || len(got) != 0 {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

// TestFragments of IPv6; those of IPv4 are among the verdicts. The first has
// the fields of the advert, the second cannot have them.
func TestFragments(t *testing.T) {
	rows := []struct {
		name   string
		offset []byte
		fields bool
	}{{"first", []byte{0, 1}, true}, {"last", []byte{0, 0x28}, false}, {"middle", []byte{0, 0x29}, false}}
	for _, r := range rows {
		head := slices.Concat([]byte{112, 0}, r.offset, []byte{1, 2, 3, 4})
		got := one(t, pcap(layers.LinkTypeEthernet, eth(ip6(44, append(head, unhex(example)...)))), keyring())
		if got.Verdict != "fragment" || got.Kind != "unknown" || got.Group != "" || (got.Advert != nil) != r.fields {
			t.Errorf("%s: %+v", r.name, got)
		}
	}
}

// TestTruncated cuts frames everywhere, with 0 to 2 tags in both families, as
// tcpdump -s does: the capture has less than the wire had. A cut below the IP
// header leaves nothing to show, one in the advert leaves "truncated".
func TestTruncated(t *testing.T) {
	for family, ip := range map[string][]byte{"IPv4": ip4(unhex(example)), "IPv6": ip6(112, unhex(example))} {
		for tags := range 3 {
			frame := eth(ip, []uint16{5, 6}[:tags]...)
			payload := len(frame) - 36
			for n := range len(frame) + 1 {
				got, err := readAll(pcap(layers.LinkTypeEthernet, frame[:n]), keyring())
				want := "truncated"
				switch {
				case n < payload:
					want = ""
				case n == len(frame):
					want = "ok"
				}
				verdict := ""
				if len(got) == 1 {
					verdict = got[0].Verdict
				}
				if err != nil || verdict != want || (len(got) == 1 && (got[0].Advert != nil) != (want == "ok")) {
					t.Errorf("%s, %d tags, %d bytes: %+v, %v, want %q", family, tags, n, got, err, want)
				}
			}
		}
	}
}

// TestTruncatedTrailer: a digest that fits is proof even when what followed it
// was cut off; without a key the length, and so the kind, is not known.
func TestTruncatedTrailer(t *testing.T) {
	frame := eth(ip4(append(unhex(example), 1, 2, 3, 4)))
	file := pcap(layers.LinkTypeEthernet, frame[:len(frame)-2])
	if got := one(t, file, keyring()); got.Verdict != "ok" || got.Kind != "CARP" {
		t.Errorf("with the key: %+v", got)
	}
	if got := one(t, file, Keyring{}); got.Verdict != "truncated" || got.Kind != "unknown" || got.Advert == nil {
		t.Errorf("without: %+v", got)
	}
}
