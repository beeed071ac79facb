package agent

import (
	"slices"
	"testing"
	"time"
)

// What is disabled bows out and is silent, over a flap of its link and a reload
// too, and begins anew when it is enabled.
func TestDisabled(t *testing.T) {
	inLAN(t, func(t *testing.T, l *lan) {
		always := numbered(2, 0, "192.0.2.2/24")
		always.Always = true
		a := l.start(1, settings(0), always)
		pass(10500 * time.Millisecond)
		now := time.Now()
		if err := a.Disable(ctx, ""); err != nil {
			t.Fatal(err)
		}
		pass(2 * time.Second)
		if got := a.deeds(now); !slices.Contains(got, "bow-out IPv4") || a.addresses() > 0 || a.answering() {
			t.Errorf("%q, addresses %v", got, a.addresses())
		}
		quiet := time.Now()
		a.systems <- a.system(false)
		pass(time.Second)
		a.systems <- a.system(true)
		a.reload(t, settings(0), always, numbered(3, 0, "192.0.2.3/24"))
		pass(10 * time.Second)
		for _, g := range a.Groups() {
			if g.State != "INIT" || !g.Disabled || g.Cause != "disabled" {
				t.Errorf("%s is %s because %s", g.Name, g.State, g.Cause)
			}
		}
		if got := adverts(a.deeds(quiet)); len(got) > 0 || !a.Posture().Disabled {
			t.Errorf("%q", got)
		}
		if err := a.Enable(ctx, "2@eth0"); err != nil {
			t.Fatal(err)
		}
		pass(5 * time.Second)
		if g := a.Groups(); g[0].State != "INIT" || g[1].State != "MASTER" || g[2].State != "INIT" || a.Posture().Disabled {
			t.Errorf("%s %s %s", g[0].State, g[1].State, g[2].State)
		}
		if err := a.Enable(ctx, ""); err != nil {
			t.Fatal(err)
		}
		pass(5 * time.Second)
		if g := a.Groups(); g[0].State != "MASTER" || g[2].State != "MASTER" || g[0].Disabled {
			t.Errorf("%s %s", g[0].State, g[2].State)
		}
	})
}

// A group that is disabled when its link is down says what is wrong when enabled.
func TestEnableWithoutALink(t *testing.T) {
	inLAN(t, func(t *testing.T, l *lan) {
		a := l.start(1, settings(0))
		pass(5 * time.Second)
		if err := a.Disable(ctx, "1@eth0"); err != nil {
			t.Fatal(err)
		}
		a.systems <- a.system(false)
		pass(time.Second)
		if err := a.Enable(ctx, "1@eth0"); err != nil {
			t.Fatal(err)
		}
		if g := a.Groups()[0]; g.State != "INIT" || g.Cause != "carpdev down" {
			t.Errorf("%s because %s", g.State, g.Cause)
		}
		a.systems <- a.system(true)
		pass(5 * time.Second)
		if a.state() != "MASTER" {
			t.Error(a.state())
		}
	})
}

// Announcements on demand are as many as after a takeover.
func TestAnnounceVerb(t *testing.T) {
	inLAN(t, func(t *testing.T, l *lan) {
		a := l.start(1, settings(0))
		pass(10500 * time.Millisecond)
		now := time.Now()
		if err := a.Agent.Announce(ctx, ""); err != nil {
			t.Fatal(err)
		}
		pass(5 * time.Second)
		count := 0
		for _, d := range a.deeds(now) {
			if d == "announce 192.0.2.1" {
				count++
			}
		}
		if count != 5 || !slices.Equal(a.told("announced"), []string{"asked"}) {
			t.Errorf("%d announcements, %q", count, a.told("announced"))
		}
	})
}
