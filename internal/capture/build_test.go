package capture

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"net/netip"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"github.com/gopacket/gopacket/pcapgo"

	"github.com/carpd/carpd/internal/carp"
)

// Frames are built here byte by byte, apart from the decoders under test. The
// advert is the protocol's worked example: password mekmitasdigoat, VHID 1,
// address 192.0.2.1.
const (
	example  = "21010007000104310123456789abcdef804538a172de9d658c695edfe8729c0371ca91eb"
	password = "mekmitasdigoat"
)

var (
	groupMAC  = []byte{1, 0, 0x5e, 0, 0, 0x12}
	sourceMAC = []byte{0, 0, 0x5e, 0, 1, 1}
	atNoon    = time.Date(2026, 3, 1, 12, 0, 0, 123456000, time.UTC)
)

func unhex(s string) []byte {
	b, err := hex.DecodeString(s)
	if err != nil {
		panic(err)
	}
	return b
}

// ip4 is an IPv4 packet of protocol 112 from 192.0.2.11 to the CARP group;
// change may alter the header.
func ip4(payload []byte, change ...func(header []byte)) []byte {
	h := []byte{0x45, 0xe0, 0, 0, 0, 0, 0x40, 0, 255, 112, 0, 0, 192, 0, 2, 11, 224, 0, 0, 18}
	binary.BigEndian.PutUint16(h[2:], uint16(20+len(payload)))
	for _, c := range change {
		c(h)
	}
	return append(h, payload...)
}

// ip6 is an IPv6 packet from fe80::11 to the CARP group with the given chain
// of headers.
func ip6(next byte, payload []byte) []byte {
	h := []byte{0x6e, 0, 0, 0, 0, 0, next, 255}
	binary.BigEndian.PutUint16(h[4:], uint16(len(payload)))
	h = append(h, netip.MustParseAddr("fe80::11").AsSlice()...)
	h = append(h, netip.MustParseAddr("ff02::12").AsSlice()...)
	return append(h, payload...)
}

// eth puts an Ethernet header with VLAN tags before an IP packet.
func eth(ip []byte, tags ...uint16) []byte {
	f := slices.Concat(groupMAC, sourceMAC)
	for i, tag := range tags {
		tpid := uint16(0x8100)
		if i+1 < len(tags) {
			tpid = 0x88a8
		}
		f = binary.BigEndian.AppendUint16(f, tpid)
		f = binary.BigEndian.AppendUint16(f, tag)
	}
	f = binary.BigEndian.AppendUint16(f, etherType(ip))
	return append(f, ip...)
}

func etherType(ip []byte) uint16 {
	if ip[0]>>4 == 6 {
		return 0x86dd
	}
	return 0x0800
}

// pcap writes frames into a pcap file, one millisecond apart.
func pcap(link layers.LinkType, frames ...[]byte) []byte {
	var b bytes.Buffer
	w := pcapgo.NewWriter(&b)
	must(w.WriteFileHeader(65536, link))
	for i, f := range frames {
		must(w.WritePacket(info(i, f), f))
	}
	return b.Bytes()
}

func info(i int, frame []byte) gopacket.CaptureInfo {
	return gopacket.CaptureInfo{
		Timestamp: atNoon.Add(time.Duration(i) * time.Millisecond), CaptureLength: len(frame), Length: len(frame),
	}
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

// readAll reads a capture to its end.
func readAll(file []byte, keys Keyring) (out []Record, last error) {
	for r, err := range Read(bytes.NewReader(file), keys) {
		if last != nil {
			panic("something came after the error")
		}
		if last = err; err == nil {
			out = append(out, r)
		}
	}
	return out, last
}

// one reads a capture that must have one record.
func one(t *testing.T, file []byte, keys Keyring) Record {
	t.Helper()
	got, err := readAll(file, keys)
	if err != nil || len(got) != 1 {
		t.Fatalf("%d records, %v", len(got), err)
	}
	return got[0]
}

// keyring knows the example's group.
func keyring() (k Keyring) {
	k.Add("1@eth0", 1, secret(password), []netip.Addr{netip.MustParseAddr("192.0.2.1")})
	return k
}

func secret(password string) carp.Secret {
	s, _ := carp.NewSecret([]byte(password))
	return s
}

// testdata reads a file of the codec's test data.
func testdata(t testing.TB, name string, v any) {
	t.Helper()
	b, err := os.ReadFile("../carp/testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, v); err != nil {
		t.Fatal(err)
	}
}
