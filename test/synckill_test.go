package test

import (
	"context"
	"fmt"
	"net/netip"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/carpd/carpd/internal/control"
	"github.com/carpd/carpd/internal/lab"
	"github.com/carpd/carpd/internal/status"
)

// second is an address that edits add to the group of these tests and take away
// again.
const second = "192.0.2.77/24"

// TestSyncKilledAtEveryWrite kills the node on which somebody edits, or one that
// takes the edit, before each single system call by which it changes a file, and
// starts it again: first without the others, then with them.
func TestSyncKilledAtEveryWrite(t *testing.T) {
	for victim, name := range []string{"editor", "receiver"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k := newKilling(t, victim)
			n := 1
			for ; k.at(n); n++ {
				if n > 200 {
					t.Fatal("there is no end of writes")
				}
			}
			if n < 10 {
				t.Errorf("only %d calls that change files: they are not seen", n-1)
			}
			t.Logf("killed at %d places", n-1)
		})
	}
}

// killing is a cluster of which one node is killed again and again.
type killing struct {
	*site
	all    []*carpd
	victim *carpd
	on     bool // the second address is there
}

// newKilling makes a cluster that agrees.
func newKilling(t *testing.T, victim int) *killing {
	s := newSite(t, lab.Topology{Routers: 3})
	k := &killing{site: s, all: newCluster(t, s, 3)}
	k.victim = k.all[victim]
	agreed(k.all...)
	k.all[0].is("MASTER", masterDown0+10*time.Second)
	return k
}

// at kills the victim at its n-th write during an edit; false when there are not
// so many.
func (k *killing) at(n int) bool {
	k.t.Helper()
	before, was := agreed(k.all...), k.on
	w, told, call := k.during(n, before)
	defer w.release()
	if call == "" {
		return false
	}
	k.must(k.victim.Signal(syscall.SIGKILL)) // It ends when the watcher has let go, and no call is done before.
	w.release()
	k.must(k.victim.Kill())
	err := <-told
	k.apart("reject with tcp reset")
	k.victim.start()
	k.truth(call, before, was)
	k.apart("")
	k.heal(call, was, err)
	return true
}

// during begins an edit and holds the victim before its n-th write; the call is
// empty when the edit was over before.
func (k *killing) during(n int, before status.Version) (w *watched, told chan error, call string) {
	k.t.Helper()
	w, told = k.victim.watch(n), make(chan error, 1)
	go func() { told <- k.toggle() }()
	done, stop := context.WithCancel(k.t.Context())
	defer stop()
	select {
	case call = <-w.held:
		return w, told, call
	case <-k.finished(done, before):
	case <-time.After(60 * time.Second):
		k.t.Fatalf("at write %d the edit neither arrives nor is it held", n)
	}
	select { // A file may be removed after all is said.
	case call = <-w.held:
	case <-time.After(300 * time.Millisecond):
		k.must(<-told)
		k.on = !k.on
	}
	return w, told, call
}

// toggle adds the second address on the first node, or takes it away. It is an
// error when that was not acknowledged.
func (k *killing) toggle() error {
	addresses := slices.Clone(both)
	if !k.on {
		addresses = append(addresses, second)
	}
	ctx, cancel := context.WithTimeout(k.t.Context(), 20*time.Second)
	defer cancel()
	c := k.all[0].control
	_, _ = control.Post[status.Applied](ctx, c, "discard", nil) // What an earlier kill left.
	r := status.VIPRequest{Name: "1@" + lab.Interface, Edit: status.VIPEdit{Addresses: addresses}}
	if _, err := control.Post[status.Config](ctx, c, "vips/edit", r); err != nil {
		return err
	}
	_, err := control.Post[status.Applied](ctx, c, "apply", status.ApplyRequest{})
	return err
}

// finished is closed when all agree on a later version.
func (k *killing) finished(ctx context.Context, before status.Version) <-chan struct{} {
	done := make(chan struct{})
	go func() {
		for ; ctx.Err() == nil; time.Sleep(20 * time.Millisecond) {
			if k.later(ctx, before) {
				close(done)
				return
			}
		}
	}()
	return done
}

// later reports whether all nodes run and show one version after another one. A
// node that is held does not answer.
func (k *killing) later(ctx context.Context, before status.Version) bool {
	for _, c := range k.all {
		limited, cancel := context.WithTimeout(ctx, time.Second)
		all, err := control.Read[status.Cluster](limited, c.control, "cluster")
		cancel()
		if err != nil || all.Version == before {
			return false
		}
		for _, n := range all.Nodes {
			if n.Sync != status.SyncEqual || n.Version != all.Version {
				return false
			}
		}
	}
	return true
}

// apart cuts the victim off from the other nodes, but not from the network; an
// empty verdict undoes it.
func (k *killing) apart(verdict string) {
	k.t.Helper()
	k.victim.apart(verdict)
}

// apart says what becomes of the node's talk with the others of its cluster.
func (c *carpd) apart(verdict string) {
	c.s.t.Helper()
	rules := "table inet apart\ndelete table inet apart\n"
	if verdict != "" {
		port := fmt.Sprintf("tcp dport %d %s; tcp sport %d %s;", clusterPort, verdict, clusterPort, verdict)
		rules += "table inet apart {\n chain in { type filter hook input priority 0; " + port + " }\n" +
			" chain out { type filter hook output priority 0; " + port + " }\n}\n"
	}
	c.s.nft(c.node, rules)
}

// truth checks the victim alone: its file, what runs and the version that it says
// it has are one, either that from before the edit or a later one.
func (k *killing) truth(call string, before status.Version, was bool) {
	k.t.Helper()
	var file, runs, says bool
	var all *status.Cluster
	end := time.Now().Add(20 * time.Second)
	for ; ; time.Sleep(20 * time.Millisecond) {
		all = k.victim.cluster()
		file, runs, says = k.inFile(k.victim), k.inGroup(k.victim), was == (all.Version == before)
		if file == runs && runs == says && all.Nodes[0].Sync == status.SyncEqual {
			return
		}
		if time.Now().After(end) {
			k.t.Fatalf("stopped before %s: second address in the file %t, running %t, by its version %t (%+v, before %+v), %s: %s", call,
				file, runs, says, all.Version, before, all.Nodes[0].Sync, all.Nodes[0].Problem)
		}
	}
}

// heal checks that all come to one configuration, and that an edit which was
// acknowledged is there.
func (k *killing) heal(call string, was bool, err error) {
	k.t.Helper()
	agreed(k.all...)
	k.on = k.inFile(k.all[0])
	if err == nil && k.on == was {
		k.t.Fatalf("stopped before %s: an edit that was acknowledged is gone", call)
	}
	for _, c := range k.all {
		if file, runs := k.inFile(c), k.inGroup(c); file != k.on || runs != k.on {
			k.t.Fatalf("stopped before %s: %s has the second address in its file: %t, running: %t, and r1 in its file: %t", call, c.node.Name, file, runs, k.on)
		}
	}
	k.eventually(20*time.Second, "one MASTER with all addresses after a stop before "+call, k.served)
}

// inFile reports whether the second address is in a node's configuration.
func (k *killing) inFile(c *carpd) bool {
	text, err := os.ReadFile(c.config)
	k.must(err)
	return strings.Contains(string(text), second)
}

// inGroup reports whether the second address is in a node's running group.
func (k *killing) inGroup(c *carpd) bool { return slices.Contains(c.group(1).Addresses, second) }

// served reports whether exactly one node is MASTER and has all addresses of the
// group, and the others have none.
func (k *killing) served() bool {
	masters := 0
	for _, c := range k.all {
		g := c.group(1)
		want := []netip.Prefix{c.node.IPv4, c.node.IPv6}
		if g.State == "MASTER" {
			masters++
			for _, a := range g.Addresses {
				p := netip.MustParsePrefix(a)
				want = append(want, netip.PrefixFrom(p.Addr(), p.Addr().BitLen()))
			}
		}
		have, err := c.node.Addresses()
		k.must(err)
		if !sameSet(have, want) {
			return false
		}
	}
	return masters == 1
}
