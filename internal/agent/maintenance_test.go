package agent

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"
)

// demoteMaintenance enters maintenance without mistakes.
func (n *node) demoteMaintenance(t *testing.T) {
	t.Helper()
	if _, err := n.EnterMaintenance(ctx, "new disk", 0, false); err != nil {
		t.Fatal(err)
	}
}

// The peer takes over at once, and the node takes back when maintenance ends.
func TestMaintenance(t *testing.T) {
	inLAN(t, func(t *testing.T, l *lan) {
		a, b := l.start(1, settings(0)), l.start(2, settings(100))
		pass(10500 * time.Millisecond)
		m, err := a.EnterMaintenance(ctx, "new disk", 10*time.Second, false)
		if err != nil || m.Phase != "entering" || !slices.Equal(m.Waiting, []string{"1@eth0"}) || m.Reason != "new disk" {
			t.Fatalf("%+v %v", m, err)
		}
		pass(100 * time.Millisecond)
		if m := a.Posture().Maintenance; a.state() != "BACKUP" || b.state() != "MASTER" || m.Phase != "on" || len(m.Waiting) > 0 {
			t.Errorf("%s and %s, %+v", a.state(), b.state(), m)
		}
		pass(9 * time.Second)
		if a.state() != "BACKUP" || a.Groups()[0].Demotion != 64 {
			t.Errorf("%s demoted by %d before the end", a.state(), a.Groups()[0].Demotion)
		}
		pass(3 * time.Second)
		if a.state() != "MASTER" || a.Posture().Maintenance.Phase != "off" {
			t.Errorf("%s after the end", a.state())
		}
		want := []string{"off entering asked", "entering on taken over", "on off expired"}
		if got := a.told("maintenance"); !slices.Equal(got, want) {
			t.Errorf("%q", got)
		}
	})
}

// Without a peer it is withdrawn after a master-down time and a second, and the
// node never stops serving; forced, it stays demoted and says that nobody came.
func TestMaintenanceWithoutAPeer(t *testing.T) {
	inLAN(t, func(t *testing.T, l *lan) {
		a := l.start(1, settings(0))
		pass(10500 * time.Millisecond)
		moves := a.Groups()[0].Transitions
		a.demoteMaintenance(t)
		pass(3900 * time.Millisecond)
		if m := a.Posture().Maintenance; m.Phase != "entering" || m.Refused != "" {
			t.Errorf("too early: %+v", m)
		}
		pass(200 * time.Millisecond)
		if m := a.Posture().Maintenance; m.Phase != "off" || !strings.Contains(m.Refused, "1@eth0") || !strings.Contains(m.Refused, "--force") {
			t.Errorf("%+v", m)
		}
		if err := a.LeaveMaintenance(ctx); err != nil || a.Posture().Maintenance.Refused != "" {
			t.Errorf("leaving what was refused: %v, %+v", err, a.Posture().Maintenance)
		}
		if err := a.LeaveMaintenance(ctx); err == nil {
			t.Error("left twice")
		}
		if _, err := a.EnterMaintenance(ctx, "new disk", 0, true); err != nil {
			t.Fatal(err)
		}
		if m, err := a.EnterMaintenance(ctx, "", 0, true); err != nil || m.Reason != "new disk" {
			t.Errorf("asked again without a reason: %+v %v", m, err)
		}
		pass(10 * time.Second)
		if m := a.Posture().Maintenance; m.Phase != "entering" || !m.Alone || m.Refused != "" || !a.answering() || a.Groups()[0].Transitions != moves {
			t.Errorf("forced: %+v", m)
		}
		b := l.start(2, settings(100))
		pass(10 * time.Second)
		if m := a.Posture().Maintenance; m.Phase != "on" || m.Alone || b.state() != "MASTER" {
			t.Errorf("when a peer comes: %+v", m)
		}
		b.cancel()
		<-b.ended
		pass(5 * time.Second)
		if m := a.Posture().Maintenance; a.state() != "MASTER" || m.Phase != "entering" {
			t.Errorf("when the peer goes: %s, %+v", a.state(), m)
		}
	})
}

// A BACKUP that has not heard a MASTER is no sign of a healthy peer.
func TestMaintenanceOfABackupAlone(t *testing.T) {
	inLAN(t, func(t *testing.T, l *lan) {
		a := l.start(1, settings(0))
		pass(time.Second)
		a.demoteMaintenance(t)
		pass(500 * time.Millisecond)
		if m := a.Posture().Maintenance; m.Phase != "entering" {
			t.Errorf("%+v", m)
		}
		pass(10 * time.Second)
		if m := a.Posture().Maintenance; m.Phase != "off" || m.Refused == "" || a.state() != "MASTER" {
			t.Errorf("%+v, %s", m, a.state())
		}
	})
}

// A restart does not make more of maintenance than it was: whether a peer takes
// over is still to be seen.
func TestMaintenanceGoesOnBeingEntered(t *testing.T) {
	inLAN(t, func(t *testing.T, l *lan) {
		disksOf(l)
		a := l.start(1, settings(0))
		pass(10500 * time.Millisecond)
		a.demoteMaintenance(t)
		pass(time.Second)
		a.die()
		a.rise(100*time.Millisecond, settings(0))
		if m := a.Posture().Maintenance; m.Phase != "entering" {
			t.Errorf("%+v", m)
		}
		pass(5 * time.Second)
		if m := a.Posture().Maintenance; m.Phase != "off" || m.Refused == "" || a.state() != "MASTER" || !slices.Equal(a.sums(), []int{0, 0}) {
			t.Errorf("%+v, %s %v", m, a.state(), a.sums())
		}
	})
}

// A hand-over is over when the peer is MASTER; the group comes back when the peer
// fails, and the first advert then has no demotion any more.
func TestHandOverVerb(t *testing.T) {
	for _, force := range []bool{false, true} {
		inLAN(t, func(t *testing.T, l *lan) {
			a, b := l.start(1, settings(0)), l.start(2, settings(100))
			pass(10500 * time.Millisecond)
			now := time.Now()
			if err := a.HandOver(ctx, "1@eth0", 0, force); err != nil {
				t.Fatal(err)
			}
			pass(5 * time.Second)
			if a.state() != "BACKUP" || b.state() != "MASTER" || !slices.Equal(a.sums(), []int{0, 1}) {
				t.Errorf("%s and %s, %v", a.state(), b.state(), a.sums())
			}
			said := adverts(a.deeds(now))
			if bowed := slices.Contains(a.deeds(now), "bow-out IPv4"); bowed != force || force && len(said) > 0 {
				t.Errorf("forced: %v, said %q, bowed out: %v", force, said, bowed)
			}
			before := len(a.said)
			b.cancel()
			<-b.ended
			pass(5 * time.Second)
			if first := a.said[before]; first.Demotion != 0 || first.Advskew != 0 {
				t.Errorf("the first advert is %+v", first)
			}
			if a.state() != "MASTER" || !slices.Equal(a.sums(), []int{0, 0}) || a.Groups()[0].SentSkew != 0 {
				t.Errorf("%s, %v", a.state(), a.sums())
			}
			if got := a.told("demotion"); !slices.Equal(got, []string{"asked", "came back"}) {
				t.Errorf("%q", got)
			}
		})
	}
}

// A carpd that ends while it waits for a peer leaves no demotion that nobody ends.
func TestHandOverIsForgottenByAMaster(t *testing.T) {
	inLAN(t, func(t *testing.T, l *lan) {
		disksOf(l)
		a := l.start(1, settings(0))
		pass(10500 * time.Millisecond)
		soon, cancel := context.WithTimeout(ctx, time.Second)
		defer cancel()
		if err := a.HandOver(soon, "1@eth0", 0, false); err == nil || !slices.Equal(a.sums(), []int{0, 1}) {
			t.Fatalf("%v %v", err, a.sums())
		}
		a.die()
		a.rise(time.Second, settings(0))
		pass(100 * time.Millisecond)
		if a.state() != "MASTER" || !slices.Equal(a.sums(), []int{0, 0}) {
			t.Errorf("%s %v", a.state(), a.sums())
		}
	})
}

// Without a peer nothing changes; who asked hears why.
func TestHandOverWithoutAPeer(t *testing.T) {
	inLAN(t, func(t *testing.T, l *lan) {
		a := l.start(1, settings(0))
		pass(10500 * time.Millisecond)
		moves, began := a.Groups()[0].Transitions, time.Now()
		err := a.HandOver(ctx, "1@eth0", 0, false)
		if err == nil || !strings.Contains(err.Error(), "1@eth0 was not handed over") || !strings.Contains(err.Error(), "--force") {
			t.Error(err)
		}
		if took := time.Since(began); took != 7*time.Second { // three adverts at 2 s, and 1 s
			t.Errorf("refused after %v", took)
		}
		pass(3 * time.Second)
		if g := a.Groups()[0]; g.State != "MASTER" || g.Transitions != moves || g.Demotion != 0 || !a.answering() {
			t.Errorf("%+v", g)
		}
		// Forced, it is MASTER again after a master-down time.
		if err := a.HandOver(ctx, "1@eth0", 0, true); err != nil {
			t.Fatal(err)
		}
		pass(2900 * time.Millisecond)
		if a.state() != "BACKUP" {
			t.Error(a.state())
		}
		pass(200 * time.Millisecond)
		if a.state() != "MASTER" || a.Groups()[0].Demotion != 0 {
			t.Errorf("%s demoted by %d", a.state(), a.Groups()[0].Demotion)
		}
	})
}
