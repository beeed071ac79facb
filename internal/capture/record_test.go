package capture

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/gopacket/gopacket/layers"
)

// TestRecordJSON shows the whole schema, typed by hand.
func TestRecordJSON(t *testing.T) {
	rows := []struct {
		name  string
		frame []byte
		want  string
	}{
		{"CARP", eth(ip4(repaired(map[int]byte{2: 100, 4: 3})), 100), `{
			"schema_version": 1, "packet": 1, "time": "2026-03-01T12:00:00.123456Z",
			"src_mac": "00:00:5e:00:01:01", "dst_mac": "01:00:5e:00:00:12", "vlans": [100],
			"src": "192.0.2.11", "dst": "224.0.0.18", "family": "IPv4", "ttl": 255, "kind": "CARP",
			"vhid": 1, "advbase": 1, "advskew": 100, "demotion": 3, "counter": "0123456789abcdef", "bow_out": false,
			"digest_fingerprint": "804538a1", "group": "1@eth0", "verdict": "ok"}`},
		{"bow-out, unknown VHID", eth(ip6(112, repaired(map[int]byte{1: 9, 2: 255, 5: 255}))), `{
			"schema_version": 1, "packet": 1, "time": "2026-03-01T12:00:00.123456Z",
			"src_mac": "00:00:5e:00:01:01", "dst_mac": "01:00:5e:00:00:12",
			"src": "fe80::11", "dst": "ff02::12", "family": "IPv6", "ttl": 255, "kind": "CARP",
			"vhid": 9, "advbase": 255, "advskew": 255, "demotion": 0, "counter": "0123456789abcdef", "bow_out": true,
			"digest_fingerprint": "804538a1", "verdict": "no key"}`},
		{"VRRPv2", eth(ip4(unhex("21339601000186c8c00002010000000000000000"))), `{
			"schema_version": 1, "packet": 1, "time": "2026-03-01T12:00:00.123456Z",
			"src_mac": "00:00:5e:00:01:01", "dst_mac": "01:00:5e:00:00:12",
			"src": "192.0.2.11", "dst": "224.0.0.18", "family": "IPv4", "ttl": 255, "kind": "VRRPv2",
			"vrid": 51, "priority": 150, "address_count": 1, "interval_ms": 1000, "verdict": "VRRP"}`},
		{"VRRPv3 with reserved bits", eth(ip4(unhex("31016402f0640000c0000201c0000202"))), `{
			"schema_version": 1, "packet": 1, "time": "2026-03-01T12:00:00.123456Z",
			"src_mac": "00:00:5e:00:01:01", "dst_mac": "01:00:5e:00:00:12",
			"src": "192.0.2.11", "dst": "224.0.0.18", "family": "IPv4", "ttl": 255, "kind": "VRRPv3",
			"vrid": 1, "priority": 100, "address_count": 2, "interval_ms": 1000, "verdict": "VRRP"}`},
		{"not even a header", eth(ip4([]byte{0x21})), `{
			"schema_version": 1, "packet": 1, "time": "2026-03-01T12:00:00.123456Z",
			"src_mac": "00:00:5e:00:01:01", "dst_mac": "01:00:5e:00:00:12",
			"src": "192.0.2.11", "dst": "224.0.0.18", "family": "IPv4", "ttl": 255, "kind": "unknown",
			"verdict": "bad length"}`},
	}
	for _, r := range rows {
		b, err := json.Marshal(one(t, pcap(layers.LinkTypeEthernet, r.frame), keyring()))
		if err != nil {
			t.Fatal(err)
		}
		var got, want any
		must(json.Unmarshal(b, &got))
		must(json.Unmarshal([]byte(r.want), &want))
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", r.name, diff)
		}
	}
}
