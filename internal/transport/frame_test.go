package transport

import (
	"encoding/hex"
	"encoding/json"
	"net/netip"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"

	"github.com/carpd/carpd/internal/carp"
)

// payload is the advert of VHID 1 in the recorded IPv4 frames.
const payload = "21010007000104310123456789abcdef804538a172de9d658c695edfe8729c0371ca91eb"

// payload6 is the advert in the recorded IPv6 frames.
const payload6 = "2101000700015e1f0123456789abcdef5d59a778cee10f2713156573bca724f92c357978"

var vhid1 = carp.MAC{0, 0, 0x5e, 0, 1, 1}

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// recorded is a frame of the reference by name.
func recorded(t *testing.T, name string) []byte {
	t.Helper()
	text, err := os.ReadFile("testdata/frames.json")
	if err != nil {
		t.Fatal(err)
	}
	var frames []struct {
		Name string
		Hex  string `json:"frame_hex"`
	}
	if err := json.Unmarshal(text, &frames); err != nil {
		t.Fatal(err)
	}
	for _, f := range frames {
		if f.Name == name {
			return unhex(t, f.Hex)
		}
	}
	t.Fatalf("no frame %q", name)
	return nil
}

func advert4(t *testing.T) Outgoing {
	return Outgoing{
		Family: carp.IPv4,
		Src:    netip.MustParseAddr("192.0.2.11"), Dst: netip.MustParseAddr("224.0.0.18"),
		SrcMAC: vhid1, DstMAC: carp.MAC{0x01, 0x00, 0x5e, 0x00, 0x00, 0x12},
		Payload: unhex(t, payload),
	}
}

func advert6(t *testing.T) Outgoing {
	return Outgoing{
		Family: carp.IPv6,
		Src:    netip.MustParseAddr("fe80::11"), Dst: netip.MustParseAddr("ff02::12"),
		SrcMAC: vhid1, DstMAC: carp.MAC{0x33, 0x33, 0, 0, 0, 0x12},
		Payload: unhex(t, payload6),
	}
}

// Our profile is FreeBSD's envelope: byte for byte the same frame.
func TestAdvertIsFreeBSDs(t *testing.T) {
	for name, o := range map[string]Outgoing{"freebsd-v4": advert4(t), "freebsd-v6": advert6(t)} {
		if d := cmp.Diff(hex.EncodeToString(recorded(t, name)), hex.EncodeToString(AppendAdvert(nil, o))); d != "" {
			t.Errorf("%s (-want +got)\n%s", name, d)
		}
	}
}

// OpenBSD's frame differs in what it may differ in: the traffic class, a random
// id in IPv4, and the header checksum over them.
func TestAdvertBesideOpenBSDs(t *testing.T) {
	for _, c := range []struct {
		name string
		o    Outgoing
		may  []int
	}{
		{"openbsd-v4", advert4(t), []int{15, 18, 19, 24, 25}},
		{"openbsd-v6", advert6(t), []int{14}},
	} {
		want, got := recorded(t, c.name), AppendAdvert(nil, c.o)
		for _, i := range c.may {
			want[i], got[i] = 0, 0
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s (-want +got)\n%s", c.name, d)
		}
	}
}

// A unicast advert keeps the virtual MAC as source, unlike FreeBSD's.
func TestAdvertUnicast(t *testing.T) {
	o := advert4(t)
	o.Src, o.Dst = netip.MustParseAddr("192.0.2.11"), netip.MustParseAddr("192.0.2.12")
	o.DstMAC = carp.MAC{2, 0, 0, 0, 0, 0x12}
	want := recorded(t, "freebsd-v4-unicast")
	copy(want[6:], vhid1[:])
	if d := cmp.Diff(want, AppendAdvert(nil, o)); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
}

// The builders append: what is in the buffer stays.
func TestAppend(t *testing.T) {
	before := []byte{1, 2, 3}
	for _, got := range [][]byte{
		AppendAdvert(before, advert4(t)),
		AppendAdvert(before, advert6(t)),
		AppendGratuitousARP(before, vhid1, netip.MustParseAddr("192.0.2.1")),
		AppendNA(before, vhid1, netip.MustParseAddr("2001:db8::1"), false),
	} {
		if d := cmp.Diff(before, got[:3]); d != "" {
			t.Error(d)
		}
		verifyChecksums(t, got[3:])
	}
}

func TestGratuitousARPIsOpenBSDs(t *testing.T) {
	want := recorded(t, "garp-openbsd")
	got := AppendGratuitousARP(nil, vhid1, netip.MustParseAddr("192.0.2.1"))
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
}

func TestNA(t *testing.T) {
	const (
		ethernet = "333300000001" + "00005e000101" + "86dd"
		ipv6     = "60000000" + "0020" + "3a" + "ff"
		allNodes = "ff020000000000000000000000000001"
		global   = "20010db8000000000000000000000001"
		local    = "fe800000000000000000000000000001"
		option   = "0201" + "00005e000101"
	)
	for name, c := range map[string]struct {
		addr   string
		router bool
		want   string
	}{
		"host":       {"2001:db8::1", false, ethernet + ipv6 + global + allNodes + "8800" + "9c2a" + "20000000" + global + option},
		"router":     {"2001:db8::1", true, ethernet + ipv6 + global + allNodes + "8800" + "1c2a" + "a0000000" + global + option},
		"link-local": {"fe80::1", false, ethernet + ipv6 + local + allNodes + "8800" + "fa9a" + "20000000" + local + option},
	} {
		got := hex.EncodeToString(AppendNA(nil, vhid1, netip.MustParseAddr(c.addr), c.router))
		if d := cmp.Diff(c.want, got); d != "" {
			t.Errorf("%s (-want +got)\n%s", name, d)
		}
	}
}

// verifyChecksums has somebody else compute all checksums of a frame.
func verifyChecksums(t *testing.T, frame []byte) gopacket.Packet {
	t.Helper()
	p := gopacket.NewPacket(frame, layers.LayerTypeEthernet, gopacket.Default)
	if e := p.ErrorLayer(); e != nil {
		t.Errorf("decode: %v", e.Error())
	}
	if icmp, ok := p.Layer(layers.LayerTypeICMPv6).(*layers.ICMPv6); ok {
		if err := icmp.SetNetworkLayerForChecksum(p.NetworkLayer()); err != nil {
			t.Fatal(err)
		}
	}
	err, wrong := p.VerifyChecksums()
	if err != nil {
		t.Errorf("verify checksums: %v", err)
	}
	if len(wrong) != 0 {
		t.Errorf("wrong checksums: %+v", wrong)
	}
	return p
}

// gopacket reads in the frames what we mean by them.
func TestDecodedBySomebodyElse(t *testing.T) {
	ip4 := verifyChecksums(t, AppendAdvert(nil, advert4(t))).Layer(layers.LayerTypeIPv4).(*layers.IPv4)
	if ip4.IHL != 5 || ip4.TOS != 0xe0 || ip4.Id != 0 || ip4.Flags != layers.IPv4DontFragment ||
		ip4.TTL != 255 || ip4.Protocol != layers.IPProtocolVRRP || ip4.Length != 56 {
		t.Errorf("IPv4 header %+v", ip4)
	}
	ip6 := verifyChecksums(t, AppendAdvert(nil, advert6(t))).Layer(layers.LayerTypeIPv6).(*layers.IPv6)
	if ip6.TrafficClass != 0xe0 || ip6.FlowLabel != 0 || ip6.HopLimit != 255 ||
		ip6.NextHeader != layers.IPProtocolVRRP || ip6.Length != 36 {
		t.Errorf("IPv6 header %+v", ip6)
	}
	arp := verifyChecksums(t, AppendGratuitousARP(nil, vhid1, netip.MustParseAddr("192.0.2.1"))).
		Layer(layers.LayerTypeARP).(*layers.ARP)
	if arp.Operation != layers.ARPRequest || string(arp.SourceProtAddress) != string(arp.DstProtAddress) {
		t.Errorf("ARP %+v", arp)
	}
	na := verifyChecksums(t, AppendNA(nil, vhid1, netip.MustParseAddr("2001:db8::1"), true)).
		Layer(layers.LayerTypeICMPv6NeighborAdvertisement).(*layers.ICMPv6NeighborAdvertisement)
	if !na.Override() || na.Solicited() || !na.Router() || na.TargetAddress.String() != "2001:db8::1" ||
		len(na.Options) != 1 || na.Options[0].Type != layers.ICMPv6OptTargetAddress {
		t.Errorf("NA %+v", na)
	}
}
