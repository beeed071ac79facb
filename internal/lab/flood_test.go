package lab

import (
	"context"
	"net/netip"
	"testing"
	"time"
)

// arpReplies matches answers that name an address as the sender's.
func arpReplies(addr netip.Addr) Match {
	return Match{{At: 12, Want: []byte{8, 6}}, {At: 20, Want: []byte{0, 2}}, {At: 28, Want: addr.AsSlice()}}
}

// count reads a tally.
func count(t *testing.T, tally *Tally) uint64 {
	t.Helper()
	n, err := tally.Count()
	must(t, err)
	return n
}

var (
	nobody4    = netip.MustParseAddr("192.0.2.77")
	requester4 = netip.MustParseAddr("198.18.0.0")
)

func TestFloodSendsAsManyAsItSaysAndATallyCountsThem(t *testing.T) {
	l := newLab(t, Topology{Routers: 1})
	all, err := l.Switch.Tally("client", Match{{At: 12, Want: []byte{8, 6}}})
	must(t, err)
	one, err := l.Switch.Swallow("client", Match{{At: 12, Want: []byte{8, 6}}, {At: 28, Want: []byte{198, 18, 0, 7}}})
	must(t, err)
	for _, egress := range []bool{false, true} {
		before, ofOne := count(t, all), count(t, one)
		f := ARPFlood(nobody4, requester4, 10)
		f.Count, f.Egress = 20_000, egress
		done, err := l.Clients[0].Flood(t.Context(), f)
		must(t, err)
		t.Logf("%.0f frames a second, egress %t", done.PerSecond(), egress)
		if done.Sent+done.Refused != 20_000 || done.Refused > 2_000 {
			t.Errorf("%+v", done)
		}
		if got := count(t, all) - before; got != done.Sent {
			t.Errorf("%d came in, %d were sent", got, done.Sent)
		}
		if got := count(t, one) - ofOne; got < 1_800 || got > 2_000 {
			t.Errorf("%d of one requester in ten came in, %d were sent", got, done.Sent)
		}
	}
	if claims := l.Wire.Claims(func(c Claim) bool { return c.SrcMAC[1] == 0xcb }); len(claims) != 0 {
		t.Errorf("the wire recorded %d frames of a flood", len(claims))
	}
}

func TestFloodFromAPortReachesOneNodeAndItsAnswersAreSwallowed(t *testing.T) {
	l := newLab(t, Topology{Routers: 2})
	must(t, l.Routers[0].AddAddress(Virtual4))
	first, err := l.Routers[0].Tally("", Match{{At: 28, Want: []byte{198, 18}}})
	must(t, err)
	second, err := l.Routers[1].Tally("", Match{{At: 28, Want: []byte{198, 18}}})
	must(t, err)
	answers, err := l.Switch.Swallow("r1", arpReplies(Virtual4.Addr()))
	must(t, err)
	back, err := l.Clients[0].Tally("", arpReplies(Virtual4.Addr()))
	must(t, err)
	f := ARPFlood(Virtual4.Addr(), requester4, 1)
	f.Interface, f.Count = "r1", 2_000
	done, err := l.Switch.Flood(t.Context(), f)
	must(t, err)
	if got := count(t, first); got != done.Sent || got < 1_500 {
		t.Errorf("%d of %+v reached r1", got, done)
	}
	if got := count(t, answers); got < done.Sent/2 || got > done.Sent {
		t.Errorf("%d answers to %d questions", got, done.Sent)
	}
	if a, b := count(t, second), count(t, back); a != 0 || b != 0 {
		t.Errorf("%d reached r2, %d answers the client", a, b)
	}
}

func TestFloodKeepsItsRateAndItsTime(t *testing.T) {
	l := newLab(t, Topology{Routers: 1})
	f := ARPFlood(nobody4, requester4, 10)
	f.Rate, f.For = 5_000, 500*time.Millisecond
	done, err := l.Clients[0].Flood(t.Context(), f)
	must(t, err)
	all := float64(done.Sent + done.Refused)
	if done.Took < f.For || all > 5_000*done.Took.Seconds() || all < 5_000*0.5*0.5 {
		t.Errorf("%+v", done)
	}
}

func TestFloodEndsWithItsContext(t *testing.T) {
	l := newLab(t, Topology{Routers: 1})
	ctx, cancel := context.WithCancel(t.Context())
	some, err := l.Switch.Tally("client", Match{{At: 12, Want: []byte{8, 6}}})
	must(t, err)
	ended := make(chan error, 1)
	go func() {
		f := ARPFlood(nobody4, requester4, 10)
		f.For, f.Rate = time.Minute, 10_000
		done, err := l.Clients[0].Flood(ctx, f)
		if err == nil && done.Took > 50*time.Second {
			t.Errorf("%+v", done)
		}
		ended <- err
	}()
	for limit := time.Now().Add(10 * time.Second); count(t, some) == 0; time.Sleep(time.Millisecond) {
		if time.Now().After(limit) {
			t.Fatal("nothing was sent")
		}
	}
	cancel()
	must(t, <-ended)
}

func TestFloodWithoutAnEndIsRefused(t *testing.T) {
	l := newLab(t, Topology{Routers: 1})
	if _, err := l.Clients[0].Flood(t.Context(), ARPFlood(nobody4, requester4, 1)); err == nil {
		t.Error("a flood without an end was begun")
	}
	if _, err := l.Clients[0].Flood(t.Context(), Flood{Count: 1}); err == nil {
		t.Error("a flood without frames was begun")
	}
}

// With a program of its own on the port, the frames to the node pass as before.
func TestPassXDPPasses(t *testing.T) {
	l := newLab(t, Topology{Routers: 1})
	must(t, l.Routers[0].PassXDP())
	must(t, l.Routers[0].AddAddress(Virtual4))
	r := asked(t, l, Virtual4.Addr(), 1, 200*time.Millisecond)
	if r.By["r1"] == 0 {
		t.Errorf("%+v", r)
	}
}
