package config

import (
	"bytes"
	"strings"
	"testing"

	"github.com/carpd/carpd/internal/carp"
)

// The faults of the first CARP package of pfSense, as rules.

// vipWith is a group to be added.
func vipWith(more ...Item) AddGroup {
	return AddGroup{append(Items{{"carpdev", "eth9"}, {"addresses", []any{"203.0.113.9/24"}}}, more...)}
}

// TestNoPasswordIsInherited: there a virtual IP without a password got that of
// the one before it.
func TestNoPasswordIsInherited(t *testing.T) {
	got, err := Rewrite([]byte(office), vipWith(Item{"vhid", 9}))
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := Load(bytes.NewReader(got), "f", Options{}); err == nil || !strings.Contains(err.Error(), "password is missing in a group") {
		t.Errorf("without a password: %v", err)
	}
	got, err = Rewrite([]byte(office), vipWith(Item{"vhid", 9}, Item{"password", Hidden("")}))
	if err != nil {
		t.Fatal(err)
	}
	c, _ := accept(t, string(got), Options{})
	if none, _ := carp.NewSecret(nil); c.Groups[3].Secret != none {
		t.Error("a group without authentication has a key")
	}
}

// TestPasswordsAsTheyAre: there a password went through a shell. Each character,
// at the beginning, inside and at the end, in block and braces, comes out as it
// went in, and as the BSDs make a key of it.
func TestPasswordsAsTheyAre(t *testing.T) {
	for r := rune(' '); r < 0x100; r++ {
		if r == 0x7f || r >= 0x80 && r < 0xa0 {
			continue // No file may hold them; a password_file may.
		}
		c := string(r)
		for _, password := range []string{c, c + "abc", "ab" + c + "cd", "a " + c + " b", "a" + c} {
			for _, base := range []string{office, strings.Replace(office, "  # Lab, may go.\n  - {vhid: 3, carpdev: eth2, addresses: [\"203.0.113.1/24\"], password: x}\n", "", 1)} {
				got, err := Rewrite([]byte(base), vipWith(Item{"vhid", 9}, Item{"password", Hidden(password)}))
				if err != nil {
					t.Fatalf("%q: %v", password, err)
				}
				loaded, _ := accept(t, string(got), Options{})
				if want, _ := carp.NewSecret([]byte(password)); loaded.Groups[len(loaded.Groups)-1].Secret != want {
					t.Fatalf("%q is another password in\n%s", password, got)
				}
				if diff := RedactedDiff([]byte(base), got); len(password) > 2 && strings.Contains(diff, password) {
					t.Fatalf("%q is in\n%s", password, diff)
				}
			}
		}
	}
}

// TestWholeRanges: there the VHID went to 30 and the advskew too.
func TestWholeRanges(t *testing.T) {
	for _, c := range []struct {
		key      string
		from, to int
	}{{"vhid", 1, 255}, {"advskew", 0, 254}} {
		for n := c.from - 1; n <= c.to+1; n++ {
			got, err := Rewrite([]byte(office), EditGroup{Name: "1@eth0", Set: Items{{c.key, n}}})
			if err != nil {
				t.Fatal(err)
			}
			_, _, err = Load(bytes.NewReader(got), "f", Options{})
			if good := n >= c.from && n <= c.to; good != (err == nil) {
				t.Errorf("%s %d: %v", c.key, n, err)
			}
		}
	}
}

// TestLastItem: there a list that became empty was not told to the peer. Here a
// file is never without a group.
func TestLastItem(t *testing.T) {
	text := []byte(office)
	for _, name := range []string{"2@eth1", "1@eth0"} {
		var err error
		if text, err = Rewrite(text, RemoveGroup{name}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := Rewrite(text, RemoveGroup{"3@eth2"}); err == nil || err.Error() != "3@eth2 is the only group: a configuration needs one" {
		t.Error(err)
	}
	if _, err := Rewrite(text, RemoveGroup{"3@eth2"}, vipWith(Item{"vhid", 9})); err == nil {
		t.Error("without a group in between")
	}
	if _, err := Rewrite(text, RemoveGroup{"1@eth0"}); err == nil || err.Error() != "there is no group 1@eth0" {
		t.Error(err)
	}
	if _, err := Rewrite([]byte(office), AddGroup{Items{{"vhid", 1}, {"carpdev", "eth0"}}}); err == nil || err.Error() != "there is a group 1@eth0 already" {
		t.Error(err)
	}
}

// TestNextVHID: the smallest that is free.
func TestNextVHID(t *testing.T) {
	all := []int{}
	for v := range 255 {
		all = append(all, v+1)
	}
	for _, c := range []struct {
		used []int
		want int
	}{{nil, 1}, {[]int{1, 2, 4}, 3}, {[]int{2}, 1}, {all[:254], 255}, {all, 0}} {
		if got := NextVHID(c.used); got != c.want {
			t.Errorf("%v: %d, want %d", c.used, got, c.want)
		}
	}
}
