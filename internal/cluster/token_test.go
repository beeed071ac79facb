package cluster

import (
	"net/netip"
	"strings"
	"testing"
	"time"
)

// A token is read as it was made, and anything else is not.
func TestToken(t *testing.T) {
	made, err := newToken(key(1), key(2), netip.MustParseAddrPort("[2001:db8::1]:7430"))
	must(t, err)
	text := made.String()
	got, err := readToken(" " + text + "\n")
	if err != nil || sum(got.CA) != key(1) || sum(got.Node) != key(2) || string(got.Secret) != string(made.Secret) || got.Address != made.Address {
		t.Errorf("%+v, %v", got, err)
	}
	if again, _ := newToken(key(1), key(2), made.Address); string(again.Secret) == string(made.Secret) {
		t.Error("two tokens are equal")
	}
	for _, bad := range []string{"", "x", text[1:], text[:len(text)-1], text[:len(text)/2], tokenMark, tokenMark + "e30", text + "A"} {
		if _, err := readToken(bad); err == nil || strings.Contains(err.Error(), text[20:]) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

// Each reason why a token does not open.
func TestTickets(t *testing.T) {
	good, used := []byte("good"), []byte("used")
	all := tickets{
		{Hash: hash(good), Until: at(60)},
		{Hash: hash(used), Until: at(60), Used: "key of n2"},
	}
	for _, c := range []struct {
		rule, secret, key string
		now               time.Time
		want              string
	}{
		{"good", "good", "key of n2", at(60), ""},
		{"the same node asks again", "used", "key of n2", at(60), ""},
		{"another node comes with it", "used", "key of n3", at(0), "this token was used already"},
		{"expired", "good", "key of n2", at(61), "this token expired on 2027-01-15T08:01:00Z"},
		{"expired for who has used it too", "used", "key of n2", at(61), "this token expired"},
		{"never made", "bad", "key of n2", at(0), "this token is not one that this node has made"},
	} {
		i, d := all.take([]byte(c.secret), c.key, c.now)
		switch {
		case c.want == "" && (d != nil || all[i].Hash != hash([]byte(c.secret))):
			t.Errorf("%s: %v", c.rule, d)
		case c.want != "" && (d == nil || !strings.HasPrefix(d.text, c.want) || d.reason != "join token"):
			t.Errorf("%s: %v", c.rule, d)
		}
	}
	if left := all.keep(at(60).Add(maxTokenLife + time.Second)); len(left) != 0 {
		t.Errorf("kept for ever: %v", left)
	}
}
