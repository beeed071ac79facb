package agent

import (
	"errors"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/carpd/carpd/internal/carp"
	"github.com/carpd/carpd/internal/dataplane"
	"github.com/carpd/carpd/internal/iface"
	"github.com/carpd/carpd/internal/status"
)

// When the interfaces cannot be watched any more, the node hands over and Run
// ends with an error: it could not notice the loss of a link.
func TestInterfacesAreNotWatchedAnyMore(t *testing.T) {
	inLAN(t, func(t *testing.T, l *lan) {
		n := l.start(1, settings(0))
		pass(5 * time.Second)
		now := time.Now()
		close(n.systems)
		<-n.ended
		if got := n.deeds(now); !slices.Contains(got, "bow-out IPv4") || len(n.present) != 0 {
			t.Errorf("%q", got)
		}
		if n.err == nil {
			t.Error("no error")
		}
	})
}

// A node that is frozen between its decision to take over and its first advert
// is BACKUP when it thaws, before it sends anything.
func TestFrozenInTheMiddleOfATakeover(t *testing.T) {
	inLAN(t, func(t *testing.T, l *lan) {
		n := l.start(1, settings(0))
		n.mu.Lock()
		n.slow = 5 * time.Millisecond
		n.mu.Unlock()
		pass(3*time.Second + 2*time.Millisecond)
		n.late.Store(int64(10 * time.Second)) // for the loop, as after a freeze
		pass(100 * time.Millisecond)
		if got := n.deeds(time.Time{}); slices.Contains(got, "advert IPv4") || slices.Contains(got, "announce 192.0.2.1") {
			t.Errorf("%q", got)
		}
		if g := n.Groups()[0]; g.State != "BACKUP" || !strings.HasPrefix(g.Cause, "stalled") {
			t.Errorf("%s because %s", g.State, g.Cause)
		}
	})
}

// An announcement that is due before the next advert is not sent by a MASTER
// whose lease has run out.
func TestFrozenBetweenAnnouncements(t *testing.T) {
	inLAN(t, func(t *testing.T, l *lan) {
		n := l.start(1, settings(240))
		pass(4500 * time.Millisecond) // MASTER for about half a second
		now := time.Now()
		n.late.Store(int64(10 * time.Second)) // for the loop, as after a freeze
		pass(100 * time.Millisecond)
		pass(time.Second)
		if got := n.deeds(now); slices.Contains(got, "announce 192.0.2.1") || slices.Contains(got, "advert IPv4") {
			t.Errorf("%q", got)
		}
	})
}

// An address that somebody took off the carpdev comes back while this node is
// MASTER.
func TestLostAddressComesBack(t *testing.T) {
	inLAN(t, func(t *testing.T, l *lan) {
		n := l.start(1, settings(0))
		pass(5 * time.Second)
		n.mu.Lock()
		clear(n.present)
		n.mu.Unlock()
		n.systems <- n.system(true)
		pass(2 * time.Second)
		if !n.present[netip.MustParseAddr("192.0.2.1")] {
			t.Error("the address is lost")
		}
	})
}

// What keeps a group from working shows in its status, is tried again, and goes
// away when it is over.
func TestProblemsShow(t *testing.T) {
	inLAN(t, func(t *testing.T, l *lan) {
		l.begin = func(n *node) { n.joinErr, n.faulty = errors.New("too many groups"), errors.New("no filter here") }
		n := l.start(1, settings(0))
		pass(5 * time.Second)
		if g, d := n.Groups()[0].Warnings, n.Carpdevs()[0].Warnings; len(g) != 2 || !slices.Contains(g, "no filter here") ||
			!slices.Equal(d, []string{"multicast groups not joined: too many groups"}) {
			t.Errorf("warnings: %q and %q", g, d)
		}
		n.mu.Lock()
		n.joinErr, n.faulty = nil, nil
		n.mu.Unlock()
		pass(10 * time.Second)
		n.systems <- n.system(true)
		pass(10 * time.Second)
		if g, d := n.Groups()[0].Warnings, n.Carpdevs()[0].Warnings; len(g)+len(d) > 0 {
			t.Errorf("warnings: %q and %q", g, d)
		}
	})
}

// The status never shows a promise that the kernel was not given.
func TestStatusShowsOnlyWhatWasPromised(t *testing.T) {
	inLAN(t, func(t *testing.T, l *lan) {
		l.begin = func(n *node) { n.sendErr = errors.New("no buffers") }
		n := l.start(1, settings(0))
		pass(4 * time.Second)
		if g := n.Groups()[0]; g.State != "MASTER" || g.AnswerFor != 0 || g.AcceptFor != 0 || n.answering() {
			t.Errorf("%s, answers for %g s, accepts for %g s; the kernel answers: %v", g.State, g.AnswerFor, g.AcceptFor, n.answering())
		}
	})
}

// A host that claims our address again and again does not push everything else
// out of the history.
func TestClaimsAreToldOnceInAWhile(t *testing.T) {
	inLAN(t, func(t *testing.T, l *lan) {
		n := l.start(1, settings(0))
		pass(4 * time.Second)
		for range 30 {
			n.inject(dataplane.Event{Kind: dataplane.Claim, Slot: 1, Src: netip.MustParseAddr("192.0.2.1"), MAC: carp.MAC{2, 9}, At: time.Now()})
			pass(time.Second)
		}
		told := 0
		for _, e := range n.Events(0) {
			if e.Kind == "conflict" {
				told++
			}
		}
		if told != 3 || n.Tallies()[0].Packets[carp.Claimed] != 30 {
			t.Errorf("%d events, %d counted", told, n.Tallies()[0].Packets[carp.Claimed])
		}
	})
}

// A VRRP router with our id is an event, once in a while; so is an equal peer.
func TestCollisionAndTieAreEvents(t *testing.T) {
	inLAN(t, func(t *testing.T, l *lan) {
		a, b := l.start(1, settings(0)), l.start(2, settings(0))
		pass(5 * time.Second)
		for range 12 {
			a.inject(dataplane.Event{Kind: dataplane.VRRPCollision, Slot: 1, Src: netip.MustParseAddr("192.0.2.9"), At: time.Now()})
			pass(time.Second)
		}
		all := append(slices.Clone(a.Events(0)), b.Events(0)...)
		for kind, want := range map[string]string{"vrid collision": "192.0.2.9", "tie": "its own advskew"} {
			i := slices.IndexFunc(all, func(e status.Event) bool { return e.Kind == kind })
			if i < 0 || !strings.Contains(all[i].Text, want) {
				t.Errorf("%s: %+v", kind, all)
			}
		}
	})
}

// A driver that takes its time does not keep the loop from sending: neither when
// the state of the programs is asked for nor when another interface is opened.
func TestSlowDriverDoesNotStopTheLoop(t *testing.T) {
	inLAN(t, func(t *testing.T, l *lan) {
		n := l.start(1, settings(0))
		pass(5 * time.Second)
		n.mu.Lock()
		n.driver = 20 * time.Second
		n.mu.Unlock()
		other := numbered(2, 0, "198.51.100.1/24")
		other.Carpdev = "eth1"
		two := n.system(true)
		two.Links = append(two.Links, iface.Link{Index: eth0 + 1, Name: "eth1", Up: true})
		n.systems <- two
		n.reload(t, settings(0), other)
		for range 19 {
			pass(time.Second)
			if g := n.Groups()[0]; g.State != "MASTER" || g.Transitions != 2 || !n.answering() {
				t.Fatalf("%s: %s", g.State, g.Why)
			}
		}
		if g := n.Groups()[1]; g.State != "INIT" {
			t.Errorf("%s without programs", g.State)
		}
		pass(60 * time.Second)
		if g := n.Groups()[1]; g.State != "MASTER" || len(g.Warnings) > 0 {
			t.Errorf("%s: %s %q", g.State, g.Why, g.Warnings)
		}
	})
}

// A carpdev to which the programs cannot be attached is tried again; until then
// its groups are INIT with the reason.
func TestAttachIsTriedAgain(t *testing.T) {
	inLAN(t, func(t *testing.T, l *lan) {
		l.begin = func(n *node) { n.attachErr = errors.New("no such hook") }
		n := l.start(1, settings(0))
		pass(20 * time.Second)
		g, d := n.Groups()[0], n.Carpdevs()[0]
		if g.State != "INIT" || g.Cause != "carpdev not attached" || !slices.Contains(g.Warnings, "no such hook") || d.Problem != "no such hook" {
			t.Errorf("%+v on %+v", g, d)
		}
		n.mu.Lock()
		n.attachErr = nil
		n.mu.Unlock()
		pass(10 * time.Second)
		if g, d := n.Groups()[0], n.Carpdevs()[0]; g.State != "MASTER" || len(g.Warnings) > 0 || d.Problem != "" {
			t.Errorf("%+v on %+v", g, d)
		}
	})
}
