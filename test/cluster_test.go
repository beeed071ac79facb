package test

import (
	"crypto/tls"
	"encoding/json"
	"errors"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/carpd/carpd/internal/control"
	"github.com/carpd/carpd/internal/lab"
	"github.com/carpd/carpd/internal/status"
)

// TestCluster: three carpd are enrolled over the network; each shows all; when one
// is killed the others say so, and when it is back all is well.
func TestCluster(t *testing.T) {
	t.Parallel()
	s := newSite(t, lab.Topology{Routers: 3})
	all := newCluster(t, s, 3)
	all[0].is("MASTER", masterDown0+10*time.Second)
	for _, c := range all {
		got := c.verdict(status.ClusterOK, 30*time.Second)
		if got.Node != c.node.Name || got.Nodes[0].Name != c.node.Name || len(got.Nodes) != 3 {
			t.Errorf("%s: %+v", c.node.Name, got)
		}
	}
	if r := [3]int{all[2].member("r1").Rank, all[2].member("r2").Rank, all[2].member("r3").Rank}; r != [3]int{0, 1, 2} {
		t.Errorf("ranks %v", r)
	}
	s.must(all[2].Kill())
	for _, c := range all[:2] {
		got := c.verdict(status.ClusterDegraded, 30*time.Second)
		if len(got.Reasons) != 1 || !strings.HasPrefix(got.Reasons[0], "r3 has not answered for ") {
			t.Errorf("%s: %q", c.node.Name, got.Reasons)
		}
		if n := c.member("r3"); n.Sync != status.SyncUnreachable || n.Status != nil {
			t.Errorf("%s: %+v", c.node.Name, n)
		}
		c.event("node unreachable", 10*time.Second)
	}
	all[2].start()
	for _, c := range all {
		c.verdict(status.ClusterOK, 30*time.Second)
	}
}

// clusterFiles is where a carpd keeps what it is a member of.
func (c *carpd) clusterFiles() string { return c.s.File(filepath.Join("state", c.instance, "cluster")) }

// TestTokenIsUsedOnce: of two nodes that come with one token at the same moment one
// gets in, and a token that was used, or spoiled, opens nothing. None of it disturbs
// the election or leaves a secret in a log.
func TestTokenIsUsedOnce(t *testing.T) {
	t.Parallel()
	s := newSite(t, lab.Topology{Routers: 3})
	var all []*carpd
	for i, r := range s.Routers {
		all = append(all, s.carpd(r, group{skew: 100 * i, preempt: true, addresses: both}))
	}
	all[0].is("MASTER", masterDown0+10*time.Second)
	moves := all[0].group().Transitions
	enrol(all[0])
	token := all[0].carpctl("cluster", "token")

	var wg sync.WaitGroup
	outs, errs := make([]string, 2), make([]error, 2)
	for i, c := range all[1:] {
		wg.Go(func() { outs[i], errs[i] = c.tryJoin(c.node.Name, token) })
	}
	wg.Wait()
	if (errs[0] == nil) == (errs[1] == nil) {
		t.Fatalf("two joiners with one token: %v\n%s%s", errs, outs[0], outs[1])
	}
	in, out := all[1], all[2]
	if errs[0] != nil {
		in, out = out, in
	}
	if text := outs[0] + outs[1]; !strings.Contains(text, "this token was used already: make another one") {
		t.Errorf("the other one is told %q", text)
	}
	all[0].seesAll(2)
	in.seesAll(2)
	half := all[0].carpctl("cluster", "token")[:60]
	if text, err := out.tryJoin(out.node.Name, half); err == nil || !strings.Contains(text, "this is no whole token") {
		t.Errorf("half a token: %v %s", err, text)
	}
	if text, err := out.tryJoin(in.node.Name, all[0].carpctl("cluster", "token")); err == nil || !strings.Contains(text, "another node is called "+in.node.Name) {
		t.Errorf("a name that is taken: %v %s", err, text)
	}
	for _, c := range all {
		if strings.Contains(c.log(), strings.TrimSpace(token)) || strings.Contains(c.log(), "PRIVATE KEY") {
			t.Errorf("a secret is in the log of %s", c.node.Name)
		}
	}
	if g := all[0].group(); g.State != "MASTER" || g.Transitions != moves {
		t.Errorf("the election was disturbed: %s after %d transitions, %d before", g.State, g.Transitions, moves)
	}
}

// TestStrangersAtTheListener: without a certificate, with one of another cluster, or
// with that of a node which was removed, nobody gets in; all are told why and counted.
func TestStrangersAtTheListener(t *testing.T) {
	t.Parallel()
	s := newSite(t, lab.Topology{Routers: 3})
	all := newCluster(t, s, 2)
	stranger := s.carpd(s.Routers[2], group{skew: 200, preempt: true, addresses: both})
	enrol(stranger)
	for _, c := range []struct{ what, files, want string }{
		{"nobody", "", "a member's certificate is needed"},
		{"a node of another cluster", stranger.clusterFiles(), `the certificate of \"r3\" is not signed by the CA of this cluster`},
		{"a member that asks for what there is not", all[1].clusterFiles(), "nothing is served on nothing"},
	} {
		if got := knock(t, all[0].node, c.files); !strings.Contains(got, c.want) {
			t.Errorf("%s is told %s", c.what, got)
		}
	}
	thief := s.File("thief") // What somebody has copied before.
	s.must(os.CopyFS(thief, os.DirFS(all[1].clusterFiles())))
	all[0].carpctl("cluster", "remove", "r2")
	if got := knock(t, all[0].node, thief); !strings.Contains(got, "r2 was removed from the cluster by r1") {
		t.Errorf("a removed node is told %s", got)
	}
	if refused := all[0].cluster().Refused; refused["no certificate"] != 1 || refused["certificate of another CA"] != 1 || refused["removed node"] == 0 {
		t.Errorf("counted %v", refused)
	}
	all[0].event("cluster refused", 5*time.Second)
	// It was told, leaves, and comes back with a new key.
	s.eventually(10*time.Second, "r2 knows", func() bool {
		c := all[1].cluster()
		return !c.Enabled && strings.HasPrefix(c.Reasons[0], "this node was removed from the cluster by r1")
	})
	all[1].carpctl("cluster", "remove", "r2")
	if left, _ := filepath.Glob(filepath.Join(all[1].clusterFiles(), "*")); len(left) != 0 {
		t.Errorf("left behind: %q", left)
	}
	if text, err := os.ReadFile(all[1].config); err != nil || strings.Contains(string(text), "cluster") {
		t.Errorf("the section is still there: %v\n%s", err, text)
	}
	all[1].join(all[0].carpctl("cluster", "token"))
	all[0].seesAll(2)
	if got := knock(t, all[0].node, thief); !strings.Contains(got, "r2 was removed from the cluster by r1") {
		t.Errorf("the old key of a node that came back is told %s", got)
	}
}

// knock calls the listener of a node with the certificate in a directory, or with
// none, and returns the answer.
func knock(t *testing.T, n *lab.Node, files string) string {
	t.Helper()
	cfg := &tls.Config{InsecureSkipVerify: true}
	if files != "" {
		pair, err := tls.LoadX509KeyPair(filepath.Join(files, "node.crt"), filepath.Join(files, "node.key"))
		if err != nil {
			t.Fatal(err)
		}
		cfg.Certificates = []tls.Certificate{pair}
	}
	local, err := n.Forward(clusterAddress(n))
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{TLSClientConfig: cfg, DisableKeepAlives: true}}
	resp, err := client.Post("https://"+local+"/v1/call/nothing", "application/json", strings.NewReader("{}"))
	if err != nil {
		return err.Error()
	}
	defer resp.Body.Close()
	var raw json.RawMessage
	_ = json.NewDecoder(resp.Body).Decode(&raw)
	return string(raw)
}

// TestClusterListenerIsTaken: a listener that cannot start is a reason in the
// verdict and not the end of carpd, and starts when it can.
func TestClusterListenerIsTaken(t *testing.T) {
	t.Parallel()
	s := newSite(t, lab.Topology{Routers: 1})
	c := s.carpd(s.Routers[0], group{addresses: both})
	var taken net.Listener
	s.must(c.node.Run(func() (err error) {
		taken, err = net.Listen("tcp", clusterAddress(c.node))
		return err
	}))
	c.carpctl("cluster", "init", "--node", "r1", "--listen", clusterAddress(c.node))
	c.is("MASTER", masterDown0+10*time.Second)
	s.eventually(10*time.Second, "it says so", func() bool {
		r := c.cluster().Reasons
		return len(r) == 1 && strings.HasPrefix(r[0], "it does not listen on 192.0.2.11:7430: ")
	})
	s.must(taken.Close())
	s.eventually(20*time.Second, "it listens", func() bool { return len(c.cluster().Reasons) == 0 })
	for _, name := range []string{"ca.crt", "ca.key", "members.json", "node.crt", "node.key"} {
		info, err := os.Stat(filepath.Join(c.clusterFiles(), name))
		if errors.Is(err, fs.ErrNotExist) || info.Mode() != 0o600 {
			t.Errorf("%s: %v, %v", name, info, err)
		}
	}
}

// TestHandOverIsNoSplit: a group that is handed over and comes back is called a
// split by nobody and at no time.
func TestHandOverIsNoSplit(t *testing.T) {
	t.Parallel()
	s := newSite(t, lab.Topology{Routers: 2})
	all := newCluster(t, s, 2)
	all[0].is("MASTER", masterDown0+10*time.Second)
	for _, c := range all {
		c.verdict(status.ClusterOK, 30*time.Second)
	}
	looks, splits := 0, []string{}
	watch := make(chan struct{})
	var watching sync.WaitGroup
	watching.Go(func() {
		for {
			select {
			case <-watch:
				return
			case <-time.After(50 * time.Millisecond):
			}
			for _, c := range all {
				if got, err := control.Read[status.Cluster](t.Context(), c.control, "cluster"); err == nil && got.Verdict == status.ClusterSplit {
					splits = append(splits, c.node.Name+": "+strings.Join(got.Reasons, "; "))
				}
			}
			looks++
		}
	})
	all[0].carpctl("handover", "1@eth0")
	all[1].is("MASTER", 10*time.Second)
	all[0].carpctl("demote", "remove", "handover", "--group", "1@eth0")
	all[0].is("MASTER", 10*time.Second)
	for _, c := range all {
		c.verdict(status.ClusterOK, 30*time.Second)
	}
	close(watch)
	watching.Wait()
	if len(splits) > 0 || looks < 10 {
		t.Errorf("a hand-over was called a split in %d looks: %q", looks, splits)
	}
}

// TestSplit: two MASTERs, because one has another password, are a split for both.
func TestSplit(t *testing.T) {
	t.Parallel()
	s := newSite(t, lab.Topology{Routers: 2})
	var all []*carpd
	for i, r := range s.Routers {
		apart := group{skew: 100 * i, preempt: true, addresses: both, more: "sync: false\n", password: []string{password, "another password"}[i]}
		all = append(all, s.carpd(r, apart))
	}
	enrol(all...)
	for _, c := range all {
		got := c.verdict(status.ClusterSplit, 30*time.Second)
		if !strings.HasPrefix(got.Reasons[0], "1@eth0 has 2 MASTERs, r") {
			t.Errorf("%s: %q", c.node.Name, got.Reasons)
		}
	}
	if out := all[0].carpctl("cluster", "status"); !strings.Contains(out, "r1 of 2 nodes: split\n  1@eth0 has 2 MASTERs, r1 and r2, for ") {
		t.Errorf("carpctl says\n%s", out)
	}
}
