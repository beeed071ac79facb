package test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/carpd/carpd/internal/control"
	"github.com/carpd/carpd/internal/lab"
	"github.com/carpd/carpd/internal/status"
)

// pins is where carpd pins programs, maps and links.
const pins = "/sys/fs/bpf/carpd"

// group is what a configuration says about one group. Zero values are the
// usual ones of these tests.
type group struct {
	vhid      int
	carpdev   string
	skew      int
	preempt   bool
	password  string
	addresses []string
	nodes     string // carpnodes, in place of vhid and skew
	more      string // further lines of YAML
}

// carpd is a running carpd.
type carpd struct {
	*lab.Process
	s        *site
	node     *lab.Node
	instance string
	config   string
	control  *control.Client
}

// newCarpd prepares a carpd on a node with a configuration.
func (s *site) newCarpd(n *lab.Node, groups ...group) *carpd {
	s.t.Helper()
	return s.newInstance(n, n.Namespace(), groups...)
}

// newInstance prepares one with a name of its own.
func (s *site) newInstance(n *lab.Node, instance string, groups ...group) *carpd {
	s.t.Helper()
	c := &carpd{s: s, node: n, instance: instance, config: s.File(instance + ".yaml")}
	sock := filepath.Join(control.RunDir, c.instance+".sock")
	for _, p := range []string{
		sock, filepath.Join(control.RunDir, c.instance), filepath.Join(control.RunDir, c.instance+".lock"),
		filepath.Join(pins, c.instance),
	} {
		s.must(s.RemoveToo(p))
	}
	c.control = control.Dial(sock)
	c.write(groups...)
	c.Process = n.Command(program(s.t, "carpd"), "run", "-c", c.config)
	c.Log = s.File(instance + ".carpd.log")
	return c
}

// carpd starts one and waits until it can be asked.
func (s *site) carpd(n *lab.Node, groups ...group) *carpd {
	s.t.Helper()
	c := s.newCarpd(n, groups...)
	c.start()
	return c
}

// start starts it, also again after it ended.
func (c *carpd) start() {
	c.s.t.Helper()
	c.s.must(c.Start())
	c.s.eventually(30*time.Second, "carpd on "+c.node.Name+" answers", func() bool {
		if !c.Running() {
			c.s.t.Fatalf("carpd on %s ended:\n%s", c.node.Name, c.log())
		}
		_, err := c.control.Status(c.s.t.Context())
		return err == nil
	})
}

// write writes the configuration.
func (c *carpd) write(groups ...group) {
	var b strings.Builder
	fmt.Fprintf(&b, "instance: %s\nlog_level: debug\ngroups:\n", c.instance)
	for _, g := range groups {
		if g.addresses == nil {
			g.addresses = []string{lab.Virtual4.String()}
		}
		if g.password == "" {
			g.password = password
		}
		addresses, _ := json.Marshal(g.addresses) // JSON is YAML
		who := fmt.Sprintf("vhid: %d\n    advskew: %d", max(1, g.vhid), g.skew)
		if g.nodes != "" {
			who = "carpnodes: " + g.nodes
		}
		fmt.Fprintf(&b, "  - %s\n    carpdev: %s\n    addresses: %s\n    password: %q\n    preempt: %t\n",
			who, cmp.Or(g.carpdev, lab.Interface), addresses, g.password, g.preempt)
		for line := range strings.Lines(g.more) {
			b.WriteString("    " + line)
		}
	}
	c.s.must(os.WriteFile(c.config, []byte(b.String()), 0o600))
}

// status asks the daemon.
func (c *carpd) status() *status.Snapshot {
	c.s.t.Helper()
	st, err := c.control.Status(c.s.t.Context())
	c.s.must(err)
	return st
}

// group is the status of the only group, or of the one with a VHID.
func (c *carpd) group(vhid ...int) status.Group {
	c.s.t.Helper()
	groups := c.status().Groups
	for _, g := range groups {
		if len(vhid) == 0 || g.VHID == vhid[0] {
			return g
		}
	}
	c.s.t.Fatalf("%s has no such group: %+v", c.node.Name, groups)
	return status.Group{}
}

// is waits until the group is in a state.
func (c *carpd) is(state string, within time.Duration) {
	c.s.t.Helper()
	c.s.eventually(within, c.node.Name+" is "+state, func() bool {
		g := c.group()
		// A MASTER serves a moment after it became one: its addresses come first.
		return g.State == state && (state != "MASTER" || g.AnswerFor > 0)
	})
}

// carpctl runs carpctl for this daemon and returns what it prints.
func (c *carpd) carpctl(args ...string) string {
	c.s.t.Helper()
	args = append([]string{"--instance", c.instance}, args...)
	out, err := c.node.Command(program(c.s.t, "carpctl"), args...).Output()
	if err != nil {
		c.s.t.Fatalf("carpctl %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return out
}

// counters are read by carpctl, as a person would.
func (c *carpd) counters() status.Counters {
	c.s.t.Helper()
	var all status.Counters
	c.s.must(json.Unmarshal([]byte(c.carpctl("counters", "-o", "json")), &all))
	return all
}

// packets is a counter of the only group.
func (c *carpd) packets(reason string) uint64 {
	c.s.t.Helper()
	groups := c.counters().Groups
	if len(groups) != 1 {
		c.s.t.Fatalf("counters of %d groups", len(groups))
	}
	return groups[0].Packets[reason]
}

// event waits for one of a kind.
func (c *carpd) event(kind string, within time.Duration) status.Event {
	c.s.t.Helper()
	return c.eventLike(within, kind, func(status.Event) bool { return true })
}

// eventLike waits for one of a kind that matches.
func (c *carpd) eventLike(within time.Duration, kind string, match func(status.Event) bool) (found status.Event) {
	c.s.t.Helper()
	c.s.eventually(within, "event "+kind+" of "+c.node.Name, func() bool {
		all, err := c.control.Events(c.s.t.Context(), 0)
		c.s.must(err)
		for _, e := range all.Events {
			if e.Kind == kind && match(e) {
				found = e
				return true
			}
		}
		return false
	})
	return found
}

// log is everything it has logged.
func (c *carpd) log() string {
	b, _ := os.ReadFile(c.Log)
	return string(b)
}
