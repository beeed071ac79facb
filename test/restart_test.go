package test

import (
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/carpd/carpd/internal/lab"
)

// pair is a MASTER and a BACKUP of one group.
func (s *site) pair(groups ...group) (a, b *carpd) {
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
// announced nothing, and its peer stayed what it was.
func (s *site) unseen(from time.Time, a, b *carpd, peerChanges int) {
	s.t.Helper()
	last := time.Time{}
	for _, ad := range s.Wire.Adverts(lab.From(a.node, from)) {
		if ad.BowOut() {
			s.t.Errorf("a bow-out at %v", ad.At.Sub(from))
		}
		if d := ad.At.Sub(last); !last.IsZero() && d > 2*time.Second {
			s.t.Errorf("%v between two adverts, at %v", d, ad.At.Sub(from))
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
			end(a)
			a.start()
			a.is("MASTER", time.Second)
			time.Sleep(4 * time.Second)
			until := time.Now().Add(-lab.LostAfter)
			s.unseen(from, a, b, changes)
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
	a.Process = a.node.Command(program(t, "carpd"), "run", "--replace", "-c", a.config)
	a.Process.Log = s.File("replaced.log")
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
	a.is("MASTER", time.Second)
	time.Sleep(2 * time.Second)
	s.unseen(from, a, b, changes)
}
