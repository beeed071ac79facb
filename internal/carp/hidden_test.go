package carp

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// TestSecretIsHidden prints a secret, alone and inside other values, by every
// verb of fmt and some that do not exist, and by JSON. Neither its text nor
// its bytes in hex, octal, decimal or binary may be seen.
func TestSecretIsHidden(t *testing.T) {
	secret, _ := NewSecret([]byte("QZ")) // 51 5a, 81 90
	key := NewKey(secret, 1, addrs("192.0.2.1"))
	values := map[string]any{
		"Secret": secret, "*Secret": &secret, "struct": struct{ S Secret }{secret},
		"slice": []Secret{secret}, "map": map[Secret]Secret{secret: secret},
		"Key": *key, "*Key": key, "struct with Key": struct{ K *Key }{key},
		"Midstate": key.Midstates()[0], "Midstates": key.Midstates(),
	}
	for name, v := range values {
		for _, verb := range strings.Fields("%v %+v %#v %s %q %x %X %#x %d %o %O %b %c %U %t %e %z %20v %-20x") {
			checkHidden(t, name+" by "+verb, fmt.Sprintf(verb, v), key)
		}
		if name != "map" { // JSON takes no such map key; the text form below does
			b, err := json.Marshal(v)
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			checkHidden(t, name+" in JSON", string(b), key)
		}
	}
	checkHidden(t, "error", fmt.Errorf("secret %w %v", BadDigest, secret).Error(), key)
}

func checkHidden(t *testing.T, what, shown string, key *Key) {
	t.Helper()
	lower := strings.ToLower(shown)
	for _, leak := range []string{"QZ", "515a", "51, 0x5a", "81 90", "81,90", "121 132", "1010001", "U+0051"} {
		if strings.Contains(lower, strings.ToLower(leak)) {
			t.Errorf("%s shows %q: %s", what, leak, shown)
		}
	}
	if state := hex.EncodeToString(key.send.inner[4:12]); strings.Contains(lower, state) {
		t.Errorf("%s shows the hash state: %s", what, shown)
	}
	if strings.Contains(shown, "sha") || strings.Contains(shown, "accept") {
		t.Errorf("%s shows the inside of a key: %s", what, shown)
	}
}
