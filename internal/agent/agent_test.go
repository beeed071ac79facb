package agent

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/carpd/carpd/internal/carp"
	"github.com/carpd/carpd/internal/config"
	"github.com/carpd/carpd/internal/dataplane"
	"github.com/carpd/carpd/internal/iface"
	"github.com/carpd/carpd/internal/status"
)

// A lone node waits 3 s, then does the steps of a takeover in the order that
// loses nothing: addresses, accept, adverts of every family, lease, announce.
func TestTakeoverOrder(t *testing.T) {
	inLAN(t, func(t *testing.T, l *lan) {
		began := time.Now()
		n := l.start(1, settings(0, "192.0.2.1/24", "2001:db8::1/64"))
		pass(2999 * time.Millisecond)
		if n.state() != "BACKUP" {
			t.Fatalf("before the master-down time: %s", n.state())
		}
		pass(2 * time.Millisecond)
		if n.state() != "MASTER" {
			t.Fatalf("after the master-down time: %s", n.state())
		}
		want := []string{
			"add 192.0.2.1", "add 2001:db8::1", "accept for 100ms", "advert IPv4", "advert IPv6",
			"accept for 2.95s", "answer for 2.95s", "announce 192.0.2.1", "announce 2001:db8::1",
		}
		if diff := cmp.Diff(want, n.deeds(began.Add(3*time.Second))); diff != "" {
			t.Error(diff)
		}
	})
}

// The takeover does not wait longer than 10 ms for slow addresses.
func TestTakeoverDoesNotWaitForNetlink(t *testing.T) {
	inLAN(t, func(t *testing.T, l *lan) {
		began := time.Now()
		n := l.start(1, settings(0))
		n.mu.Lock()
		n.slow = time.Minute
		n.mu.Unlock()
		pass(3*time.Second + 9*time.Millisecond)
		if got := n.deeds(began.Add(3 * time.Second)); len(got) != 0 {
			t.Fatalf("spoke before its time: %q", got)
		}
		pass(time.Millisecond)
		if got := n.deeds(began.Add(3 * time.Second)); !slices.Contains(got, "advert IPv4") {
			t.Fatalf("waits for netlink: %q", got)
		}
	})
}

// Announcements come at 0, 100, 300, 1000 and 3000 ms, one per millisecond.
func TestAnnouncements(t *testing.T) {
	inLAN(t, func(t *testing.T, l *lan) {
		began := time.Now().Add(3 * time.Second)
		n := l.start(1, settings(0, "192.0.2.1/24", "192.0.2.2/24", "2001:db8::1/64"))
		pass(10 * time.Second)
		var got []time.Duration
		for _, d := range n.did {
			if strings.HasPrefix(d.what, "announce") {
				got = append(got, d.at.Sub(began))
			}
		}
		ms := time.Millisecond
		want := []time.Duration{
			0, 1 * ms, 2 * ms, 100 * ms, 101 * ms, 102 * ms, 300 * ms, 301 * ms, 302 * ms,
			1000 * ms, 1001 * ms, 1002 * ms, 3000 * ms, 3001 * ms, 3002 * ms,
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	})
}

// A MASTER that is stopped stops answering, bows out, accepts until the next
// MASTER speaks, and only then removes its address. Nobody ever answers beside
// somebody else.
func TestHandOver(t *testing.T) {
	inLAN(t, func(t *testing.T, l *lan) {
		a, b := l.start(1, settings(0)), l.start(2, settings(100))
		pass(10500 * time.Millisecond)
		if a.state() != "MASTER" || b.state() != "BACKUP" {
			t.Fatalf("%s and %s", a.state(), b.state())
		}
		now := time.Now()
		b.mu.Lock()
		b.slow = 5 * time.Millisecond
		b.mu.Unlock()
		a.cancel()
		synctest.Wait()
		want := []string{"answer never", "accept for 1.2s", "bow-out IPv4"}
		if diff := cmp.Diff(want, a.deeds(now)); diff != "" {
			t.Error(diff)
		}
		pass(5 * time.Millisecond)
		want = append(want, "accept for 350ms") // What is still under way to it.
		if diff := cmp.Diff(want, a.deeds(now)); diff != "" {
			t.Error(diff)
		}
		pass(350 * time.Millisecond)
		want = append(want, "accept never", "del 192.0.2.1")
		if diff := cmp.Diff(want, a.deeds(now)); diff != "" {
			t.Error(diff)
		}
		if b.state() != "MASTER" {
			t.Errorf("the other is %s", b.state())
		}
	})
}

// While the leaver still serves, the next MASTER waits for its addresses, for
// what reaches it before they are there is lost; but not for ever.
func TestHandOverWaitsForAddresses(t *testing.T) {
	for slow, want := range map[time.Duration]time.Duration{50 * time.Millisecond: 50 * time.Millisecond, time.Minute: 200 * time.Millisecond} {
		inLAN(t, func(t *testing.T, l *lan) {
			a, b := l.start(1, settings(0)), l.start(2, settings(100))
			pass(10500 * time.Millisecond)
			now := time.Now()
			b.mu.Lock()
			b.slow = slow
			b.mu.Unlock()
			a.cancel()
			pass(want - time.Millisecond)
			if got := b.deeds(now); slices.Contains(got, "advert IPv4") {
				t.Errorf("spoke before its addresses were there: %q", got)
			}
			pass(2 * time.Millisecond)
			if got := b.deeds(now); !slices.Contains(got, "advert IPv4") {
				t.Errorf("still silent: %q", got)
			}
		})
	}
}

// With nobody there, the bow-out is sent three times and accepting ends after
// 1.2 s.
func TestHandOverToNobody(t *testing.T) {
	inLAN(t, func(t *testing.T, l *lan) {
		a := l.start(1, settings(0))
		pass(10500 * time.Millisecond)
		now := time.Now()
		a.cancel()
		<-a.ended
		if took := time.Since(now); took != 1200*time.Millisecond {
			t.Errorf("left after %v", took)
		}
		want := []string{"answer never", "accept for 1.2s", "bow-out IPv4", "bow-out IPv4", "bow-out IPv4", "accept never", "del 192.0.2.1"}
		if diff := cmp.Diff(want, a.deeds(now)); diff != "" {
			t.Error(diff)
		}
	})
}

// The lease is not extended when one family could not be sent; when it has run
// out the group is BACKUP, because of a stall.
func TestNoLeaseWithoutAdverts(t *testing.T) {
	inLAN(t, func(t *testing.T, l *lan) {
		n := l.start(1, settings(0))
		pass(10500 * time.Millisecond)
		n.mu.Lock()
		n.sendErr = errors.New("no buffers")
		n.mu.Unlock()
		pass(2400 * time.Millisecond) // The last advert left 0.5 s before.
		if !n.answering() {
			t.Error("silent before its lease ended")
		}
		pass(100 * time.Millisecond)
		if n.answering() {
			t.Error("answers without a lease")
		}
		pass(time.Second)
		if g := n.Groups()[0]; g.State != "BACKUP" || !strings.HasPrefix(g.Cause, "stalled") {
			t.Errorf("%s because %s", g.State, g.Cause)
		}
		if n.Tallies()[0].Sent.Errors == 0 {
			t.Error("no send error counted")
		}
	})
}

// Before a deadline is acted upon, what arrived before it is read: an advert
// that nobody has signalled yet keeps a late BACKUP from taking over.
func TestDeadlineReadsTheRingFirst(t *testing.T) {
	inLAN(t, func(t *testing.T, l *lan) {
		a, b := l.start(1, settings(0)), l.start(2, settings(100))
		pass(10 * time.Second)
		b.mu.Lock()
		b.mute = true // From now on only the deadline wakes the loop.
		b.mu.Unlock()
		pass(3 * time.Second)
		if b.state() != "BACKUP" || a.state() != "MASTER" {
			t.Errorf("%s and %s", a.state(), b.state())
		}
	})
}

// A wrong password is counted and told; our own advert coming back too.
func TestRejects(t *testing.T) {
	inLAN(t, func(t *testing.T, l *lan) {
		wrong := settings(100)
		wrong.Secret, _ = carp.NewSecret([]byte("other"))
		a, b := l.start(1, settings(0)), l.start(2, wrong)
		pass(10 * time.Second)
		if a.state() != "MASTER" || b.state() != "MASTER" {
			t.Errorf("%s and %s", a.state(), b.state())
		}
		adv := carp.Advert{VHID: 1, Advbase: 1}
		// The kernel passes what it cannot judge.
		a.inject(dataplane.Event{Kind: dataplane.Advert, Slot: 1, TTL: 255, Src: b.own, At: time.Now(), Payload: adv.AppendTo(nil)})
		synctest.Wait()
		if got := a.Tallies()[0].Packets[carp.BadDigest]; got != 1 {
			t.Errorf("bad digests: %d", got)
		}
		warning := "adverts from 192.0.2.12 are refused: another password or another list of addresses"
		if got := a.Groups()[0].Warnings; !slices.Contains(got, warning) {
			t.Errorf("warnings: %q", got)
		}
		a.inject(dataplane.Event{Kind: dataplane.Advert, Slot: 1, TTL: 255, Src: a.own, At: time.Now(), Payload: adv.AppendTo(nil)})
		synctest.Wait()
		if got := a.Tallies()[0].Packets[carp.OwnEcho]; got != 1 {
			t.Errorf("own echoes: %d", got)
		}
		if !slices.ContainsFunc(a.Events(0), func(e status.Event) bool { return e.Kind == "rejected" && e.Cause == "bad digest" }) {
			t.Error("no event for the bad digest")
		}
	})
}

// inject puts an event into the node's ring.
func (n *node) inject(e dataplane.Event) {
	n.mu.Lock()
	n.ring = append(n.ring, e)
	n.mu.Unlock()
	n.ready <- struct{}{}
}

// A reload of the same configuration changes nothing; one that adds an address
// on one node and two seconds later on the other never splits the pair.
func TestReload(t *testing.T) {
	inLAN(t, func(t *testing.T, l *lan) {
		a, b := l.start(1, settings(0)), l.start(2, settings(100))
		pass(10 * time.Second)
		moves := a.Groups()[0].Transitions
		load := func(n *node, skew uint8, addrs ...string) config.Plan {
			plan, err := n.Apply(context.Background(), &config.Config{Instance: "test", Groups: []config.Group{settings(skew, addrs...)}})
			if err != nil {
				t.Fatal(err)
			}
			return plan
		}
		load(a, 0, "192.0.2.1/24")
		pass(time.Minute)
		for _, first := range []struct{ a, b time.Duration }{{0, 2 * time.Second}, {2 * time.Second, 0}} {
			addr := "192.0.2." + map[bool]string{true: "2", false: "3"}[first.a == 0] + "/24"
			pass(first.a)
			load(a, 0, "192.0.2.1/24", addr)
			pass(first.b)
			load(b, 100, "192.0.2.1/24", addr)
			pass(time.Minute)
		}
		if got := a.Groups()[0]; got.State != "MASTER" || got.Transitions != moves {
			t.Errorf("%s after %d transitions", got.State, got.Transitions-moves)
		}
		if b.state() != "BACKUP" || b.Groups()[0].Transitions != 1 {
			t.Errorf("the other: %s", b.state())
		}
	})
}

// A group that is taken out of the configuration bows out, removes its address
// and is forgotten; named again while it leaves, it begins anew.
func TestReloadRemoves(t *testing.T) {
	inLAN(t, func(t *testing.T, l *lan) {
		n := l.start(1, settings(0))
		pass(5500 * time.Millisecond)
		now := time.Now()
		for _, groups := range [][]config.Group{nil, {settings(0)}} {
			if _, err := n.Apply(context.Background(), &config.Config{Instance: "test", Groups: groups}); err != nil {
				t.Fatal(err)
			}
			pass(100 * time.Millisecond)
		}
		if got := n.deeds(now); !slices.Contains(got, "bow-out IPv4") || n.answering() {
			t.Errorf("%q", got)
		}
		pass(5 * time.Second)
		if len(n.Groups()) != 1 || n.state() != "MASTER" || !slices.Contains(n.deeds(now), "del 192.0.2.1") {
			t.Errorf("%+v after %q", n.Groups(), n.deeds(now))
		}
		if _, err := n.Apply(context.Background(), &config.Config{Instance: "test"}); err != nil {
			t.Fatal(err)
		}
		pass(2 * time.Second)
		if len(n.Groups()) != 0 || !slices.Contains(n.deeds(now), "detach") || len(n.present) != 0 {
			t.Errorf("%d groups left", len(n.Groups()))
		}
	})
}

// A group whose interface vanishes is INIT with the reason and comes back with
// the interface, also under another index.
func TestInterfaceVanishes(t *testing.T) {
	inLAN(t, func(t *testing.T, l *lan) {
		n := l.start(1, settings(0))
		pass(5 * time.Second)
		n.systems <- iface.System{}
		synctest.Wait()
		if g := n.Groups()[0]; g.State != "INIT" || n.answering() || g.Cause != "carpdev does not exist" {
			t.Errorf("%s because %q, answering %v", g.State, g.Cause, n.answering())
		}
		back := n.system(true)
		back.Links[0].Index = 9
		n.systems <- back
		pass(4 * time.Second)
		if n.state() != "MASTER" {
			t.Errorf("%s after the interface came back", n.state())
		}
		n.systems <- n.system(false)
		pass(time.Millisecond)
		if g := n.Groups()[0]; g.State != "INIT" {
			t.Errorf("%s with the link down", g.State)
		}
	})
}

// The groups are joined again when the carrier comes back.
func TestRejoinOnCarrier(t *testing.T) {
	inLAN(t, func(t *testing.T, l *lan) {
		n := l.start(1, settings(0))
		pass(time.Second)
		n.systems <- n.system(false)
		n.systems <- n.system(true)
		pass(time.Second)
		if !slices.Contains(n.deeds(time.Time{}), "rejoin") {
			t.Errorf("%q", n.deeds(time.Time{}))
		}
	})
}

// Adverts lost to a full ring are an event.
func TestRingFull(t *testing.T) {
	inLAN(t, func(t *testing.T, l *lan) {
		n := l.start(1, settings(0))
		pass(4 * time.Second)
		n.mu.Lock()
		n.lost = 7
		n.mu.Unlock()
		pass(7 * time.Second)
		events := slices.DeleteFunc(slices.Clone(n.Events(0)), func(e status.Event) bool { return e.Kind != "ring full" })
		if len(events) != 1 || events[0].Text != "7 adverts lost because the ring buffer was full" {
			t.Errorf("%+v", events)
		}
	})
}

// A BACKUP calls its MASTER by the IPv4 address, whichever family it heard last.
func TestMasterIsCalledByIPv4(t *testing.T) {
	inLAN(t, func(t *testing.T, l *lan) {
		addrs := []string{"192.0.2.1/24", "2001:db8::1/64"}
		l.start(1, settings(0, addrs...))
		b := l.start(2, settings(100, addrs...))
		pass(10 * time.Second)
		if m := b.Groups()[0].Master; m == nil || m.Address != "192.0.2.11" {
			t.Errorf("master: %+v", m)
		}
	})
}
