package capture

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/gopacket/gopacket/layers"
)

// FuzzRead: no file makes Read panic, hang, or yield more records than it can
// hold, and every record can be shown.
func FuzzRead(f *testing.F) {
	f.Add(pcap(layers.LinkTypeEthernet, eth(ip4(unhex(example)), 1), eth(ip6(112, unhex(example)))))
	f.Add(pcap(layers.LinkTypeLinuxSLL, sll(ip4(unhex(example)))))
	f.Add(pcap(layers.LinkTypeNull, append([]byte{28, 0, 0, 0}, ip6(112, unhex(example))...)))
	f.Add(pcap(layers.LinkTypeRaw, ip4(unhex("21339601000186c8c00002010000000000000000"))))
	f.Add(pcap(layers.LinkTypeEthernet, eth(ip6(0, append([]byte{112, 0, 5, 2, 0, 0, 1, 0}, unhex(example)...)))))
	f.Add(pcap(layers.LinkTypeEthernet, eth(ip6(44, append([]byte{112, 0, 0, 1, 1, 2, 3, 4}, unhex(example)...)))))
	f.Add(pcapNG())
	f.Add(zipped(pcapNG()))
	var captured ucarpFile
	testdata(f, "captured_ucarp.json", &captured)
	for _, fr := range captured.Frames {
		f.Add(pcap(layers.LinkTypeEthernet, unhex(fr.Frame)))
	}
	keys := keyring()
	f.Fuzz(func(t *testing.T, file []byte) {
		if bytes.HasPrefix(file, []byte{0x1f, 0x8b}) {
			return // a little gzip may be a lot of packets
		}
		records := 0
		for r, err := range Read(bytes.NewReader(file), keys) {
			if err != nil {
				continue
			}
			if records++; records*12 > len(file) {
				t.Fatalf("%d records of %d bytes", records, len(file))
			}
			if r.Verdict == "" || r.Kind == "" || !r.Src.IsValid() || !r.Dst.IsValid() {
				t.Fatalf("%+v", r)
			}
			if (r.Verdict == "ok" || r.Verdict == "bad digest") && r.Advert == nil {
				t.Fatalf("no fields: %+v", r)
			}
			if _, err := json.Marshal(r); err != nil {
				t.Fatal(err)
			}
		}
	})
}
