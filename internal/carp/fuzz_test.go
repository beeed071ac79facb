package carp

import (
	"bytes"
	"errors"
	"testing"
)

// FuzzParse: no bytes make Parse, Peek or Classify panic, and what Parse takes
// is encoded again to the same 36 bytes.
func FuzzParse(f *testing.F) {
	seed(f)
	f.Fuzz(func(t *testing.T, b []byte) {
		kind := Classify(b)
		a, err := Parse(b)
		if err != nil {
			if !reason(err).Rejected() || a != (Advert{}) {
				t.Fatalf("refused with %#v and %v", err, a)
			}
			if kind == KindCARP && !errors.Is(err, BadVHID) {
				t.Fatalf("classified as CARP and refused: %v", err)
			}
			return
		}
		if kind == KindUnknown {
			t.Fatal("a good advert is classified as unknown")
		}
		want := bytes.Clone(b[:AdvertLen])
		if want[6] == 0xff && want[7] == 0xff {
			want[6], want[7] = 0, 0 // the other zero of one's complement
		}
		if got := a.AppendTo(nil); !bytes.Equal(got, want) {
			t.Fatalf("encoded again: %x\n         was: %x", got, want)
		}
		if Peek((*[AdvertLen]byte)(b)) != a {
			t.Fatal("Peek and Parse differ")
		}
	})
}

// seed adds all packets of the test data and some VRRP.
func seed(f *testing.F) {
	v := loadVectors(f)
	for _, p := range v.Vectors {
		f.Add([]byte(p.Packet))
	}
	for _, p := range v.Negative.Cases {
		f.Add([]byte(p.Packet))
	}
	for _, fr := range v.Frames {
		f.Add(proto112(fr.Frame))
	}
	for _, c := range loadCaptured(f) {
		f.Add(proto112(c.Frame))
	}
	f.Add(unhex(f, vrrp2by20))
	f.Add(vrrp2(7, 0, ""))
	f.Add(unhex(f, "3101640100640000c0000201"))
}

// TestNoAllocations: one advert sent or received costs no garbage.
func TestNoAllocations(t *testing.T) {
	secret, _ := NewSecret([]byte("secret"))
	key := NewKey(secret, 1, addrs("192.0.2.1", "fe80::1"))
	a := Advert{VHID: 1, Advbase: 1, Counter: 1}
	b := make([]byte, 0, AdvertLen)
	got := testing.AllocsPerRun(100, func() {
		key.Sign(&a)
		b = a.AppendTo(b[:0])
		if parsed, err := Parse(b); err != nil || key.Verify(parsed) != nil {
			t.Fatal("not genuine")
		}
	})
	if got != 0 {
		t.Errorf("%v allocations, want none", got)
	}
}

func BenchmarkSign(b *testing.B) {
	key := NewKey(Secret{1}, 1, addrs("192.0.2.1"))
	a := Advert{VHID: 1, Advbase: 1}
	b.ReportAllocs()
	for b.Loop() {
		a.Counter++
		key.Sign(&a)
	}
}

func BenchmarkVerify(b *testing.B) {
	key := NewKey(Secret{1}, 1, addrs("192.0.2.1"))
	a := Advert{VHID: 1, Advbase: 1}
	key.Sign(&a)
	b.ReportAllocs()
	for b.Loop() {
		if key.Verify(a) != nil {
			b.Fatal("not genuine")
		}
	}
}
