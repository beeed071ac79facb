package test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/carpd/carpd/internal/lab"
)

// site is the network of one test.
type site struct {
	*lab.Lab
	t      *testing.T
	client *lab.Node
}

// newSite makes a network with some routers, r1, r2 and so on.
func newSite(t *testing.T, topo lab.Topology, needs ...string) *site {
	t.Helper()
	lab.Need(t, append([]string{"root"}, needs...)...)
	dir := t.TempDir()
	topo.Pcap = filepath.Join(dir, "wire.pcap")
	l, err := lab.New(topo)
	if err != nil {
		t.Fatal(err)
	}
	s := &site{Lab: l, t: t, client: l.Clients[0]}
	t.Cleanup(func() { s.end(topo.Pcap) })
	return s
}

// end closes the network and keeps the evidence of a failed test.
func (s *site) end(pcap string) {
	var keep string
	if s.t.Failed() {
		keep = s.keep()
	}
	if err := s.Close(); err != nil {
		s.t.Error(err)
	}
	if keep != "" { // The capture is whole only now.
		if b, err := os.ReadFile(pcap); err == nil {
			_ = os.WriteFile(filepath.Join(keep, "wire.pcap"), b, 0o600)
		}
	}
}

// keep copies logs and configurations to a place that stays.
func (s *site) keep() string {
	name := strings.NewReplacer("/", "-", " ", "-").Replace(s.t.Name())
	dir, err := os.MkdirTemp("", "carpd-"+name+"-")
	if err != nil {
		s.t.Error(err)
		return ""
	}
	if err := os.CopyFS(dir, os.DirFS(s.Dir())); err != nil {
		s.t.Error(err)
	}
	s.t.Logf("capture, configurations and logs: %s", dir)
	return dir
}

// must ends the test on an error.
func (s *site) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// within is a context for one step.
func (s *site) within(d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(s.t.Context(), d)
	s.t.Cleanup(cancel)
	return ctx
}

// eventually waits until a condition holds and ends the test when it does not
// in time.
func (s *site) eventually(d time.Duration, what string, cond func() bool) {
	s.t.Helper()
	for end := time.Now().Add(d); !cond(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			s.t.Fatalf("not within %s: %s", d, what)
		}
	}
}

// firstAdvert waits for the first CARP advert of a node after an instant.
func (s *site) firstAdvert(n *lab.Node, after time.Time, within time.Duration) lab.Advert {
	s.t.Helper()
	a, err := s.Wire.WaitAdvert(s.within(within), lab.From(n, after))
	if err != nil {
		s.t.Fatalf("no advert of %s within %s", n.Name, within)
	}
	return a
}

// lastAdvert is the latest CARP advert of a node.
func (s *site) lastAdvert(n *lab.Node) lab.Advert {
	s.t.Helper()
	a, ok := s.Wire.LastAdvert(lab.From(n, time.Time{}))
	if !ok {
		s.t.Fatalf("%s never sent an advert", n.Name)
	}
	return a
}

// advertises reports whether a node has sent adverts lately.
func (s *site) advertises(n *lab.Node, lately time.Duration) bool {
	_, ok := s.Wire.LastAdvert(lab.From(n, time.Now().Add(-lately)))
	return ok
}

// onlyMaster checks that, for a time, one node alone advertises.
func (s *site) onlyMaster(n *lab.Node, d time.Duration) {
	s.t.Helper()
	from := time.Now()
	s.firstAdvert(n, from, d+2*time.Second)
	time.Sleep(time.Until(from.Add(d)))
	for _, a := range s.Wire.Adverts(func(a lab.Advert) bool { return a.CARP() && a.At.After(from) }) {
		if a.Port != n.Name {
			s.t.Fatalf("%s advertises %s after %s began to be watched as the only master", a.Port, a.At.Sub(from), n.Name)
		}
	}
}

// ip runs ip(8) on a node.
func (s *site) ip(n *lab.Node, args string) {
	s.t.Helper()
	if out, err := n.Command("ip", strings.Fields(args)...).Output(); err != nil {
		s.t.Fatalf("ip %s: %v\n%s", args, err, out)
	}
}

// nft loads a ruleset on a node.
func (s *site) nft(n *lab.Node, rules string) {
	s.t.Helper()
	p := n.Command("nft", "-f", "-")
	p.Stdin = rules
	if out, err := p.Output(); err != nil {
		s.t.Fatalf("nft: %v\n%s\n%s", err, out, rules)
	}
}
