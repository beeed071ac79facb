package agent

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/carpd/carpd/internal/demotion"
)

// keeper is a disk in memory, which a test can break.
type keeper struct {
	mu   sync.Mutex
	raw  []byte
	err  error
	slow time.Duration
}

func (k *keeper) Read() ([]byte, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.raw, k.err
}

func (k *keeper) Write(raw []byte) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	time.Sleep(k.slow)
	if k.err == nil {
		k.raw = slices.Clone(raw)
	}
	return k.err
}

// disksOf gives every node of a LAN a disk, which it keeps over restarts.
func disksOf(l *lan) map[string]*keeper {
	disks := map[string]*keeper{}
	l.begin = func(n *node) {
		if disks[n.name] == nil {
			disks[n.name] = &keeper{}
		}
		n.Keeper = disks[n.name]
		n.restoreKept()
	}
	return disks
}

// told are the events of a kind, without their texts.
func (n *node) told(kind string) (out []string) {
	for _, e := range n.Events(0) {
		if e.Kind == kind {
			out = append(out, strings.TrimSpace(e.From+" "+e.To+" "+e.Cause))
		}
	}
	return out
}

// ctx is for verbs that need no end.
var ctx = context.Background()

// demote raises a demotion without mistakes.
func (n *node) demote(d demotion.Demotion, lasts time.Duration) {
	n.lan.t.Helper()
	d.Owner = demotion.Operator
	if err := n.Demote(ctx, d, lasts); err != nil {
		n.lan.t.Fatal(err)
	}
}

// sums are the demotions that the node and its groups show.
func (n *node) sums() (out []int) {
	out = append(out, n.Posture().Demotion)
	for _, g := range n.Groups() {
		out = append(out, g.Demotion)
	}
	return out
}

// A demotion counts for its group or for all; a MASTER tells of it at once; it
// ends at its time. The sum that a peer hears makes it take over.
func TestDemotions(t *testing.T) {
	inLAN(t, func(t *testing.T, l *lan) {
		a := l.start(1, numbered(1, 0, "192.0.2.1/24"), numbered(2, 0, "192.0.2.2/24"))
		pass(10500 * time.Millisecond)
		now := time.Now()
		a.demote(demotion.Demotion{Name: "uplink", Weight: 200}, 30*time.Second)
		a.demote(demotion.Demotion{Name: "disk", Group: "2@eth0", Weight: 100}, 0)
		if diff := cmp.Diff([]string{"advert IPv4", "advert IPv4", "advert IPv4"}, adverts(a.deeds(now))); diff != "" {
			t.Error(diff)
		}
		if got := a.sums(); !slices.Equal(got, []int{200, 200, 255}) {
			t.Errorf("%v", got)
		}
		pass(29 * time.Second)
		if got := a.sums(); !slices.Equal(got, []int{200, 200, 255}) {
			t.Errorf("before its end: %v", got)
		}
		pass(2 * time.Second)
		if got := a.sums(); !slices.Equal(got, []int{0, 0, 100}) {
			t.Errorf("after its end: %v", got)
		}
		if err := a.Undemote(ctx, "disk", "2@eth0"); err != nil || !slices.Equal(a.sums(), []int{0, 0, 0}) {
			t.Errorf("%v %v", err, a.sums())
		}
		if got := a.told("demotion"); !slices.Equal(got, []string{"asked", "asked", "expired", "removed"}) {
			t.Errorf("%q", got)
		}
	})
}

// adverts are those among deeds.
func adverts(deeds []string) []string {
	return slices.DeleteFunc(deeds, func(d string) bool { return !strings.HasPrefix(d, "advert") })
}

// What makes no sense is refused in words that name the group and what to do.
func TestOperatorIsRefused(t *testing.T) {
	inLAN(t, func(t *testing.T, l *lan) {
		disksOf(l)
		b := l.start(2, settings(100))
		pass(time.Second)
		for want, err := range map[string]error{
			`no group "7@eth0"`:           b.Demote(ctx, demotion.Demotion{Name: "x", Group: "7@eth0", Weight: 1}, 0),
			"carpd's own":                 b.Demote(ctx, demotion.Demotion{Name: "maintenance", Weight: 1}, 0),
			"1 to 255":                    b.Demote(ctx, demotion.Demotion{Name: "x"}, 0),
			`no demotion "x" of 1@eth0`:   b.Undemote(ctx, "x", "1@eth0"),
			"not in maintenance":          b.LeaveMaintenance(ctx),
			"1@eth0 is BACKUP here":       b.HandOver(ctx, "1@eth0", 0, true),
			"ask the node that is MASTER": b.HandOver(ctx, "1@eth0", 0, false),
			`no group "x"`:                b.Disable(ctx, "x"),
			"1@eth0 has nothing":          b.Agent.Announce(ctx, "1@eth0"),
			"no group is MASTER here":     b.Agent.Announce(ctx, ""),
		} {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%q: %v", want, err)
			}
		}
		if _, err := b.EnterMaintenance(ctx, "two\nlines", 0, false); err == nil || b.Posture().Maintenance.Phase != "off" {
			t.Errorf("%v", err)
		}
		b.demoteMaintenance(t)
		if err := b.Undemote(ctx, "maintenance", ""); err == nil || !strings.Contains(err.Error(), "maintenance leave") {
			t.Error(err)
		}
	})
}

// What is persistent is there again after a restart, with its end, and goes on:
// maintenance that has settled is not given up when the peer is late.
func TestKept(t *testing.T) {
	inLAN(t, func(t *testing.T, l *lan) {
		disksOf(l)
		a, b := l.start(1, settings(0)), l.start(2, settings(100))
		pass(10500 * time.Millisecond)
		a.demote(demotion.Demotion{Name: "kept", Weight: 2, Reason: "because", Persistent: true}, time.Hour)
		a.demote(demotion.Demotion{Name: "short", Weight: 8, Persistent: true}, 5*time.Second)
		a.demote(demotion.Demotion{Name: "forgotten", Weight: 4}, 0)
		a.demoteMaintenance(t)
		pass(time.Second)
		a.die()
		b.cancel()
		<-b.ended
		a.rise(30*time.Second, settings(0))
		pass(20 * time.Second)
		if got := a.sums(); !slices.Equal(got, []int{66, 66}) || a.state() != "MASTER" {
			t.Errorf("%v, %s", got, a.state())
		}
		p := a.Posture()
		if m := p.Maintenance; m.Phase != "entering" || m.Reason != "new disk" || m.Refused != "" {
			t.Errorf("%+v", m)
		}
		if d := p.Demotions[0]; d.Name != "kept" || d.Reason != "because" || d.Owner != "operator" || !d.Persistent || d.Until == nil || d.Until.Sub(d.Since) != time.Hour {
			t.Errorf("%+v", d)
		}
		pass(time.Hour)
		if got := a.sums(); !slices.Equal(got, []int{64, 64}) {
			t.Errorf("an hour later: %v", got)
		}
	})
}

// A disk that fails is told to who asked, and in an event; what cannot be read
// does not keep the groups from being served. A slow disk does not stop the loop.
func TestDiskFails(t *testing.T) {
	inLAN(t, func(t *testing.T, l *lan) {
		disks := disksOf(l)
		a := l.start(1, settings(0))
		pass(5 * time.Second)
		disk := disks["node1"]
		disk.slow = 10 * time.Second
		moves := a.Groups()[0].Transitions
		began := time.Now()
		a.demote(demotion.Demotion{Name: "x", Weight: 1, Persistent: true}, 0)
		if time.Since(began) < 10*time.Second || a.Groups()[0].Transitions != moves || !a.answering() {
			t.Errorf("acknowledged after %v, %d more transitions", time.Since(began), a.Groups()[0].Transitions-moves)
		}
		began = time.Now()
		twice := demotion.Demotion{Name: "x", Owner: demotion.Operator, Weight: 2, Persistent: true}
		first := make(chan error, 1)
		go func() { first <- a.Demote(ctx, twice, 0) }()
		pass(time.Millisecond)
		a.demote(twice, 0)
		if time.Since(began) < 10*time.Second {
			t.Errorf("the same asked again while it is written: acknowledged after %v", time.Since(began))
		}
		if err := <-first; err != nil {
			t.Error(err)
		}
		a.demote(demotion.Demotion{Name: "x", Weight: 1, Persistent: true}, 0)
		disk.slow, disk.err = 0, errors.New("disk full")
		err := a.Demote(ctx, demotion.Demotion{Name: "y", Weight: 1, Persistent: true}, 0)
		if err == nil || !strings.Contains(err.Error(), "lost at a restart: disk full") || a.sums()[0] != 2 {
			t.Errorf("%v, %v", err, a.sums())
		}
		pass(time.Millisecond)
		if got := a.told("state"); !slices.Equal(got, []string{"failed"}) {
			t.Errorf("%q", got)
		}
		disk.err = nil
		a.demote(demotion.Demotion{Name: "z", Weight: 1}, 0) // Writes y, too.
		a.die()
		disk.raw = append([]byte("spoilt "), disk.raw...)
		a.rise(time.Second, settings(0))
		pass(5 * time.Second)
		if a.state() != "MASTER" || a.sums()[0] != 0 || !slices.Equal(a.told("state"), []string{"failed"}) {
			t.Errorf("%s %v %q", a.state(), a.sums(), a.told("state"))
		}
	})
}

// A group that goes takes what carpd held against it along; what an operator has
// said stays, and is there when it comes back.
func TestDemotionsOfAGoneGroup(t *testing.T) {
	inLAN(t, func(t *testing.T, l *lan) {
		a := l.start(1, settings(0), numbered(2, 0, "192.0.2.2/24"))
		pass(10 * time.Second)
		a.demote(demotion.Demotion{Name: "x", Group: "2@eth0", Weight: 3}, 0)
		a.fail(errors.New("no buffers"))
		pass(20 * time.Second)
		a.fail(nil)
		a.reload(t, settings(0))
		pass(5 * time.Second)
		var names []string
		for _, d := range a.Posture().Demotions {
			if d.Group == "2@eth0" {
				names = append(names, d.Name)
			}
		}
		if !slices.Equal(names, []string{"x"}) {
			t.Errorf("%q", names)
		}
		a.reload(t, settings(0), numbered(2, 0, "192.0.2.2/24"))
		pass(time.Second)
		if got := a.Groups()[1].Demotion; got != 3 {
			t.Errorf("%d", got)
		}
	})
}

// Who asks for nothing that lasts has nothing written.
func TestNothingToKeep(t *testing.T) {
	inLAN(t, func(t *testing.T, l *lan) {
		disks := disksOf(l)
		a := l.start(1, settings(0))
		pass(5 * time.Second)
		a.demote(demotion.Demotion{Name: "x", Weight: 1}, 0)
		if raw := disks["node1"].raw; raw != nil {
			t.Errorf("%s", raw)
		}
	})
}
