package test

import (
	"flag"
	"net/netip"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/carpd/carpd/internal/lab"
)

// requesters is how many hosts ask, each once in a round.
const requesters = 65_536

// rounds is how often the nodes are asked in turn; a benchmark asks more often.
var rounds = flag.Int("requesters.rounds", 1, "rounds of TestARPFromManyRequesters")

// answerer is a node that is asked for an address.
type answerer struct {
	what string
	node *lab.Node
	addr netip.Prefix
	rate []float64 // answers a second, by round
}

// TestARPFromManyRequesters asks a carpd in native mode, one in the mode that it
// chooses by itself, and a node that has the address in the plain kernel stack,
// by the same generator in the same run. The kernel makes a neighbour entry for
// everybody whom it answers, and its table is full at gc_thresh3.
func TestARPFromManyRequesters(t *testing.T) {
	s := newSite(t, lab.Topology{Routers: 3})
	nodes := []*answerer{
		{what: "carpd, native XDP", node: s.Routers[0], addr: netip.MustParsePrefix("198.18.0.1/15")},
		{what: "carpd, its own choice", node: s.Routers[1], addr: netip.MustParsePrefix("198.18.0.2/15")},
		{what: "kernel alone", node: s.Routers[2], addr: netip.MustParsePrefix("198.18.0.3/15")},
	}
	s.must(s.Routers[0].PassXDP())
	if mode := s.answering(nodes[0], 1, "xdp: native\n"); mode != "native" {
		t.Fatalf("XDP is %s, want native", mode)
	}
	nodes[1].what += ", XDP " + s.answering(nodes[1], 2, "")
	s.must(s.Routers[2].AddAddress(nodes[2].addr))
	for range *rounds {
		for _, a := range nodes {
			s.askMany(a)
		}
	}
	for _, a := range nodes {
		slices.Sort(a.rate)
		t.Logf("%-32s %9.0f minimum %9.0f median, answers a second", a.what, a.rate[0], a.rate[len(a.rate)/2])
	}
	thresh, _ := os.ReadFile("/proc/sys/net/ipv4/neigh/default/gc_thresh3")
	kernel := nodes[2].rate[len(nodes[2].rate)/2]
	for _, a := range nodes[:2] {
		times := a.rate[len(a.rate)/2] / kernel
		t.Logf("%-32s %9.0f times the kernel's (gc_thresh3 %s)", a.what, times, strings.TrimSpace(string(thresh)))
		if times < 50 {
			t.Errorf("%s answers %.0f times as many as the kernel alone, want at least 50", a.what, times)
		}
	}
}

// answering starts a carpd that is MASTER of an address of the network of the
// requesters, and tells its mode.
func (s *site) answering(a *answerer, vhid int, more string) (mode string) {
	s.t.Helper()
	c := s.newCarpd(a.node, group{vhid: vhid, addresses: []string{a.addr.String()}})
	config, err := os.ReadFile(c.config)
	s.must(err)
	s.must(os.WriteFile(c.config, append([]byte(more), config...), 0o600))
	c.start()
	c.is("MASTER", 15*time.Second)
	return c.status().Carpdevs[0].XDP
}

// askMany asks once for each requester. Questions go from the switch to the node
// alone, and answers end where they come in, so that the bridge is not measured.
func (s *site) askMany(a *answerer) {
	s.t.Helper()
	answers, err := s.Switch.Swallow(a.node.Name, lab.Match{
		{At: 12, Want: []byte{8, 6}}, {At: 20, Want: []byte{0, 2}}, {At: 28, Want: a.addr.Addr().AsSlice()},
	})
	s.must(err)
	defer answers.Close()
	f := lab.ARPFlood(a.addr.Addr(), netip.MustParseAddr("198.19.0.0"), requesters)
	f.Interface, f.Count, f.For = a.node.Name, requesters, 20*time.Second
	sent, err := s.Switch.Flood(s.within(30*time.Second), f)
	s.must(err)
	got, err := answers.Count()
	s.must(err)
	s.t.Logf("%-32s asked %d in %4.0f ms (%.0f a second), %d answers", a.what, sent.Sent, sent.Took.Seconds()*1000, sent.PerSecond(), got)
	a.rate = append(a.rate, float64(got)/sent.Took.Seconds())
}
