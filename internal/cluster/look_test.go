package cluster

import (
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/carpd/carpd/internal/status"
)

// Pictures come with each look and at once with news; a node that is cut off is
// unreachable after three looks and not before, and answers again after one.
func TestLooks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := NewHub("n1", "n2")
		n1, n2 := h.Node("n1"), h.Node("n2")
		var snap atomic.Pointer[status.Snapshot]
		var news atomic.Pointer[chan struct{}]
		shows := func(pid int) { snap.Store(&status.Snapshot{PID: pid, TakenAt: time.Now()}) }
		shows(1)
		begin := make(chan struct{})
		news.Store(&begin)
		n2.Status = snap.Load
		n2.News = func() <-chan struct{} { return *news.Load() }
		n1.Status = func() *status.Snapshot { return &status.Snapshot{TakenAt: time.Now()} }
		told := make(chan string, 10)
		n1.Note = func(kind, text string) { told <- kind + ": " + text }
		run(t, n1)
		run(t, n2)
		other := func() status.Node { return n1.Cluster(nil).Nodes[1] }
		pid := func() int { return other().Status.PID }

		time.Sleep(time.Millisecond)
		if pid() != 1 || n1.Cluster(nil).Verdict != status.ClusterOK {
			t.Fatalf("%+v", n1.Cluster(nil))
		}
		shows(2)
		time.Sleep(time.Second)
		if pid() != 1 {
			t.Error("it looks more often than it should")
		}
		time.Sleep(1100 * time.Millisecond)
		if pid() != 2 {
			t.Error("it does not look again after 2 s")
		}
		shows(3)
		fresh := make(chan struct{})
		close(*news.Swap(&fresh))
		time.Sleep(time.Millisecond)
		if pid() != 3 {
			t.Error("news do not come at once")
		}

		h.Cut("n1", "n2")
		time.Sleep(4 * time.Second)
		if n := other(); n.Problem != "n2 does not answer: the link is cut" || n.Status == nil || len(told) != 0 || n1.Cluster(nil).Verdict != status.ClusterOK {
			t.Errorf("after 4 s: %+v", n)
		}
		changed := n1.Changed()
		time.Sleep(4100 * time.Millisecond)
		<-changed
		if n := other(); n.Sync != status.SyncUnreachable || n.Status != nil || <-told != "node unreachable: n2 does not answer: the link is cut" {
			t.Errorf("after 8 s: %+v", n)
		}
		if c := n1.Cluster(nil); c.Verdict != status.ClusterDegraded || !strings.HasPrefix(c.Reasons[0], "n2 has not answered for 8s: the link is cut") {
			t.Errorf("%+v", c)
		}
		changed = n1.Changed()
		h.Heal("n1", "n2")
		time.Sleep(2100 * time.Millisecond)
		<-changed
		if <-told != "node answers: n2 answers again" || n1.Cluster(nil).Verdict != status.ClusterOK {
			t.Errorf("healed: %+v", n1.Cluster(nil))
		}
	})
}

// run runs a node of a hub until the test ends.
func run(t *testing.T, m *Manager) {
	done := make(chan struct{})
	go func() { defer close(done); m.Run(t.Context()) }()
	t.Cleanup(func() { <-done })
}

// A certificate is made anew in time, for the same key, and nobody notices; one
// whose node was off for years too.
func TestRenewal(t *testing.T) {
	nodes := newCluster(t, 2)
	n1, n2 := nodes[0], nodes[1].echo()
	for _, years := range []int{1, 4, 4} {
		before := *n1.id
		for _, n := range nodes {
			n.stop()
			n.later(time.Duration(years) * nodeLife)
			n.start()
			n.configure()
		}
		n2.echo()
		for _, n := range nodes {
			eventually(t, n.name+" sees all", func() bool { return n.sees(2) })
		}
		must(t, n1.ask("n2"))
		n1.mu.Lock()
		after := *n1.id
		n1.mu.Unlock()
		if after.node.cert.Equal(before.node.cert) || fingerprint(after.node.cert) != fingerprint(before.node.cert) {
			t.Errorf("after %d years it is not a new certificate of the same key", years)
		}
	}
	if fingerprint(n1.id.ca.cert) != fingerprint(n2.id.ca.cert) || !n1.id.ca.cert.NotAfter.After(n1.now()) {
		t.Error("the CA is not renewed")
	}
}

// A change reaches a node over a link that works in one direction only, whichever
// that is.
func TestOneWay(t *testing.T) {
	for _, cut := range [][2]string{{"n1", "n2"}, {"n2", "n1"}} {
		synctest.Test(t, func(t *testing.T) {
			h := NewHub("n1", "n2", "n3")
			n1, n2 := h.Node("n1"), h.Node("n2")
			run(t, n1)
			run(t, n2)
			h.mu.Lock()
			h.cut[cut] = true
			h.mu.Unlock()
			if _, err := n1.Remove(t.Context(), "n3"); err != nil {
				t.Fatal(err)
			}
			time.Sleep(5 * time.Second)
			if len(n2.Members()) != 2 {
				t.Errorf("with %s cut off from %s it does not hear that n3 was removed", cut[0], cut[1])
			}
		})
	}
}
