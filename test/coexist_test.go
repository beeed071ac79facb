package test

import (
	"net"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"github.com/cilium/ebpf/link"

	"github.com/carpd/carpd/internal/lab"
	"github.com/carpd/carpd/internal/status"
)

// on runs a command on a node.
func (s *site) on(n *lab.Node, command string) string {
	s.t.Helper()
	words := strings.Fields(command)
	out, err := n.Command(words[0], words[1:]...).Output()
	if err != nil {
		s.t.Fatalf("%s: %s: %v\n%s", n.Name, command, err, out)
	}
	return out
}

// under makes another device of a node's interface: the old one goes on below
// under the name low0, and the new one has its addresses.
func (s *site) under(n *lab.Node, makeIt ...string) {
	s.t.Helper()
	s.on(n, "ip link set eth0 down")
	s.must(n.Rename(lab.Interface, "low0"))
	s.on(n, "ip addr flush dev low0")
	s.on(n, "ip link set low0 up")
	for _, command := range makeIt {
		s.on(n, command)
	}
	s.on(n, "ip link set eth0 up")
	s.must(n.AddAddress(n.IPv4))
	s.must(n.AddAddress(n.IPv6))
}

// bridged puts a bridge in the place of a node's interface.
func (s *site) bridged(n *lab.Node) {
	s.t.Helper()
	s.under(n, "ip link add eth0 address "+n.MAC.String()+" type bridge mcast_snooping 0", "ip link set low0 master eth0")
}

// behind moves a client off the switch to behind a device of a router.
func (s *site) behind(n, client *lab.Node, makeIt ...string) {
	s.t.Helper()
	s.must(client.Unplug())
	for _, command := range makeIt {
		s.on(n, strings.ReplaceAll(command, "CLIENT", client.Namespace()))
	}
	s.on(client, "ip link set eth0 up")
	s.must(client.AddAddress(client.IPv4))
	s.must(client.AddAddress(client.IPv6))
}

// reaches checks that a node gets answers from the virtual addresses.
func (s *site) reaches(n *lab.Node, what string) {
	s.t.Helper()
	p, err := n.Ping(lab.Virtual4.Addr(), 10*time.Millisecond)
	s.must(err)
	defer p.Stop()
	if err := p.WaitReply(s.within(10*time.Second), time.Now()); err != nil {
		s.t.Errorf("%s: %s gets no answer from the virtual address", what, n.Name)
	}
}

// carpdev is the status of the only carpdev.
func (c *carpd) carpdev() status.Carpdev {
	c.s.t.Helper()
	devs := c.status().Carpdevs
	if len(devs) != 1 {
		c.s.t.Fatalf("carpdevs %+v", devs)
	}
	return devs[0]
}

// entries are those of a bridge for the virtual MAC of vhid 1.
func (s *site) entries(n *lab.Node) (lines []string) {
	s.t.Helper()
	for line := range strings.Lines(s.on(n, "bridge fdb show br eth0")) {
		if strings.HasPrefix(line, "00:00:5e:00:01:01 ") {
			lines = append(lines, strings.TrimSpace(line))
		}
	}
	return lines
}

// onlyEntry waits until the bridge of a node knows the virtual MAC at one place.
func (s *site) onlyEntry(n *lab.Node, what, where string) {
	s.t.Helper()
	s.eventually(10*time.Second, what+": the bridge of "+n.Name+" has the virtual MAC "+where, func() bool {
		lines := s.entries(n)
		return len(lines) == 1 && strings.Contains(lines[0], where)
	})
}

// TestBridge: the carpdev is a bridge. A host behind a port of the BACKUP's
// bridge reaches the MASTER through it, and the new one after each fail-over.
func TestBridge(t *testing.T) {
	t.Parallel()
	s := newSite(t, lab.Topology{Routers: 2, Clients: 2}, "ip", "bridge")
	r1, r2, host := s.Routers[0], s.Routers[1], s.Clients[1]
	s.bridged(r1)
	s.bridged(r2)
	s.behind(r2, host, "ip link add p0 type veth peer name eth0 netns CLIENT", "ip link set p0 master eth0", "ip link set p0 up")
	a := s.carpd(r1, group{addresses: both, preempt: true})
	a.is("MASTER", masterDown0+5*time.Second)
	b := s.carpd(r2, group{addresses: both, skew: 100})
	b.is("BACKUP", 10*time.Second)
	if d := b.carpdev(); d.XDP != "none" || !strings.HasPrefix(d.XDPWhy, "a bridge ") {
		t.Errorf("XDP mode %s: %s", d.XDP, d.XDPWhy)
	}
	check := func(what string, own, learnt *lab.Node) {
		t.Helper()
		s.onlyEntry(own, what, "dev eth0 master eth0 permanent")
		s.onlyEntry(learnt, what, "dev low0 master eth0")
		s.reaches(host, what)
		s.reaches(s.client, what)
	}
	check("at first", r1, r2)
	s.must(a.Stop(10 * time.Second))
	b.is("MASTER", 10*time.Second)
	s.onlyEntry(r2, "after the bow-out", "dev eth0 master eth0 permanent")
	s.reaches(host, "after the bow-out")
	s.reaches(s.client, "after the bow-out")
	if lines := s.entries(r1); slices.ContainsFunc(lines, func(l string) bool { return strings.Contains(l, "permanent") }) {
		t.Errorf("left behind: %q", lines)
	}
	a.start()
	a.is("MASTER", masterDown0+10*time.Second)
	b.is("BACKUP", 10*time.Second)
	check("after the return", r1, r2)
}

// TestBridgePort: an interface that becomes a port of a bridge is refused,
// naming the bridge, and taken back when it is none any more.
func TestBridgePort(t *testing.T) {
	t.Parallel()
	s := newSite(t, lab.Topology{Routers: 1}, "ip")
	n := s.Routers[0]
	c := s.carpd(n, group{})
	c.is("MASTER", masterDown0+5*time.Second)
	s.on(n, "ip link add br9 type bridge")
	s.on(n, "ip link set br9 up")
	s.on(n, "ip link set eth0 master br9")
	c.is("INIT", 10*time.Second)
	const why = "eth0 is a port of the bridge br9: use the bridge as carpdev"
	if g := c.group(); !slices.Contains(g.Warnings, why) {
		t.Errorf("warnings %q", g.Warnings)
	}
	out, err := n.Command(program(t, "carpd"), "check", "--live", c.config).Output()
	if err == nil || !strings.Contains(out, why) {
		t.Errorf("check --live: %v: %s", err, out)
	}
	s.on(n, "ip link set eth0 nomaster")
	c.is("MASTER", masterDown0+10*time.Second)
	s.reachable()
}

// TestMacvlanOnTop: the carpdev has a macvlan on it, in another namespace. Both
// get what is theirs.
func TestMacvlanOnTop(t *testing.T) {
	t.Parallel()
	s := newSite(t, lab.Topology{Routers: 1, Clients: 2}, "ip")
	n, guest := s.Routers[0], s.Clients[1]
	s.behind(n, guest, "ip link add link eth0 name mac0 type macvlan mode bridge", "ip link set mac0 netns CLIENT name eth0")
	c := s.carpd(n, group{addresses: both})
	c.is("MASTER", masterDown0+5*time.Second)
	s.reachable()
	p, err := s.client.Ping(guest.IPv4.Addr(), 10*time.Millisecond)
	s.must(err)
	defer p.Stop()
	if err := p.WaitReply(s.within(10*time.Second), time.Now()); err != nil {
		t.Error("the client does not reach the macvlan on the carpdev")
	}
}

// TestMacvlanAsCarpdev: one that gets frames to its own MAC alone is refused,
// with what to do; in passthru mode, or with mac: physical, it works.
func TestMacvlanAsCarpdev(t *testing.T) {
	t.Parallel()
	for _, m := range []struct{ mode, more, refused string }{
		{"bridge", "", "eth0 is a macvlan in bridge mode, which gets no frames to a virtual MAC: use mac: physical, passthru mode or the interface below it"},
		{"bridge", "mac: physical\n", ""},
		{"passthru", "", ""},
	} {
		t.Run(m.mode+m.more, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, lab.Topology{Routers: 1}, "ip")
			n := s.Routers[0]
			s.under(n, "ip link add link low0 name eth0 type macvlan mode "+m.mode)
			c := s.carpd(n, group{more: m.more})
			if m.refused == "" {
				c.is("MASTER", masterDown0+5*time.Second)
				s.reachable()
				return
			}
			s.eventually(10*time.Second, "refused", func() bool {
				g := c.group()
				return g.State == "INIT" && slices.Contains(g.Warnings, m.refused)
			})
		})
	}
}

// TestForeignXDP: the XDP program of somebody else holds both routers'
// interfaces. TCX does all the work, with the reason in the status; when the
// program leaves, the mode that the configuration wants is taken.
func TestForeignXDP(t *testing.T) {
	t.Parallel()
	s := newSite(t, lab.Topology{Routers: 2}, "ip")
	theirs := s.foreignXDP(s.Routers[0])
	s.foreignXDP(s.Routers[1])
	prepare := func(n *lab.Node, g group) *carpd {
		c := s.newCarpd(n, g)
		text, err := os.ReadFile(c.config)
		s.must(err)
		s.must(os.WriteFile(c.config, append([]byte("xdp: generic\n"), text...), 0o600))
		c.start()
		return c
	}
	a := prepare(s.Routers[0], group{addresses: both, preempt: true})
	a.is("MASTER", masterDown0+5*time.Second)
	b := prepare(s.Routers[1], group{addresses: both, skew: 100})
	b.is("BACKUP", 10*time.Second)
	for _, c := range []*carpd{a, b} {
		d := c.carpdev()
		if d.XDP != "none" || !strings.HasSuffix(d.XDPWhy, " of somebody else holds the interface") || len(d.Tried) != 1 || d.Tried[0].Refusal != "held" {
			t.Errorf("%s: XDP mode %s: %s, %+v", c.node.Name, d.XDP, d.XDPWhy, d.Tried)
		}
	}
	for _, v := range []string{"arp", "nd"} {
		target := lab.Virtual4.Addr()
		if v == "nd" {
			target = lab.Virtual6.Addr()
		}
		ask, err := s.client.Ask(target, 10*time.Millisecond)
		s.must(err)
		from := time.Now()
		s.eventually(10*time.Second, v+" is answered", func() bool { return ask.Report(from, time.Now()).Answered > 20 })
	}
	s.onlyMaster(a.node, 5*time.Second)
	s.reachable()
	s.must(theirs.Close())
	e := a.event("programs", 30*time.Second)
	if e.Text != "eth0: XDP mode generic in place of none: xdp: generic in the configuration" {
		t.Errorf("%+v", e)
	}
	if d := a.carpdev(); d.XDP != "generic" {
		t.Errorf("XDP mode %s: %s", d.XDP, d.XDPWhy)
	}
	s.reachable()
}

// foreignXDP puts the program of somebody else, which passes everything, onto
// the interface of a node.
func (s *site) foreignXDP(n *lab.Node) (l link.Link) {
	s.t.Helper()
	s.must(n.Run(func() error {
		eth0, err := net.InterfaceByName(lab.Interface)
		if err != nil {
			return err
		}
		pass, err := ebpf.NewProgram(&ebpf.ProgramSpec{
			Name: "foreign", Type: ebpf.XDP, License: "BSD",
			Instructions: asm.Instructions{asm.Mov.Imm(asm.R0, 2), asm.Return()},
		})
		if err != nil {
			return err
		}
		defer func() { _ = pass.Close() }()
		l, err = link.AttachXDP(link.XDPOptions{Program: pass, Interface: eth0.Index, Flags: link.XDPGenericMode})
		return err
	}))
	s.t.Cleanup(func() { _ = l.Close() })
	return l
}

// TestForeignTCX: programs of somebody else stand at TCX before carpd comes, and
// others push in later. carpd works between them and says where it stands.
func TestForeignTCX(t *testing.T) {
	t.Parallel()
	s := newSite(t, lab.Topology{Routers: 1})
	n := s.Routers[0]
	s.foreignTCX(n)
	c := s.carpd(n, group{addresses: both})
	c.is("MASTER", masterDown0+5*time.Second)
	if d := c.carpdev(); d.Ingress != "first of 2" || d.Egress != "last of 2" || len(d.Warnings) > 0 {
		t.Errorf("%+v", d)
	}
	s.reachable()
	s.foreignTCX(n)
	e := c.event("programs", 30*time.Second)
	if e.Text != "eth0: carp_in is number 2 of 3 at TCX now, before first of 2" {
		t.Errorf("%+v", e)
	}
	d := c.carpdev()
	if d.Ingress != "number 2 of 3" || d.Egress != "number 2 of 3" || len(d.Warnings) != 2 {
		t.Errorf("%+v", d)
	}
	s.reachable()
}

// foreignTCX puts programs of somebody else, which pass everything, first at TCX
// ingress and last at TCX egress of a node.
func (s *site) foreignTCX(n *lab.Node) {
	s.t.Helper()
	s.must(n.Run(func() error {
		eth0, err := net.InterfaceByName(lab.Interface)
		if err != nil {
			return err
		}
		for hook, at := range map[ebpf.AttachType]link.Anchor{ebpf.AttachTCXIngress: link.Head(), ebpf.AttachTCXEgress: link.Tail()} {
			pass, err := ebpf.NewProgram(&ebpf.ProgramSpec{
				Name: "foreign", Type: ebpf.SchedCLS, License: "BSD",
				Instructions: asm.Instructions{asm.Mov.Imm(asm.R0, -1), asm.Return()},
			})
			if err != nil {
				return err
			}
			defer func() { _ = pass.Close() }()
			l, err := link.AttachTCX(link.TCXOptions{Program: pass, Interface: eth0.Index, Attach: hook, Anchor: at})
			if err != nil {
				return err
			}
			s.t.Cleanup(func() { _ = l.Close() })
		}
		return nil
	}))
}
