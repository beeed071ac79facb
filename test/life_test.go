package test

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/carpd/carpd/internal/control"
	"github.com/carpd/carpd/internal/lab"
)

// traces lists what a carpd has left on its node and on the machine.
func (c *carpd) traces() (list []string) {
	c.s.t.Helper()
	for _, p := range []string{
		filepath.Join(pins, c.instance), filepath.Join(control.RunDir, c.instance+".sock"),
		filepath.Join(control.RunDir, c.instance, "added.json"),
	} {
		if _, err := os.Lstat(p); !errors.Is(err, os.ErrNotExist) {
			list = append(list, p)
		}
	}
	addresses, err := c.node.Addresses()
	c.s.must(err)
	for _, a := range addresses {
		if a != c.node.IPv4 && a != c.node.IPv6 {
			list = append(list, "address "+a.String())
		}
	}
	fdb, err := c.node.Command("bridge", "fdb", "show", "dev", lab.Interface).Output()
	c.s.must(err)
	if strings.Contains(fdb, "00:00:5e:00:01:") {
		list = append(list, "filter entry")
	}
	link, err := c.node.Command("ip", "-d", "link", "show", lab.Interface).Output()
	c.s.must(err)
	if strings.Contains(link, "xdp") {
		list = append(list, "XDP program")
	}
	return list
}

// TestCleanEnd: SIGTERM leaves nothing.
func TestCleanEnd(t *testing.T) {
	t.Parallel()
	s := newSite(t, lab.Topology{Routers: 1})
	c := s.carpd(s.Routers[0], group{addresses: both})
	c.is("MASTER", masterDown0+2*time.Second)
	s.eventually(2*time.Second, "the traces of a running MASTER", func() bool { return len(c.traces()) >= 6 })
	s.must(c.Stop(5 * time.Second))
	if left := c.traces(); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
}

// TestUnloadAfterACrash: carpd unload removes what SIGKILL left.
func TestUnloadAfterACrash(t *testing.T) {
	t.Parallel()
	s := newSite(t, lab.Topology{Routers: 1})
	c := s.carpd(s.Routers[0], group{addresses: both})
	c.is("MASTER", masterDown0+2*time.Second)
	out, err := c.node.Command(program(t, "carpd"), "unload", "--instance", c.instance).Output()
	if err == nil {
		t.Errorf("unload of a running carpd: %s", out)
	}
	s.must(c.Kill())
	if out, err := c.node.Command(program(t, "carpd"), "unload", "--instance", c.instance).Output(); err != nil {
		t.Errorf("unload: %v\n%s", err, out)
	}
	for _, left := range c.traces() {
		if !strings.HasSuffix(left, ".sock") { // the next start replaces it
			t.Errorf("left behind: %s", left)
		}
	}
}

// TestStartAfterACrashCleansUp: the next start removes what was recorded, also
// when the configuration no longer knows of it.
func TestStartAfterACrashCleansUp(t *testing.T) {
	t.Parallel()
	s := newSite(t, lab.Topology{Routers: 1})
	c := s.carpd(s.Routers[0], group{addresses: both})
	c.is("MASTER", masterDown0+2*time.Second)
	s.must(c.Kill())
	c.write(group{vhid: 9, addresses: []string{"192.0.2.9/24"}})
	c.start()
	c.is("MASTER", masterDown0+2*time.Second)
	addresses, err := c.node.Addresses()
	s.must(err)
	want := []netip.Prefix{c.node.IPv4, c.node.IPv6, netip.MustParsePrefix("192.0.2.9/32")}
	if !sameSet(addresses, want) {
		t.Errorf("addresses %v, want %v", addresses, want)
	}
	s.must(c.Stop(5 * time.Second))
	if left := c.traces(); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
}

// sameSet compares without order.
func sameSet(a, b []netip.Prefix) bool {
	if len(a) != len(b) {
		return false
	}
	has := map[netip.Prefix]bool{}
	for _, p := range a {
		has[p] = true
	}
	for _, p := range b {
		if !has[p] {
			return false
		}
	}
	return true
}

// TestOperatorsAddressIsLeft: an address that was there before is used, kept
// silent in BACKUP, and never removed.
func TestOperatorsAddressIsLeft(t *testing.T) {
	t.Parallel()
	s := newSite(t, lab.Topology{Routers: 2})
	own := map[*lab.Node][]netip.Prefix{ // as people write them, and as carpd does
		s.Routers[0]: {lab.Virtual4, lab.Virtual6},
		s.Routers[1]: {netip.PrefixFrom(lab.Virtual4.Addr(), 32), netip.PrefixFrom(lab.Virtual6.Addr(), 128)},
	}
	for n, list := range own {
		for _, p := range list {
			s.must(n.AddAddress(p))
		}
	}
	a := s.carpd(s.Routers[0], group{skew: 0, preempt: true, addresses: both})
	b := s.carpd(s.Routers[1], group{skew: 100, preempt: true, addresses: both})
	a.is("MASTER", masterDown0+2*time.Second)
	for _, v := range []netip.Prefix{lab.Virtual4, lab.Virtual6} {
		ask, err := s.client.Ask(v.Addr(), 5*time.Millisecond)
		s.must(err)
		time.Sleep(500 * time.Millisecond)
		ask.Stop()
		r := ask.Report(time.Time{}, time.Now().Add(-100*time.Millisecond))
		if r.Asked == 0 || r.By["r1"] != r.Asked || len(r.By) != 1 {
			t.Errorf("%s: %+v", v, r)
		}
	}
	s.must(a.Stop(5 * time.Second))
	b.is("MASTER", 2*time.Second)
	s.must(b.Kill())
	b.start()
	b.is("MASTER", masterDown100+2*time.Second)
	s.must(b.Stop(5 * time.Second))
	for _, n := range s.Routers {
		addresses, err := n.Addresses()
		s.must(err)
		if want := append([]netip.Prefix{n.IPv4, n.IPv6}, own[n]...); !sameSet(addresses, want) {
			t.Errorf("%s has %v, want %v", n.Name, addresses, want)
		}
	}
}

// TestSecondCarpdOfTheSameInstanceRefuses and leaves the first one alone.
func TestSecondCarpdOfTheSameInstanceRefuses(t *testing.T) {
	t.Parallel()
	s := newSite(t, lab.Topology{Routers: 1})
	c := s.carpd(s.Routers[0], group{})
	c.is("MASTER", masterDown0+2*time.Second)
	before := c.status()
	out, err := c.node.Command(program(t, "carpd"), "run", "-c", c.config).Output()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 3 || !strings.Contains(out, c.instance) {
		t.Errorf("the second one: %v\n%s", err, out)
	}
	if st := c.status(); st.PID != before.PID || st.Groups[0].Transitions != before.Groups[0].Transitions {
		t.Errorf("the first one is disturbed: %+v", st)
	}
	s.onlyMaster(c.node, 2*time.Second)
	s.reachable()
}

// TestTwoInstancesOnOneMachine do not get into each other's way.
func TestTwoInstancesOnOneMachine(t *testing.T) {
	t.Parallel()
	s := newSite(t, lab.Topology{Routers: 1})
	a := s.carpd(s.Routers[0], group{vhid: 1})
	b := s.newInstance(s.Routers[0], s.Routers[0].Namespace()+"-b", group{vhid: 2, addresses: []string{"192.0.2.2/24"}})
	b.start()
	for _, c := range []*carpd{a, b} {
		c.is("MASTER", masterDown0+3*time.Second)
	}
	for _, addr := range []string{"192.0.2.1", "192.0.2.2"} {
		out, err := s.client.Command("ping", "-c1", "-W2", addr).Output()
		if err != nil {
			t.Errorf("%s: %v\n%s", addr, err, out)
		}
	}
	s.must(b.Stop(5 * time.Second))
	if left := fmt.Sprint(b.traces()); strings.Contains(left, b.instance) || strings.Contains(left, "192.0.2.2") {
		t.Errorf("left behind: %s", left)
	}
	s.onlyMaster(a.node, 2*time.Second)
	s.reachable()
}
