package test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/carpd/carpd/internal/lab"
	"github.com/carpd/carpd/internal/status"
)

// keepalived is a running VRRP daemon.
type keepalived struct {
	*lab.Process
	node *lab.Node
}

// keepalived starts one for an address that is not ours.
func (s *site) keepalived(n *lab.Node, version, vrid, priority int) *keepalived {
	s.t.Helper()
	conf := s.File(n.Name + ".keepalived.conf")
	s.must(os.WriteFile(conf, []byte(fmt.Sprintf(`global_defs {
	vrrp_version %d
}
vrrp_instance bystander {
	state BACKUP
	interface %s
	virtual_router_id %d
	priority %d
	advert_int 1
	virtual_ipaddress {
		192.0.2.201/32
	}
}
`, version, lab.Interface, vrid, priority)), 0o644))
	k := &keepalived{node: n, Process: n.Command("keepalived", "--dont-fork", "--log-console", "--log-detail", "--vrrp",
		"--use-file="+conf, "--pid="+s.File(n.Name+".pid"), "--vrrp_pid="+s.File(n.Name+".vrrp.pid"))}
	k.Log = s.File(n.Name + ".keepalived.log")
	s.must(k.Start())
	return k
}

// states lists the states that its log tells, in order.
func (k *keepalived) states() string {
	b, _ := os.ReadFile(k.Log)
	var states []string
	for line := range strings.Lines(string(b)) {
		if _, state, ok := strings.Cut(line, "(bystander) Entering "); ok {
			states = append(states, strings.TrimSpace(state))
		}
	}
	return strings.Join(states, ", ")
}

// TestKeepalivedNoticesNothing: a VRRP router on the same interface keeps its
// states and its adverts, with our id and with another, in both versions. Our
// own id on VRRP shares our virtual MAC, which carpd tells.
func TestKeepalivedNoticesNothing(t *testing.T) {
	for _, version := range []int{2, 3} {
		for _, vrid := range []int{1, 77} {
			t.Run(fmt.Sprintf("VRRPv%d id %d", version, vrid), func(t *testing.T) {
				t.Parallel()
				bystander(t, version, vrid)
			})
		}
	}
}

// bystander runs both daemons on both routers.
func bystander(t *testing.T, version, vrid int) {
	s := newSite(t, lab.Topology{Routers: 2}, "keepalived")
	r1, r2 := s.Routers[0], s.Routers[1]
	k1, k2 := s.keepalived(r1, version, vrid, 200), s.keepalived(r2, version, vrid, 100)
	s.eventually(10*time.Second, "keepalived is settled", func() bool {
		return strings.HasSuffix(k1.states(), "MASTER STATE") && strings.HasSuffix(k2.states(), "BACKUP STATE (init)")
	})
	before := [2]string{k1.states(), k2.states()}
	from := time.Now()

	// The VRRP BACKUP is to be our MASTER, so that each hears the other kind.
	a, b := s.carpd(r2, group{skew: 0, preempt: true}), s.carpd(r1, group{skew: 100, preempt: true})
	a.is("MASTER", masterDown100+2*time.Second)
	s.onlyMaster(r2, 4*time.Second)
	if g := b.group(); g.State != "BACKUP" {
		t.Errorf("carpd on r1 is %s", g.State)
	}
	collides := func(e status.Event) bool { return e.Kind == "vrid collision" }
	if all, err := a.control.Events(t.Context(), 0); err != nil || slices.ContainsFunc(all.Events, collides) != (vrid == 1) {
		t.Errorf("collision with id %d: %+v %v", vrid, all, err)
	}
	s.must(a.Kill())
	b.is("MASTER", masterDown100+time.Second)

	if after := [2]string{k1.states(), k2.states()}; after != before {
		t.Errorf("keepalived went through %q, had been through %q", after, before)
	}
	s.sameVRRP(k1, from, time.Now())
}

// sameVRRP checks that the VRRP master alone advertised, once a second, the
// same bytes all the time.
func (s *site) sameVRRP(master *keepalived, from, until time.Time) {
	s.t.Helper()
	list := s.Wire.Adverts(func(a lab.Advert) bool { return !a.CARP() && a.At.After(from) && a.At.Before(until) })
	if want := int(until.Sub(from).Seconds()); len(list) < want-2 || len(list) > want+2 {
		s.t.Errorf("%d VRRP adverts in %s", len(list), until.Sub(from))
	}
	for i, a := range list {
		if a.Port != master.node.Name || string(a.Payload) != string(list[0].Payload) {
			s.t.Errorf("VRRP advert from %s: % x, the first one is % x", a.Port, a.Payload, list[0].Payload)
		}
		if i == 0 {
			continue
		}
		if gap := a.At.Sub(list[i-1].At); gap < 700*time.Millisecond || gap > 1500*time.Millisecond {
			s.t.Errorf("%s between two VRRP adverts", gap)
		}
	}
}
