package test

import (
	"context"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/carpd/carpd/internal/lab"
)

// pair is a MASTER and a BACKUP of one group.
func (s *site) pair() (a, b *carpd) {
	s.t.Helper()
	a = s.carpd(s.Routers[0], group{skew: 0, preempt: true, addresses: both})
	b = s.carpd(s.Routers[1], group{skew: 100, preempt: true, addresses: both})
	a.is("MASTER", masterDown0+2*time.Second)
	b.is("BACKUP", masterDown0+2*time.Second)
	return a, b
}

// transitions are the changes of state of which carpd has logged.
func (c *carpd) transitions() int { return strings.Count(c.log(), `"message":"transition"`) }

// retires has carpd end for another one.
func (c *carpd) retires() {
	c.s.t.Helper()
	c.s.must(c.Signal(syscall.SIGUSR2))
	select {
	case <-c.Exited():
	case <-time.After(10 * time.Second):
		c.s.t.Fatalf("carpd on %s does not retire", c.node.Name)
	}
}

// unseen checks that nobody could tell from the wire that something happened to
// a MASTER since an instant: its adverts came in time, it took no leave and
// announced nothing, and its peer stayed what it was. An advert may be late by
// the time in which nobody ran.
func (s *site) unseen(from time.Time, a, b *carpd, peerChanges int, pause time.Duration) {
	s.t.Helper()
	last, limit := time.Time{}, min(time.Second+pause+200*time.Millisecond, lease)
	for _, ad := range s.Wire.Adverts(lab.From(a.node, from)) {
		if ad.BowOut() {
			s.t.Errorf("a bow-out at %v", ad.At.Sub(from))
		}
		if d := ad.At.Sub(last); !last.IsZero() && d > limit {
			s.t.Errorf("%v between two adverts, at %v; at most %v is expected", d, ad.At.Sub(from), limit)
		}
		last = ad.At
	}
	if got := len(s.Wire.Adverts(lab.From(b.node, from))); got > 0 {
		s.t.Errorf("the peer sent %d adverts", got)
	}
	if got := b.transitions(); got != peerChanges {
		s.t.Errorf("the peer changed its state %d times, before the restarts %d", got, peerChanges)
	}
}

// TestRestartIsUnseen: a MASTER that is killed, or retires, and comes back within
// its lease goes on as if nothing had happened.
func TestRestartIsUnseen(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(*carpd){
		"killed":  func(c *carpd) { c.s.must(c.Kill()) },
		"retired": (*carpd).retires,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, lab.Topology{Routers: 2})
			a, b := s.pair()
			ping, err := s.client.Ping(lab.Virtual4.Addr(), 2*time.Millisecond)
			s.must(err)
			ask, err := s.client.Ask(lab.Virtual6.Addr(), 2*time.Millisecond)
			s.must(err)
			s.must(ping.WaitReply(s.within(3*time.Second), time.Now()))
			changes, before := b.transitions(), a.group()
			from := time.Now()
			time.Sleep(1500 * time.Millisecond)
			ended := time.Now()
			end(a)
			a.start()
			a.is("MASTER", 2*time.Second)
			pause := time.Since(ended)
			time.Sleep(4 * time.Second)
			until := time.Now().Add(-lab.LostAfter)
			s.unseen(from, a, b, changes, pause)
			if r := ping.Report(from, until); r.Sent == 0 || r.Outage > 100*time.Millisecond+2*r.Stall {
				t.Errorf("pings: %+v", r)
			}
			if r := ask.Report(from, until); r.Asked == 0 || r.Answered < r.Asked*999/1000 || len(r.Doubles) > 0 {
				t.Errorf("questions: %d of %d answered, %d doubles", r.Answered, r.Asked, len(r.Doubles))
			}
			after := a.group()
			if after.Transitions != before.Transitions || !after.Since.Round(time.Second).Equal(before.Since.Round(time.Second)) || after.Cause != "resumed" {
				t.Errorf("status %+v\nbefore %+v", after, before)
			}
			s.must(a.Stop(5 * time.Second))
			if left := a.traces(); len(left) > 0 {
				t.Errorf("left behind: %q", left)
			}
		})
	}
}

// TestRefusedUpgrade: maps of a layout that the newcomer does not know make it
// refuse, and the running carpd goes on. Nor does it start over them later.
func TestRefusedUpgrade(t *testing.T) {
	t.Parallel()
	s := newSite(t, lab.Topology{Routers: 2}, "bpftool")
	a, b := s.pair()
	changes, from := b.transitions(), time.Now()
	meta := filepath.Join(pins, a.instance, "carp_meta")
	layout := func(n string) {
		out, err := a.node.Command("bpftool", "map", "update", "pinned", meta, "key", "0", "0", "0", "0",
			"value", n, "0", "0", "0", "0", "0", "0", "0").Output()
		if err != nil {
			t.Fatalf("bpftool: %v\n%s", err, out)
		}
	}
	layout("99")
	out, err := a.node.Command(program(t, "carpd"), "run", "--replace", "-c", a.config).Output()
	if err == nil || !strings.Contains(out, "not replaced, the running carpd goes on") || !strings.Contains(out, "layout 99") || !a.Running() {
		t.Errorf("%v, the old one runs: %t\n%s", err, a.Running(), out)
	}
	time.Sleep(1500 * time.Millisecond)
	s.unseen(from, a, b, changes, 0)
	s.must(a.Kill())
	out, err = a.node.Command(program(t, "carpd"), "run", "-c", a.config).Output()
	if err == nil || !strings.Contains(out, "layout 99") {
		t.Errorf("started over them: %v\n%s", err, out)
	}
	if _, err := os.Stat(filepath.Join(pins, a.instance, "carp_lease")); err != nil {
		t.Errorf("something was removed: %v", err)
	}
	layout("2")
	a.start()
	a.is("MASTER", masterDown0+3*time.Second)
}

// TestReplace: a running carpd hands over to a newcomer, and when the newcomer
// could not go on, it is not asked.
func TestReplace(t *testing.T) {
	t.Parallel()
	s := newSite(t, lab.Topology{Routers: 2})
	a, b := s.pair()
	changes, from := b.transitions(), time.Now()
	old := a.Process
	good, err := os.ReadFile(a.config)
	s.must(err)
	s.must(os.WriteFile(a.config, []byte("groups: [{vhid: 300}]\n"), 0o600))
	out, err := a.node.Command(program(t, "carpd"), "run", "--replace", "-c", a.config).Output()
	if err == nil || !strings.Contains(out, "vhid") || !old.Running() {
		t.Errorf("a broken configuration: %v, the old one runs: %t\n%s", err, old.Running(), out)
	}
	s.must(os.WriteFile(a.config, good, 0o600))
	asked := time.Now()
	a.Process = a.node.Command(program(t, "carpd"), "run", "--replace", "-c", a.config)
	a.Log = s.File("replaced.log")
	a.start()
	select {
	case <-old.Exited():
	case <-time.After(10 * time.Second):
		t.Fatal("the old one runs on")
	}
	s.eventually(5*time.Second, "the new one answers", func() bool {
		st, err := a.control.Status(t.Context())
		return err == nil && st.PID == a.PID()
	})
	a.is("MASTER", 2*time.Second)
	pause := time.Since(asked)
	time.Sleep(2 * time.Second)
	s.unseen(from, a, b, changes, pause)
}

// firstRelease is the last commit whose maps had no layout number.
const firstRelease = "67ca1e2"

// oldCarpd builds the carpd of the first release, whose maps have another
// layout; false where the history is not there.
func (s *site) oldCarpd() (path string, ok bool) {
	s.t.Helper()
	if exec.Command("git", "cat-file", "-e", firstRelease+"^{commit}").Run() != nil {
		return "", false
	}
	dir := s.t.TempDir()
	script := fmt.Sprintf("git -C .. archive %s | tar -x -C %s && cd %s && go build -buildvcs=false -o carpd.old ./cmd/carpd", firstRelease, dir, dir)
	if out, err := exec.Command("sh", "-c", script).CombinedOutput(); err != nil {
		s.t.Fatalf("build %s: %v\n%s", firstRelease, err, out)
	}
	return filepath.Join(dir, "carpd.old"), true
}

// otherCarpd builds the present carpd with another version.
func (s *site) otherCarpd() string {
	s.t.Helper()
	path := filepath.Join(s.t.TempDir(), "carpd.other")
	out, err := exec.Command("go", "build", "-ldflags", "-X github.com/carpd/carpd/internal/build.Version=other", "-o", path,
		"github.com/carpd/carpd/cmd/carpd").CombinedOutput()
	if err != nil {
		s.t.Fatalf("build: %v\n%s", err, out)
	}
	return path
}

// upgrade has a newcomer of another build take over from the running one.
func (c *carpd) upgrade(binary string) {
	c.s.t.Helper()
	old := c.Process
	c.Process = c.node.Command(binary, "run", "--replace", "-c", c.config)
	c.Log = old.Log
	c.s.must(c.Start())
	c.s.eventually(10*time.Second, "the newcomer on "+c.node.Name+" answers", func() bool {
		if !c.Running() {
			c.s.t.Fatalf("it ended:\n%s", c.log())
		}
		st, err := c.control.Status(c.s.t.Context())
		return err == nil && st.PID == c.PID()
	})
	if old.Running() {
		c.s.t.Fatal("the old one runs on")
	}
	c.is("MASTER", 2*time.Second)
}

// load is what a MASTER is put under: a probe by a client, and a flood of ARP
// requests that its kernel answers.
type load struct {
	s       *site
	a       *carpd
	rate    int
	answers *lab.Tally
	ping    *lab.Pinger
}

// loss is what was lost in a span of time.
type loss struct {
	pings, lostPings  int
	asked, unanswered uint64
	longest           time.Duration
}

func (l loss) String() string {
	return fmt.Sprintf("%d of %d pings (longest outage %v), %d of %d ARP requests", l.lostPings, l.pings, l.longest, l.unanswered, l.asked)
}

// newLoad measures the rate that the node answers without loss, and takes half.
func (s *site) newLoad(a *carpd) *load {
	s.t.Helper()
	target := lab.Virtual4.Addr()
	asker := lab.FloodMAC(0)
	answers, err := s.Switch.Swallow(a.node.Name, lab.Match{
		{At: 0, Want: asker[:2]}, {At: 12, Want: []byte{8, 6}}, {At: 20, Want: []byte{0, 2}}, {At: 28, Want: target.AsSlice()},
	})
	s.must(err)
	l := &load{s: s, a: a, answers: answers}
	full := l.flood(s.t.Context(), time.Second).asked
	for share := 90; share >= 10; share -= 20 {
		l.rate = int(full) * share / 100
		if got := l.flood(s.t.Context(), time.Second); got.unanswered == 0 {
			break
		}
	}
	s.t.Logf("answers %d ARP requests a second without loss; the flood has half of that", l.rate)
	l.rate /= 2
	l.ping, err = s.client.Ping(target, time.Millisecond)
	s.must(err)
	s.must(l.ping.WaitReply(s.within(3*time.Second), time.Now()))
	return l
}

// flood asks for a time, or until the context ends.
func (l *load) flood(ctx context.Context, d time.Duration) loss {
	before := l.answered()
	f := lab.ARPFlood(lab.Virtual4.Addr(), netip.MustParseAddr("198.18.0.0"), 65536)
	f.Interface, f.Rate, f.For = l.a.node.Name, l.rate, d
	done, err := l.s.Switch.Flood(ctx, f)
	if err != nil {
		l.s.t.Error(err)
	}
	return loss{asked: done.Sent, unanswered: done.Sent - min(done.Sent, l.answered()-before)}
}

// answered is how many answers have come when no more are under way.
func (l *load) answered() uint64 {
	n, err := l.answers.Count()
	for same := 0; err == nil && same < 3; same++ {
		time.Sleep(20 * time.Millisecond)
		var next uint64
		if next, err = l.answers.Count(); next != n {
			n, same = next, -1
		}
	}
	if err != nil {
		l.s.t.Error(err)
	}
	return n
}

// during counts what is lost while something is done.
func (l *load) during(do func()) (lost loss, took time.Duration) {
	l.s.t.Helper()
	ctx, stop := context.WithCancel(l.s.t.Context())
	flooded := make(chan loss, 1)
	from := time.Now()
	go func() { flooded <- l.flood(ctx, 10*time.Minute) }()
	do()
	took = time.Since(from)
	stop()
	lost = <-flooded
	until := time.Now()
	time.Sleep(lab.LostAfter)
	r := l.ping.Report(from, until)
	lost.pings, lost.lostPings, lost.longest = r.Sent, r.Lost, r.Outage
	return lost, took
}

// TestRestartsLoseNothing: 20 restarts and 5 upgrades, the first of them from
// the layout of the first release, under a probe of 1 kHz and a flood of half the
// rate that the node answers: not more is lost than in a run of equal length in
// which nothing happens.
func TestRestartsLoseNothing(t *testing.T) {
	s := newSite(t, lab.Topology{Routers: 2})
	other, current := s.otherCarpd(), program(t, "carpd")
	a := s.newCarpd(s.Routers[0], group{skew: 0, preempt: true, addresses: both})
	if old, ok := s.oldCarpd(); ok {
		a.Name = old
	} else {
		t.Logf("no history: the first upgrade is from the same layout")
	}
	a.start()
	b := s.carpd(s.Routers[1], group{skew: 100, preempt: true, addresses: both})
	a.is("MASTER", masterDown0+2*time.Second)
	b.is("BACKUP", masterDown0+2*time.Second)
	l := s.newLoad(a)
	changes, from := b.transitions(), time.Now()
	var pause time.Duration
	lost, took := l.during(func() {
		for i := range 25 {
			began := time.Now()
			a.again(i, []string{current, other}[i/5%2])
			pause = max(pause, time.Since(began))
			s.firstAdvert(a.node, time.Now(), 3*time.Second) // The lease is whole again.
		}
	})
	s.unseen(from, a, b, changes, pause)
	control, _ := l.during(func() { time.Sleep(took) })
	t.Logf("20 restarts and 5 upgrades in %v, the longest %v: lost %v", took.Round(time.Millisecond), pause.Round(time.Millisecond), lost)
	t.Logf("nothing happens for as long:       lost %v", control)
	if lost.lostPings > control.lostPings {
		t.Errorf("pings lost: %d, without restarts %d", lost.lostPings, control.lostPings)
	}
	if lost.unanswered > control.unanswered {
		t.Errorf("ARP requests not answered: %d, without restarts %d", lost.unanswered, control.unanswered)
	}
}

// again restarts carpd: every fifth time by another binary that takes over, else
// by turns after it was killed and after it has retired.
func (c *carpd) again(i int, binary string) {
	c.s.t.Helper()
	if i%5 == 0 {
		c.upgrade(binary)
		return
	}
	if i%2 == 0 {
		c.s.must(c.Kill())
	} else {
		c.retires()
	}
	c.start()
	c.is("MASTER", 2*time.Second)
}
