package test

import (
	"errors"
	"net/netip"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/carpd/carpd/internal/lab"
	"github.com/carpd/carpd/internal/status"
)

// refused runs a verb of carpctl that must end with 1, and returns what it says.
func (c *carpd) refused(args ...string) string {
	c.s.t.Helper()
	args = append([]string{"--instance", c.instance}, args...)
	out, err := c.node.Command(program(c.s.t, "carpctl"), args...).Output()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 1 {
		c.s.t.Fatalf("carpctl %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return out
}

// demoted are the names of the demotions, with their groups.
func (c *carpd) demoted() []string {
	c.s.t.Helper()
	list := []string{}
	for _, d := range c.status().Demotions {
		list = append(list, strings.TrimSpace(d.Name+" "+d.Group))
	}
	return list
}

// slowMachine is a pause of the client after which nobody can say that a node was
// quick enough: the old MASTER has 50 ms to read the new one's first advert.
const slowMachine = 25 * time.Millisecond

// lostNothing checks that no ping since an instant was lost, and that no question
// had two answers, unless this machine was too slow to tell.
func (p *pair) lostNothing(from time.Time) {
	p.t.Helper()
	until := time.Now()
	time.Sleep(lab.LostAfter + 100*time.Millisecond)
	r := p.ping.Report(from, until)
	if r.Lost > 0 || r.Sent < 100 {
		p.t.Errorf("the client: %+v", r)
	}
	p.t.Logf("%d pings, %d lost, the longest gap %v, of which the client slept %v", r.Sent, r.Lost, r.Outage, r.Stall)
	if r.Stall < slowMachine {
		p.oneAnswer(from)
	}
}

// TestMaintenanceLosesNothing: on the way out and on the way back, with a healthy
// peer.
func TestMaintenanceLosesNothing(t *testing.T) {
	p := newPair(t)
	from := time.Now()
	if out := p.a.carpctl("maintenance", "enter", "--wait", "--reason", "new kernel"); !strings.HasPrefix(out, "in maintenance: no group is MASTER here; new kernel") {
		t.Errorf("it says: %s", out)
	}
	p.b.is("MASTER", time.Second) // Answers, too.
	if st := p.a.status(); st.Groups[0].State != "BACKUP" || st.Demotion != 64 || st.Groups[0].Demotion != 64 || st.Maintenance.Phase != status.MaintenanceOn {
		t.Errorf("%+v", st)
	}
	time.Sleep(2 * time.Second)
	p.lostNothing(from)
	back := time.Now()
	p.a.carpctl("maintenance", "leave")
	p.settle()
	time.Sleep(time.Second)
	p.lostNothing(back)
	if got := p.a.demoted(); len(got) > 0 {
		t.Errorf("demoted: %q", got)
	}
	audit := p.a.log()
	for _, want := range []string{`"verb":"maintenance"`, `"outcome":"done"`, `"uid":0`} {
		if !strings.Contains(audit, want) {
			t.Errorf("the log has no %s", want)
		}
	}
}

// TestHandOverVerbLosesNothing: the group goes to the peer, asked or forced, and
// comes back when the demotion is removed.
func TestHandOverVerbLosesNothing(t *testing.T) {
	p := newPair(t)
	for _, args := range [][]string{{"handover", "1"}, {"handover", "1", "--force"}} {
		from := time.Now()
		if out := p.a.carpctl(args...); out != p.a.group().Name+": handed over\n" {
			t.Errorf("it says: %s", out)
		}
		p.b.is("MASTER", 2*time.Second)
		time.Sleep(2 * time.Second)
		p.lostNothing(from)
		if got := p.a.demoted(); !slices.Equal(got, []string{"handover " + p.a.group().Name}) || p.a.group().State != "BACKUP" {
			t.Errorf("%s, demoted: %q", p.a.group().State, got)
		}
		back := time.Now()
		p.a.carpctl("demote", "remove", "handover", "--group", "1")
		p.settle()
		time.Sleep(time.Second)
		p.lostNothing(back)
	}
}

// TestHandedOverComesBack when the peer fails, and the demotion with it goes.
func TestHandedOverComesBack(t *testing.T) {
	t.Parallel()
	s := newSite(t, lab.Topology{Routers: 2})
	a, b := s.pair()
	a.carpctl("handover", "1")
	b.is("MASTER", 2*time.Second)
	s.must(b.Kill())
	a.is("MASTER", masterDown0+3*time.Second)
	s.eventually(3*time.Second, "the demotion ends", func() bool { return len(a.demoted()) == 0 })
	s.eventually(5*time.Second, "it says so", func() bool { return s.lastAdvert(a.node).Payload[4] == 0 && s.lastAdvert(a.node).Advskew() == 0 })
}

// TestRefusedWithoutAPeer: nobody takes over, so that nothing changes: the node
// stays MASTER without a gap.
func TestRefusedWithoutAPeer(t *testing.T) {
	t.Parallel()
	s := newSite(t, lab.Topology{Routers: 1})
	a := s.carpd(s.Routers[0], group{addresses: both, preempt: true})
	a.is("MASTER", masterDown0+2*time.Second)
	ping, err := s.client.Ping(lab.Virtual4.Addr(), 5*time.Millisecond)
	s.must(err)
	s.must(ping.WaitReply(s.within(3*time.Second), time.Now()))
	before, from := a.group(), time.Now()
	for _, args := range [][]string{{"maintenance", "enter", "--wait"}, {"handover", "1"}} {
		out := a.refused(args...)
		if !strings.Contains(out, before.Name) || !strings.Contains(out, "no peer has taken over") || !strings.Contains(out, "--force") {
			t.Errorf("%q: %s", args, out)
		}
		if got := a.demoted(); len(got) > 0 {
			t.Errorf("%q leaves %q", args, got)
		}
	}
	if st := a.status(); st.Maintenance.Phase != status.MaintenanceOff || !strings.Contains(st.Maintenance.Refused, before.Name) {
		t.Errorf("%+v", st.Maintenance)
	}
	until := time.Now()
	time.Sleep(lab.LostAfter + 100*time.Millisecond)
	if r := ping.Report(from, until); r.Lost > 0 || r.Sent < 100 {
		t.Errorf("the client: %+v", r)
	}
	if g := a.group(); g.State != "MASTER" || g.Transitions != before.Transitions {
		t.Errorf("%s after %d more transitions", g.State, g.Transitions-before.Transitions)
	}
	// Forced, it goes on serving, demoted, and says that nobody came.
	out := a.carpctl("maintenance", "enter", "--wait", "--force", "--for", "1h")
	if !strings.Contains(out, "forced, and nobody has taken over") || a.group().State != "MASTER" || s.lastAdvert(a.node).Payload[4] != 64 {
		t.Errorf("forced: %s", out)
	}
	a.carpctl("maintenance", "leave")
}

// TestMaintenanceEnds by itself, and so does a demotion; both leave an event.
func TestMaintenanceEnds(t *testing.T) {
	t.Parallel()
	s := newSite(t, lab.Topology{Routers: 2})
	a, b := s.pair()
	a.carpctl("maintenance", "enter", "--wait", "--for", "4s")
	b.is("MASTER", 2*time.Second)
	b.carpctl("demote", "add", "uplink", "--for", "100ms", "--weight", "3")
	a.is("MASTER", 8*time.Second)
	s.eventually(2*time.Second, "nothing demotes any more", func() bool { return len(a.demoted())+len(b.demoted()) == 0 })
	for _, c := range []*carpd{a, b} {
		c.eventLike(time.Second, "demotion", func(e status.Event) bool { return e.Cause == "expired" })
	}
	a.eventLike(time.Second, "maintenance", func(e status.Event) bool { return e.From == "on" && e.To == "off" && e.Cause == "expired" })
}

// TestWhatWasAskedSurvives the end of carpd, however it comes: maintenance, and
// demotions that are persistent.
func TestWhatWasAskedSurvives(t *testing.T) {
	t.Parallel()
	s := newSite(t, lab.Topology{Routers: 2})
	a, b := s.pair()
	a.carpctl("demote", "add", "kept", "--weight", "2", "--reason", "because", "--persistent")
	a.carpctl("demote", "add", "forgotten", "--weight", "4")
	a.carpctl("maintenance", "enter", "--wait", "--reason", "new disk")
	b.is("MASTER", 2*time.Second)
	a.carpctl("demote", "add", "last", "--group", "1", "--persistent")
	for name, end := range map[string]func(){
		"killed": func() { s.must(a.Kill()) }, "retired": a.retires, "stopped": func() { s.must(a.Stop(5 * time.Second)) },
	} {
		end()
		a.start()
		want := []string{"kept", "maintenance", "last " + a.group().Name}
		if got := a.demoted(); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
		s.eventually(5*time.Second, "in maintenance again", func() bool {
			m := a.status().Maintenance
			return m.Phase == status.MaintenanceOn && m.Reason == "new disk" && m.Refused == ""
		})
		s.eventually(5*time.Second, "the sum is there", func() bool { return a.group().Demotion == 67 && a.group().State == "BACKUP" })
	}
	time.Sleep(masterDown0 + time.Second)
	if a.group().State != "BACKUP" || b.group().State != "MASTER" {
		t.Errorf("%s and %s", a.group().State, b.group().State)
	}
	a.carpctl("maintenance", "leave")
	a.carpctl("demote", "remove", "kept")
	a.carpctl("demote", "remove", "last", "--group", "1")
	a.is("MASTER", 5*time.Second)
	s.must(a.Kill())
	a.start()
	if got := a.demoted(); len(got) > 0 || a.status().Maintenance.Phase != status.MaintenanceOff {
		t.Errorf("what was left is there again: %q", got)
	}
}

// dropAdverts lets no advert leave the node: the kernel refuses to send it.
const dropAdverts = `table netdev carpdtest {
	chain out { type filter hook egress device "` + lab.Interface + `" priority 0; ip protocol 112 drop; ip6 nexthdr 112 drop; }
}
`

// TestSendErrorsDemote: a node that cannot send is demoted after three tries, and
// does not take the group from a peer that can; it is no more demoted when three
// adverts have left.
func TestSendErrorsDemote(t *testing.T) {
	t.Parallel()
	s := newSite(t, lab.Topology{Routers: 2}, "nft")
	a, b := s.pair()
	name := a.group().Name
	s.nft(a.node, dropAdverts)
	s.eventually(20*time.Second, "it is demoted", func() bool { return slices.Contains(a.demoted(), "send errors "+name) })
	for _, d := range a.status().Demotions {
		if d.Owner != "carpd" || d.Weight != 128 || d.Persistent || !strings.Contains(d.Reason, "adverts are not sent") {
			t.Errorf("%+v", d)
		}
	}
	b.is("MASTER", 10*time.Second)
	a.is("BACKUP", 10*time.Second)
	moves := a.group().Transitions
	time.Sleep(masterDown0 + 2*time.Second)
	if g := a.group(); g.State != "BACKUP" || g.Transitions != moves || g.Demotion != 128 {
		t.Errorf("%s after %d more transitions, demoted by %d", g.State, g.Transitions-moves, g.Demotion)
	}
	if out, err := a.node.Command("nft", "delete", "table", "netdev", "carpdtest").Output(); err != nil {
		t.Fatalf("nft: %v\n%s", err, out)
	}
	s.must(b.Stop(5 * time.Second))
	a.is("MASTER", 5*time.Second)
	s.eventually(15*time.Second, "it is demoted no more", func() bool { return len(a.demoted()) == 0 })
	a.eventLike(time.Second, "demotion", func(e status.Event) bool { return e.Cause == "cleared" })
	s.eventually(5*time.Second, "its adverts say so", func() bool { return s.lastAdvert(a.node).Advskew() == 0 })
}

// TestDemotionDecidesWithoutPreempt: carpd, as OpenBSD, compares the sums before
// the times, so that a peer takes over and keeps the group.
func TestDemotionDecidesWithoutPreempt(t *testing.T) {
	t.Parallel()
	s := newSite(t, lab.Topology{Routers: 2})
	a := s.carpd(s.Routers[0], group{skew: 0})
	b := s.carpd(s.Routers[1], group{skew: 100})
	a.is("MASTER", masterDown0+2*time.Second)
	b.is("BACKUP", 2*time.Second)
	from := time.Now()
	a.carpctl("demote", "add", "uplink", "--reason", "the uplink is down")
	if first := s.firstAdvert(a.node, from, 2*time.Second); first.Payload[4] != 1 || first.Advskew() != 240 {
		t.Errorf("byte 4 is %d, advskew %d", first.Payload[4], first.Advskew())
	}
	b.is("MASTER", 3*time.Second)
	if g := b.group(); g.Cause != "master demoted" {
		t.Errorf("because of %q", g.Cause)
	}
	b.carpctl("demote", "add", "disk", "--weight", "2")
	a.is("MASTER", 4*time.Second) // The lesser of two evils.
}

// TestDemotionIsSeenByUCarp: which does not read the sum, but the raised advskew,
// and takes over only with preempt.
func TestDemotionIsSeenByUCarp(t *testing.T) {
	t.Parallel()
	s := newSite(t, lab.Topology{Routers: 2}, "ucarp")
	a := s.carpd(s.Routers[0], group{skew: 0})
	a.is("MASTER", masterDown0+2*time.Second)
	u := s.ucarp(s.Routers[1], ucarpOptions{skew: 100})
	s.eventually(8*time.Second, "ucarp is BACKUP", func() bool { return u.state() == "BACKUP" })
	if out := a.refused("handover", "1"); !strings.Contains(out, "UCarp") {
		t.Errorf("without preempt: %s", out)
	}
	s.must(u.Kill())
	u = s.ucarp(s.Routers[1], ucarpOptions{skew: 100, preempt: true})
	time.Sleep(2 * time.Second)
	from := time.Now()
	a.carpctl("demote", "add", "uplink", "--weight", "9")
	first := s.firstAdvert(a.node, from, 2*time.Second)
	if first.Payload[4] != 9 || first.Advskew() != 240 {
		t.Errorf("byte 4 is %d, advskew %d", first.Payload[4], first.Advskew())
	}
	s.eventually(10*time.Second, "ucarp is MASTER", func() bool { return u.state() == "MASTER" })
	a.is("BACKUP", 2*time.Second)
}

// TestDisable: the peer takes over without a loss, the disabled node is silent,
// with addresses: always too, and takes part again when it is enabled or started.
func TestDisable(t *testing.T) {
	p := newPair(t)
	from := time.Now()
	p.a.carpctl("disable")
	p.b.is("MASTER", 2*time.Second)
	p.a.is("INIT", time.Second)
	time.Sleep(2 * time.Second)
	p.lostNothing(from)
	if st := p.a.status(); !st.Disabled || !st.Groups[0].Disabled || st.Groups[0].Cause != "disabled" {
		t.Errorf("%+v", st)
	}
	p.b.carpctl("disable", "1")
	p.b.is("INIT", 2*time.Second)
	p.eventually(3*time.Second, "no node has a group address", func() bool { return p.bare(p.a) && p.bare(p.b) })
	silent := time.Now()
	time.Sleep(masterDown100 + time.Second)
	if r := p.arp.Report(silent, time.Now().Add(-100*time.Millisecond)); r.Answered > 0 {
		t.Errorf("%d of %d questions were answered", r.Answered, r.Asked)
	}
	if ads := p.Wire.Adverts(func(a lab.Advert) bool { return a.CARP() && a.At.After(silent.Add(100*time.Millisecond)) }); len(ads) > 0 {
		t.Errorf("%d adverts", len(ads))
	}
	p.a.carpctl("reload")
	if p.a.group().State != "INIT" {
		t.Errorf("a reload makes it %s", p.a.group().State)
	}
	p.a.carpctl("enable", "1")
	p.must(p.b.Stop(5 * time.Second))
	p.b.start()
	p.settle()
	p.must(p.ping.WaitReply(p.within(2*time.Second), time.Now()))
}

// bare reports whether a node has none but its own addresses.
func (s *site) bare(c *carpd) bool {
	s.t.Helper()
	addresses, err := c.node.Addresses()
	s.must(err)
	return !slices.ContainsFunc(addresses, func(a netip.Prefix) bool { return a != c.node.IPv4 && a != c.node.IPv6 })
}

// TestAnnounceAgain: as often as after a takeover.
func TestAnnounceAgain(t *testing.T) {
	t.Parallel()
	s := newSite(t, lab.Topology{Routers: 1})
	a := s.carpd(s.Routers[0], group{})
	a.is("MASTER", masterDown0+2*time.Second)
	time.Sleep(4 * time.Second)
	before := a.counters().Groups[0].Sent.Announcements
	a.carpctl("announce", "1")
	s.eventually(10*time.Second, "five announcements", func() bool { return a.counters().Groups[0].Sent.Announcements == before+5 })
	a.carpctl("disable", "1")
	if out := a.refused("announce", "1"); !strings.Contains(out, "not MASTER here") {
		t.Error(out)
	}
}
