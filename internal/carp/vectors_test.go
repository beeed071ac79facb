package carp

import (
	"encoding/hex"
	"encoding/json"
	"net/netip"
	"os"
	"path/filepath"
	"testing"
)

// vectorFile is testdata/vectors.json, computed by a model that shares no code
// with this package.
type vectorFile struct {
	Vectors  []vector
	Negative struct {
		Password string
		VHID     VHID
		VIPs     []netip.Addr
		Cases    []negative
	}
	Frames []struct {
		Name  string
		Frame hexBytes `json:"frame_hex"`
	}
}

type vector struct {
	Name         string
	Password     hexBytes `json:"password_hex"`
	KeyMode      string   `json:"key_mode"`
	Key          hexBytes `json:"key_hex"`
	VHID         VHID
	Advbase      uint8
	Advskew      uint8
	Demote       uint8
	VIPs         []netip.Addr
	IncludeLL    bool     `json:"include_v6ll"`
	CustomMAC    *string  `json:"custom_mac"`
	Counter      hexBytes `json:"counter_hex"`
	Message      hexBytes `json:"hmac_message_hex"`
	HMAC         hexBytes `json:"hmac_hex"`
	ChecksumText hexBytes `json:"checksum_hex"`
	Packet       hexBytes `json:"packet_hex"`
}

type negative struct {
	Name   string
	Packet hexBytes `json:"packet_hex"`
	TTL    uint8
	Expect string
}

// captured is one frame of testdata/captured_ucarp.json.
type captured struct {
	Password hexBytes `json:"password_hex"`
	VHID     VHID
	VIPs     []netip.Addr
	Advbase  uint8
	Advskew  uint8
	Counter  hexBytes `json:"counter_hex"`
	Frame    hexBytes `json:"frame_hex"`
	Packet   hexBytes `json:"packet_hex"`
}

// hexBytes are written in hex in the files.
type hexBytes []byte

func (h *hexBytes) UnmarshalText(text []byte) (err error) {
	*h, err = hex.DecodeString(string(text))
	return err
}

// load reads a file of testdata into v.
func load(t testing.TB, name string, v any) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, v); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}

func loadVectors(t testing.TB) (f vectorFile) {
	load(t, "vectors.json", &f)
	return f
}

func loadCaptured(t testing.TB) []captured {
	var f struct{ Frames []captured }
	load(t, "captured_ucarp.json", &f)
	return f.Frames
}

func (v vector) secret() Secret {
	s, _ := NewSecret(v.Password)
	if v.KeyMode == "raw" {
		s, _ = NewRawSecret(v.Password)
	}
	return s
}

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func addrs(text ...string) (out []netip.Addr) {
	for _, s := range text {
		out = append(out, netip.MustParseAddr(s))
	}
	return out
}
