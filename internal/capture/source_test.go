package capture

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"io"
	"testing"
	"testing/iotest"

	"github.com/gopacket/gopacket/layers"
	"github.com/gopacket/gopacket/pcapgo"
)

// pcapNG writes a pcapng file of two interfaces, Ethernet and the "any"
// device, and one frame on each.
func pcapNG() []byte {
	var b bytes.Buffer
	w, err := pcapgo.NewNgWriter(&b, layers.LinkTypeEthernet)
	must(err)
	second, err := w.AddInterface(pcapgo.NgInterface{Name: "any", LinkType: layers.LinkTypeLinuxSLL2})
	must(err)
	frames := [][]byte{eth(ip4(unhex(example))), sll2(ip6(112, unhex(example)))}
	for i, iface := range []int{0, second} {
		ci := info(i, frames[i])
		ci.InterfaceIndex = iface
		must(w.WritePacket(ci, frames[i]))
	}
	must(w.Flush())
	return b.Bytes()
}

func zipped(b []byte) []byte {
	var z bytes.Buffer
	w := gzip.NewWriter(&z)
	_, err := w.Write(b)
	must(err)
	must(w.Close())
	return z.Bytes()
}

// otherEnd turns the headers of a pcap file into big-endian ones, in
// nanoseconds.
func otherEnd(file []byte) []byte {
	b := bytes.Clone(file)
	swap := func(at, size int) {
		for i := range size / 2 {
			b[at+i], b[at+size-1-i] = b[at+size-1-i], b[at+i]
		}
	}
	copy(b, []byte{0xa1, 0xb2, 0x3c, 0x4d})
	swap(4, 2)
	swap(6, 2)
	swap(16, 4)
	swap(20, 4)
	for at := 24; at < len(b); {
		n := int(binary.LittleEndian.Uint32(b[at+8:]))
		for field := range 4 {
			swap(at+4*field, 4)
		}
		at += 16 + n
	}
	return b
}

// TestFormats reads the same two adverts from every format.
func TestFormats(t *testing.T) {
	plain := pcap(layers.LinkTypeEthernet, eth(ip4(unhex(example))), eth(ip6(112, unhex(example))))
	rows := []struct {
		name string
		file []byte
		time string // of the second, behind the second
	}{
		{"pcap", plain, "124456000"},
		{"pcap, gzip", zipped(plain), "124456000"},
		{"pcap, big endian, ns", otherEnd(plain), "000124456"},
		{"pcapng with two link types", pcapNG(), "124456000"},
		{"pcapng, gzip", zipped(pcapNG()), "124456000"},
	}
	for _, r := range rows {
		got, err := readAll(r.file, keyring())
		if err != nil || len(got) != 2 {
			t.Errorf("%s: %d records, %v", r.name, len(got), err)
			continue
		}
		if got[0].Verdict != "ok" || got[1].Verdict != "ok" || got[0].Family != "IPv4" || got[1].Family != "IPv6" {
			t.Errorf("%s: %+v", r.name, got)
		}
		if at := got[1].Time.Format("05.000000000"); at != "00."+r.time {
			t.Errorf("%s: at %s, want %s", r.name, at, r.time)
		}
	}
}

// TestSections: a second section of pcapng brings its own interfaces.
func TestSections(t *testing.T) {
	got, err := readAll(append(pcapNG(), pcapNG()...), keyring())
	if err != nil || len(got) != 4 || got[3].Packet != 4 || got[3].Verdict != "ok" {
		t.Errorf("%+v, %v", got, err)
	}
}

// TestCutFile cuts files everywhere: what is whole is read, and the rest is an
// error, except where a packet ends.
func TestCutFile(t *testing.T) {
	frame := eth(ip4(unhex(example)))
	file := pcap(layers.LinkTypeEthernet, frame, frame)
	ends := map[int]int{24: 0, 24 + 16 + len(frame): 1, len(file): 2} // where a packet ends: how many
	for n := range len(file) + 1 {
		got, err := readAll(file[:n], keyring())
		want := 0
		for end, count := range ends {
			if n >= end {
				want = max(want, count)
			}
		}
		_, whole := ends[n]
		if len(got) != want || (err == nil) != whole {
			t.Errorf("%d bytes: %d records, %v", n, len(got), err)
		}
	}
}

// TestCutNG does the same to pcapng, by its blocks.
func TestCutNG(t *testing.T) {
	file := pcapNG()
	whole := map[int]bool{}
	for at := 0; at < len(file); at += int(binary.LittleEndian.Uint32(file[at+4:])) {
		whole[at] = at > 0
	}
	whole[len(file)] = true
	for n := range len(file) + 1 {
		if _, err := readAll(file[:n], keyring()); (err == nil) != whole[n] {
			t.Errorf("%d bytes: %v", n, err)
		}
	}
}

// TestErrors: what is wrong with a file is said in words.
func TestErrors(t *testing.T) {
	good := pcap(layers.LinkTypeEthernet, eth(ip4(unhex(example))))
	huge := bytes.Clone(good)
	binary.LittleEndian.PutUint32(huge[24+8:], 0xfffffff0)
	binary.LittleEndian.PutUint32(huge[24+12:], 0xfffffff0)
	version := bytes.Clone(good)
	version[4] = 9
	wifi := pcap(layers.LinkTypeIEEE802_11, []byte{1}, []byte{2})
	badZip := zipped(good)
	badZip[len(badZip)-5] ^= 0xff
	rows := []struct {
		name    string
		file    []byte
		records int
		want    string
	}{
		{"nothing", nil, 0, "the capture is empty"},
		{"three bytes", good[:3], 0, "read capture header: unexpected EOF"},
		{"a program", []byte("\x7fELF and more"), 0, "neither pcap nor pcapng: it begins with 7f454c46"},
		{"half a header", good[:20], 0, "read pcap header: unexpected EOF"},
		{"version", version, 0, "read pcap header: Unknown major version 9"},
		{"half a packet", good[:len(good)-1], 0, "the capture ends within packet 1: unexpected EOF"},
		{"no data", good[:40], 0, "the capture ends within packet 1: unexpected EOF"},
		{"a length of 4 GiB", huge, 0, "read packet 1: capture length exceeds snap length: 4294967280 > 65536"},
		{"wireless", wifi, 0, "2 packets not read: link type 105 (802.11) is none of Ethernet, Linux cooked, loopback or raw IP"},
		{"damaged gzip", badZip, 1, "read packet 2: gzip: invalid checksum"},
		{"not gzip", []byte{0x1f, 0x8b, 0, 0, 0, 0, 0, 0, 0, 0}, 0, "read gzip: gzip: invalid header"},
		{"half a section", pcapNG()[:16], 0, "read pcapng header: unexpected EOF"},
	}
	for _, r := range rows {
		got, err := readAll(r.file, keyring())
		if err == nil || err.Error() != r.want || len(got) != r.records {
			t.Errorf("%s: %d records, %v, want %d and %s", r.name, len(got), err, r.records, r.want)
		}
	}
}

// TestReaderFails passes an error of the file system on.
func TestReaderFails(t *testing.T) {
	good := pcap(layers.LinkTypeEthernet, eth(ip4(unhex(example))))
	disk := errors.New("input/output error")
	records := 0
	var last error
	for _, err := range Read(io.MultiReader(bytes.NewReader(good), iotest.ErrReader(disk)), keyring()) {
		if err == nil {
			records++
		}
		last = err
	}
	if records != 1 || !errors.Is(last, disk) {
		t.Errorf("%d records, %v", records, last)
	}
}

// TestStop: the caller may break off.
func TestStop(t *testing.T) {
	frame := eth(ip4(unhex(example)))
	n := 0
	for range Read(bytes.NewReader(pcap(layers.LinkTypeEthernet, frame, frame, frame)), keyring()) {
		if n++; n == 2 {
			break
		}
	}
	if n != 2 {
		t.Errorf("%d records", n)
	}
}

// TestRecordsOutliveFrames: records share no memory with the frame buffer.
func TestRecordsOutliveFrames(t *testing.T) {
	first, second := eth(ip4(unhex(example)), 11), eth(ip6(112, repaired(map[int]byte{1: 77})), 12)
	second[6] = 0xee
	got, err := readAll(pcap(layers.LinkTypeEthernet, first, second), Keyring{})
	if err != nil || len(got) != 2 {
		t.Fatal(got, err)
	}
	if r := got[0]; r.SrcMAC != "00:00:5e:00:01:01" || r.VHID != 1 || r.VLANs[0] != 11 || r.Src.String() != "192.0.2.11" {
		t.Errorf("%+v", r)
	}
}
