package test

import (
	"encoding/json"
	"errors"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/carpd/carpd/internal/lab"
)

// TestToolsTellMasterFromBackup: what scripts and people look at.
func TestToolsTellMasterFromBackup(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	for c, want := range map[*carpd]struct {
		code  int
		state string
		line  string
	}{
		p.a: {0, "MASTER", "carp: MASTER vhid 1 advbase 1 advskew 0"},
		p.b: {3, "BACKUP", "carp: BACKUP vhid 1 advbase 1 advskew 100"},
	} {
		_, err := c.node.Command(program(t, "carpctl"), "--instance", c.instance, "is-master").Output()
		code := 0
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			code = exit.ExitCode()
		}
		if code != want.code {
			t.Errorf("%s: is-master exits with %d: %v", c.node.Name, code, err)
		}
		if out := c.carpctl("status"); !strings.Contains(out, want.state) {
			t.Errorf("%s: status prints\n%s", c.node.Name, out)
		}
		if out := c.carpctl("status", "-o", "ifconfig"); !strings.Contains(out, want.line) {
			t.Errorf("%s: status -o ifconfig prints\n%s", c.node.Name, out)
		}
		if out := c.carpctl("explain", "1@eth0"); !strings.Contains(out, want.state) {
			t.Errorf("%s: explain prints\n%s", c.node.Name, out)
		}
		if out := c.carpctl("events"); !strings.Contains(out, want.state) {
			t.Errorf("%s: events prints\n%s", c.node.Name, out)
		}
	}
}

// TestBpftoolShowsNames: a person sees fields and states by name.
func TestBpftoolShowsNames(t *testing.T) {
	t.Parallel()
	s := newSite(t, lab.Topology{Routers: 1}, "bpftool")
	c := s.carpd(s.Routers[0], group{addresses: both})
	c.is("MASTER", masterDown0+2*time.Second)
	s.namedDump(c.instance)
}

// namedDump reads carp_groups of an instance by bpftool.
func (s *site) namedDump(instance string) {
	s.t.Helper()
	checkDump(s.t, s.client, instance)
}

// checkDump fails when bpftool does not print names.
func checkDump(t *testing.T, n *lab.Node, instance string) {
	t.Helper()
	out, err := n.Command("bpftool", "-j", "map", "dump", "pinned", filepath.Join(pins, instance, "carp_groups")).Output()
	if err != nil {
		t.Fatalf("bpftool: %v\n%s", err, out)
	}
	var dump []struct {
		Formatted struct {
			Key   struct{ VHID int }
			Value struct {
				State string `json:"state"`
				Since uint64 `json:"since_ns"`
			}
		}
	}
	if err := json.Unmarshal([]byte(out), &dump); err != nil {
		t.Fatalf("bpftool prints %s: %v", out, err)
	}
	if len(dump) != 1 || dump[0].Formatted.Key.VHID != 1 || dump[0].Formatted.Value.State != "CARP_MASTER" ||
		dump[0].Formatted.Value.Since == 0 {
		t.Errorf("bpftool prints %s", out)
	}
}

// TestDecodeGivesTheRightVerdicts of a capture with adverts of carpd, of a
// UCarp with the right and of one with a wrong password.
func TestDecodeGivesTheRightVerdicts(t *testing.T) {
	t.Parallel()
	s := newSite(t, lab.Topology{Routers: 3}, "ucarp", "tcpdump")
	r1, r2, r3 := s.Routers[0], s.Routers[1], s.Routers[2]
	file := s.File("adverts.pcap")
	dump := s.client.Command("tcpdump", "--immediate-mode", "-U", "-i", lab.Interface, "-w", file, "ip proto 112 or ip6 proto 112")
	dump.Log = s.File("tcpdump.log")
	s.must(dump.Start())
	s.ucarp(r2, ucarpOptions{skew: 50})
	s.ucarp(r3, ucarpOptions{skew: 100, password: "somethingelse"})
	for _, n := range []*lab.Node{r2, r3} {
		s.firstAdvert(n, time.Time{}, masterDown100+2*ucarpLate)
	}
	c := s.carpd(r1, group{skew: 0, preempt: true})
	c.is("MASTER", masterDown0+2*time.Second)
	s.firstAdvert(r1, time.Now(), 2*time.Second)
	s.must(dump.Stop(3 * time.Second))

	seen := map[string]map[string]int{}
	dec := json.NewDecoder(strings.NewReader(c.carpctl("decode", file, "--config", c.config, "-o", "json")))
	for dec.More() {
		var a struct{ Src, Verdict string }
		s.must(dec.Decode(&a))
		if seen[a.Src] == nil {
			seen[a.Src] = map[string]int{}
		}
		seen[a.Src][a.Verdict]++
	}
	for n, verdict := range map[*lab.Node]string{r1: "ok", r2: "ok", r3: "bad digest"} {
		if got := seen[n.IPv4.Addr().String()]; len(got) != 1 || got[verdict] == 0 {
			t.Errorf("%s: %v, want %q only", n.Name, got, verdict)
		}
	}
}
