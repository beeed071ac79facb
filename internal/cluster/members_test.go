package cluster

import (
	"context"
	"errors"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/carpd/carpd/internal/config"
	"github.com/carpd/carpd/internal/status"
)

// echo answers with who asks.
func (n *node) echo() *node {
	n.Handle("who", func(_ context.Context, from string, _ []byte) (any, error) { return from, nil })
	return n
}

// ask calls another node.
func (n *node) ask(name string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	return n.Call(ctx, name, "who", nil, nil)
}

// A node that was removed is refused by everybody, on connections that it has open
// too, and is told why. With a new key it can come back.
func TestRemove(t *testing.T) {
	nodes := newCluster(t, 3)
	n1, n2, n3 := nodes[0], nodes[1], nodes[2]
	n1.cutFrom(n3) // It cannot be told.
	for _, n := range nodes {
		n.echo()
	}
	must(t, errors.Join(n3.ask("n1"), n3.ask("n2"))) // Connections are open.
	untold, err := n1.Remove(t.Context(), "n3")
	if err != nil || len(untold) != 0 || len(n2.Members()) != 2 {
		t.Fatalf("%v, %v, %v", err, untold, n2.Members())
	}
	for _, name := range []string{"n1", "n2"} {
		var refusal *Refusal
		if err := n3.ask(name); !errors.As(err, &refusal) || refusal.Code != CodeNoMember {
			t.Errorf("%s: %v", name, err)
		}
		refusedWith(t, n3.ask(name), "n3 was removed from the cluster by n1 on ")
	}
	refusedWith(t, n1.ask("n3"), "n3 is no node of the cluster")
	if n1.refused.all()[removedNode] == 0 || n2.refused.all()[removedNode] == 0 {
		t.Errorf("counted %v %v", n1.refused.all(), n2.refused.all())
	}
	n2.heard(t, "node removed: n3 was removed from the cluster by n1")
	n2.heard(t, "cluster refused: 127.0.0.1:")
	refusedWith(t, errOf(n1.Remove(t.Context(), "n3")), "there is no node n3 in the cluster")

	untold, err = n3.Remove(t.Context(), "n3") // It forgets its keys, and can tell nobody.
	if err != nil || len(untold) != 2 || n3.dir.isThere() {
		t.Fatalf("%v, %v", err, untold)
	}
	n3.listen = freeAddress(t)
	must(t, n3.Join(t.Context(), "n3", n3.listen, n2.token(0)))
	n3.configure()
	for _, n := range nodes {
		eventually(t, n.name+" sees all", func() bool { return n.sees(3) })
	}
	must(t, n3.ask("n1"))

	must(t, errOf(n2.Remove(t.Context(), "n3"))) // It is told now, and need not forget anything itself.
	eventually(t, "n3 knows", func() bool {
		return strings.HasPrefix(n3.Cluster(nil).Reasons[0], "this node was removed from the cluster by n2")
	})
	old := n3.id.node.key
	must(t, n3.Join(t.Context(), "n3", n3.listen, n2.token(0)))
	eventually(t, "n1 sees all again", func() bool { return n1.sees(3) })
	csr, err := newRequest("n4", old)
	must(t, err)
	k, err := readToken(n2.token(0))
	must(t, err)
	_, err = n2.enrol(joinRequest{k.Secret, "n4", freeAddress(t), csr})
	refusedWith(t, err, "this key was removed from the cluster by n2")
}

// cutFrom makes another node unreachable for it until it is started again.
func (n *node) cutFrom(other *node) {
	n.stop()
	gone := other.listen
	n.opts.Dial = func(ctx context.Context, address string) (net.Conn, error) {
		if address == gone {
			return nil, errCut
		}
		return new(net.Dialer).DialContext(ctx, "tcp", address)
	}
	n.start()
	n.opts.Dial = nil
	n.configure()
	n.listens()
}

func errOf(_ any, err error) error { return err }

// A node that was away hears what happened meanwhile, from whoever is there; one
// that is not there is said to be untold.
func TestCatchUp(t *testing.T) {
	nodes := newCluster(t, 4)
	nodes[3].stop()
	nodes[1].cutFrom(nodes[2]) // n3 is not told, and tries.
	untold, err := nodes[1].Remove(t.Context(), "n3")
	if err != nil || len(untold) != 1 || untold[0] != "n4" {
		t.Errorf("untold: %v, %v", untold, err)
	}
	nodes[1].stop()
	nodes[3].start()
	nodes[3].configure()
	eventually(t, "n4 hears of it", func() bool { return len(nodes[3].Members()) == 3 })
	nodes[3].echo()
	refusedWith(t, nodes[2].ask("n4"), "n3 was removed from the cluster by n2")
}

// Members survive a restart; another address is told to all.
func TestRestart(t *testing.T) {
	nodes := newCluster(t, 2)
	n1, n2 := nodes[0], nodes[1]
	before := n2.Members()
	n2.stop()
	n2.listen = freeAddress(t)
	n2.start()
	if n2.Members() != nil {
		t.Error("it takes part without a configuration")
	}
	n2.configure()
	eventually(t, "n1 knows the new address", func() bool { return n1.Members()[1].Address == n2.listen })
	eventually(t, "n1 sees all", func() bool { return n1.sees(2) })
	if after := n2.Members(); after[1].Key != before[1].Key || after[0] != before[0] {
		t.Errorf("%v, %v", before, after)
	}
	must(t, n2.echo().ask("n2"))
	n1.echo()
	must(t, n2.ask("n1"))
	n2.listen = freeAddress(t) // The same while it runs.
	n2.configure()
	eventually(t, "n1 knows the newest address", func() bool { return n1.Members()[1].Address == n2.listen && n1.sees(2) })
}

// Who listens in place of a member is not taken for it, even with a certificate
// that the CA's key has signed.
func TestImpostorOfAMember(t *testing.T) {
	nodes := newCluster(t, 2)
	n1, n2 := nodes[0], nodes[1]
	n2.stop()
	for rule, id := range map[string]*identity{
		"belongs to no member":         identityFor(t, n1.id.ca, "n2"),
		"not signed by the CA of this": identityFor(t, issuer(t, time.Now()), "n2"),
		"n1 answers in place of n2":    n1.id,
	} {
		address, _ := impostor(t, id)
		n1.opts.Dial = func(ctx context.Context, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "tcp", address)
		}
		n1.stop()
		n1.start()
		n1.configure()
		err := n1.ask("n2")
		refusedWith(t, err, rule)
		if !errors.As(err, new(*Unreachable)) {
			t.Errorf("%v is what n2 itself said", err)
		}
	}
}

// Strangers open nothing, whatever certificate they bring, and are told why.
func TestStrangers(t *testing.T) {
	n1 := newCluster(t, 2)[0]
	n1.echo()
	for rule, id := range map[string]*identity{
		"a member's certificate is needed":     nil,
		"is not signed by the CA of this":      identityFor(t, issuer(t, time.Now()), "n2"),
		"belongs to no member of this":         identityFor(t, n1.id.ca, "n2"),
		`the certificate of "n2" expired on `:  expiredFor(t, n1.id.ca, "n2"),
		`says "n9", and its key is that of n1`: {n1.id.ca, renamed(t, n1, "n9")},
	} {
		to, _ := n1.Self()
		_, err := callAnyhow(t, id, to)
		var refusal *Refusal
		if !errors.As(err, &refusal) || refusal.Code != CodeNoMember {
			t.Errorf("%s: %v", rule, err)
		}
		refusedWith(t, err, rule)
	}
	if c := n1.Cluster(nil).Refused; c[noCertificate] != 1 || c[foreignCA] != 1 || c[notMember] != 1 || c[expired] != 1 || c[anotherName] != 1 {
		t.Errorf("counted %v", c)
	}
}

// The listener that cannot start is a reason in Cluster, and starts when it can.
func TestListenerTrouble(t *testing.T) {
	n1, n2 := first(t), newNode(t, "n2")
	taken, err := net.Listen("tcp", n2.listen)
	must(t, err)
	defer taken.Close()
	must(t, n2.Join(t.Context(), "n2", n2.listen, n1.token(0)))
	n2.configure()
	eventually(t, "n2 says so", func() bool {
		c := n2.Cluster(nil)
		return c.Verdict == status.ClusterDegraded && len(c.Reasons) > 0 &&
			c.Reasons[0] == "it does not listen on "+n2.listen+": bind: address already in use"
	})
	eventually(t, "n1 does not see it", func() bool {
		c := n1.Cluster(nil)
		return len(c.Nodes) == 2 && c.Nodes[1].Sync == status.SyncUnreachable
	})
	must(t, taken.Close())
	eventually(t, "n1 sees it", func() bool { return n1.sees(2) })
	if r := n2.problem(); r != "" {
		t.Error(r)
	}
}

// Why a node takes no part although somebody thinks that it does.
func TestNoPart(t *testing.T) {
	n := newNode(t, "n1")
	says := func(c config.Cluster, want string) {
		t.Helper()
		n.Configure(c)
		got := n.Cluster(nil)
		text := strings.Join(got.Reasons, "; ")
		if !strings.HasPrefix(text, want) || want == "" && text != "" || got.Verdict != status.ClusterAlone || got.Enabled != (want == "" && n.id != nil) {
			t.Errorf("%+v", got)
		}
	}
	n.snap = &status.Snapshot{}
	says(config.Cluster{}, "")
	says(config.Cluster{Node: "n1", Listen: n.listen}, "the configuration calls this node n1 of a cluster, and it is not enrolled")
	must(t, n.Init("n1", n.listen))
	says(config.Cluster{Node: "n1", Listen: n.listen}, "")
	says(config.Cluster{Node: "n2", Listen: n.listen}, "this node is enrolled as n1, and the configuration calls it n2")
	says(config.Cluster{}, "this node is enrolled as n1, and the configuration has no section cluster")
	refusedWith(t, errOf(n.Remove(t.Context(), "n2")), "this node is enrolled as n1")
	n.stop()
	must(t, os.WriteFile(n.dir.path(membersFile), []byte("{"), 0o600))
	n.start()
	says(config.Cluster{Node: "n1", Listen: n.listen}, "read "+n.dir.path(membersFile))
	refusedWith(t, n.Init("n1", n.listen), "the files of a cluster are there and cannot be read")
	must(t, errOf(n.Remove(t.Context(), "n1")))
	must(t, n.Init("n1", n.listen))
}
