package test

import (
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/carpd/carpd/internal/lab"
	"github.com/carpd/carpd/internal/status"
)

// edited is a carpd with a file that a person has written.
func (s *site) edited() *carpd {
	s.t.Helper()
	c := s.newCarpd(s.Routers[0])
	s.must(os.WriteFile(c.config, []byte(strings.ReplaceAll(handwritten, "INSTANCE", c.instance)), 0o600))
	s.must(os.Chmod(c.config, 0o640))
	c.start()
	c.is("MASTER", masterDown0+2*time.Second)
	return c
}

// handwritten has comments wherever people put them.
const handwritten = `# The routers of the office. Ask Anna before a change!
instance: INSTANCE   # as the namespace

groups:
  # The gateway.
  - vhid: 1
    carpdev: eth0 # the LAN
    addresses:
      - 192.0.2.1/24   # everybody has it
    password: 'mekmitas # digoat'
    # advskew: 0 is the best

# The end.
`

// now is the file.
func (c *carpd) now() string {
	c.s.t.Helper()
	text, err := os.ReadFile(c.config)
	c.s.must(err)
	return string(text)
}

// holds checks that a file is another one with a text in place of another.
func (c *carpd) holds(want, old, new string) {
	c.s.t.Helper()
	if want = strings.Replace(want, old, new, 1); c.now() != want {
		c.s.t.Errorf("the file is\n%s\nwant\n%s", c.now(), want)
	}
}

// with runs carpctl with something on its standard input.
func (c *carpd) with(stdin string, args ...string) string {
	c.s.t.Helper()
	p := c.node.Command(program(c.s.t, "carpctl"), append([]string{"--instance", c.instance}, args...)...)
	p.Stdin = stdin
	out, err := p.Output()
	if err != nil {
		c.s.t.Fatalf("carpctl %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return out
}

// undisturbed checks that a group sent its adverts at their pace since an instant,
// and never changed its state.
func (c *carpd) undisturbed(vhid uint8, before status.Group, from time.Time) {
	c.s.t.Helper()
	if g := c.group(int(vhid)); g.State != "MASTER" || g.Transitions != before.Transitions || !g.Since.Equal(before.Since) {
		c.s.t.Errorf("group %d was %+v, is %+v", vhid, before, g)
	}
	last := from
	for _, a := range c.s.Wire.Adverts(lab.From(c.node, from)) {
		if uint8(a.VHID()) != vhid {
			continue
		}
		if a.BowOut() || a.At.Sub(last) > 2500*time.Millisecond {
			c.s.t.Errorf("advert of group %d after %s: %+v", vhid, a.At.Sub(last), a)
		}
		last = a.At
	}
	if silence := time.Since(last); silence > 3*time.Second {
		c.s.t.Errorf("group %d has said nothing for %s", vhid, silence)
	}
}

// TestEditWhileRunning: virtual IPs come, change and go, the file keeps what a
// person wrote, and the other group does not notice.
func TestEditWhileRunning(t *testing.T) {
	t.Parallel()
	s := newSite(t, lab.Topology{Routers: 1})
	c := s.edited()
	from, before, file := time.Now(), c.group(1), c.now()
	const password = `it's "2" \ : # {[`

	out := c.with(password+"\n", "vip", "add", "--carpdev", "eth0", "--address", "192.0.2.2/24", "--description", "guests")
	if !strings.Contains(out, "applied: added 2@eth0; 1 unchanged\n  2@eth0: added: listens for 3.0 s") {
		t.Errorf("carpctl says\n%s", out)
	}
	added := "\n  - vhid: 2\n    carpdev: eth0\n    addresses: [192.0.2.2/24]\n    password: 'it''s \"2\" \\ : # {['\n    description: guests\n"
	c.holds(file, "is the best\n", "is the best"+added)
	s.eventually(10*time.Second, "the added group is MASTER", func() bool { return c.group(2).State == "MASTER" })
	if g := c.group(2); g.Description != "guests" {
		t.Errorf("%+v", g)
	}

	c.carpctl("vip", "edit", "2", "--address", "192.0.2.2/24", "--address", "192.0.2.3/24")
	c.holds(file, "is the best\n", "is the best"+strings.Replace(added, "2/24]", "2/24, 192.0.2.3/24]", 1))
	c.carpctl("vip", "remove", "2@eth0")
	c.holds(file, "", "")
	bow, err := s.Wire.WaitAdvert(s.within(5*time.Second), lab.Advert.BowOut)
	s.must(err)
	if bow.VHID() != 2 {
		t.Errorf("group %d bowed out", bow.VHID())
	}
	if out := c.refused("vip", "remove", "1"); !strings.Contains(out, "1@eth0 is the only group") {
		t.Errorf("carpctl says\n%s", out)
	}
	c.undisturbed(1, before, from)
	if strings.Contains(c.log(), "it's") {
		t.Error("the password is in the log")
	}
	if info, err := os.Stat(c.config); err != nil || info.Mode() != 0o640 {
		t.Errorf("the mode of the file: %v %v", info.Mode(), err)
	}
}

// TestTwoEditors: a file that was edited by hand is not overwritten, the pending
// edits can be made anew on it.
func TestTwoEditors(t *testing.T) {
	t.Parallel()
	s := newSite(t, lab.Topology{Routers: 1})
	c := s.edited()
	c.carpctl("vip", "edit", "1", "--description", "gateway", "--pending")
	byHand := strings.Replace(c.now(), "'mekmitas # digoat'", "mekmitasdigoat # mine", 1)
	s.must(os.WriteFile(c.config, []byte(byHand), 0o640))
	out := c.refused("apply")
	if !strings.Contains(out, "changed by somebody else") || !strings.Contains(out, "+    password: *** (the new one)") || strings.Contains(out, "digoat") {
		t.Errorf("carpctl says\n%s", out)
	}
	c.holds(byHand, "", "")
	if out := c.refused("vip", "edit", "1", "--advskew", "7"); !strings.Contains(out, "other edits are pending") {
		t.Errorf("carpctl says\n%s", out)
	}
	c.carpctl("config", "rebase")
	if out := c.carpctl("reload", "--dry-run"); !strings.Contains(out, "1@eth0: the password changes: adverts are signed with the old one for 3.0 s") {
		t.Errorf("carpctl says\n%s", out)
	}
	s.must(c.Kill()) // What is pending survives.
	c.start()
	c.carpctl("apply")
	c.holds(byHand, "# mine\n", "# mine\n    description: gateway\n")
	s.eventually(5*time.Second, "the group has its description", func() bool { return c.group(1).Description == "gateway" })
}

// TestCommitConfirm: a change on trial goes back when the time is over, and when
// carpd was killed; one that is confirmed stays.
func TestCommitConfirm(t *testing.T) {
	t.Parallel()
	s := newSite(t, lab.Topology{Routers: 1})
	c := s.edited()
	from, before, file := time.Now(), c.group(1), c.now()
	add := func(confirm string) {
		c.carpctl("vip", "add", "--carpdev", "eth0", "--address", "192.0.2.2/24", "--no-password", "--confirm", confirm)
		if !strings.Contains(c.now(), "192.0.2.2/24") || len(c.status().Groups) != 2 {
			t.Fatalf("not applied:\n%s", c.now())
		}
	}
	gone := func(why string) {
		e := c.eventLike(20*time.Second, "rollback", func(e status.Event) bool { return strings.Contains(e.Text, why) })
		c.holds(file, "", "")
		s.eventually(5*time.Second, "the group is gone after "+e.Text, func() bool { return len(c.status().Groups) == 1 })
	}

	add("2s")
	gone("not confirmed in time")
	add("1h")
	c.carpctl("rollback")
	gone("taken back on request")
	c.undisturbed(1, before, from)

	add("1h")
	s.must(c.Kill())
	c.start()
	gone("started again before it was confirmed")
	add("1h")
	s.must(c.Stop(10 * time.Second))
	c.start()
	gone("started again before it was confirmed")

	add("1h")
	if out := c.refused("vip", "edit", "1", "--advskew", "7"); !strings.Contains(out, "waits to be confirmed") {
		t.Errorf("carpctl says\n%s", out)
	}
	c.carpctl("confirm")
	s.must(c.Kill())
	c.start()
	if !strings.Contains(c.now(), "192.0.2.2/24") || len(c.status().Groups) != 2 {
		t.Errorf("not kept:\n%s", c.now())
	}
}

// TestReloadDuringATrial: SIGHUP of the file on trial leaves it on trial; of one
// that was edited by hand it ends it.
func TestReloadDuringATrial(t *testing.T) {
	t.Parallel()
	s := newSite(t, lab.Topology{Routers: 1})
	c := s.edited()
	c.carpctl("vip", "edit", "1", "--description", "gateway", "--confirm", "1h")
	c.hangup("configuration reloaded")
	if out := c.carpctl("config", "show"); !strings.Contains(out, "on trial until") {
		t.Errorf("carpctl says\n%s", out)
	}
	s.must(os.WriteFile(c.config, []byte(c.now()+"# Mine.\n"), 0o640))
	s.must(c.Signal(syscall.SIGHUP))
	c.eventLike(10*time.Second, "confirm", func(e status.Event) bool { return strings.Contains(e.Text, "edited by hand") })
	if out := c.refused("confirm"); !strings.Contains(out, "nothing waits to be confirmed") {
		t.Errorf("carpctl says\n%s", out)
	}
}
