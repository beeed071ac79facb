package test

import (
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/carpd/carpd/internal/lab"
	"github.com/carpd/carpd/internal/status"
)

// TestSyncLinkCut cuts the link between the nodes while an edit is on its way, at
// several of the writes of who edits and of who takes, and heals it again.
func TestSyncLinkCut(t *testing.T) {
	for victim, name := range []string{"editor", "receiver"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k := newKilling(t, victim)
			n := 1
			for ; k.cutAt(n); n += 4 {
			}
			if n < 10 {
				t.Errorf("only %d calls that change files: they are not seen", n-1)
			}
		})
	}
}

// cutAt cuts the victim off before its n-th write during an edit; false when there
// are not so many. While it is apart it and the others are each one with
// themselves; when it is not, with each other.
func (k *killing) cutAt(n int) bool {
	k.t.Helper()
	before, was := agreed(k.all...), k.on
	w, told, call := k.during(n, before)
	defer w.release()
	if call == "" {
		return false
	}
	k.apart("drop")
	w.release()
	err := <-told
	k.truth(call, before, was)
	for _, c := range k.all {
		k.eventually(10*time.Second, c.node.Name+" runs its file, stopped before "+call, func() bool { return k.inFile(c) == k.inGroup(c) })
	}
	k.apart("")
	k.heal(call, was, err)
	return true
}

// TestSyncTwoEditors: of two edits at once on both sides of a cut one is on all nodes
// in the end, and who lost is told by carpctl, with the edit in a file.
func TestSyncTwoEditors(t *testing.T) {
	t.Parallel()
	s := newSite(t, lab.Topology{Routers: 3})
	all := newCluster(t, s, 3)
	before := agreed(all...)
	all[0].apart("reject with tcp reset")
	for i, c := range all[:2] {
		vhid, carpdev, word := 11+i, lab.Interface, "a secret of "+c.node.Name
		c.edit("vips/add", status.VIPRequest{Edit: status.VIPEdit{VHID: &vhid, Carpdev: &carpdev, Password: &word,
			Addresses: []string{[]string{"192.0.2.11/24", "192.0.2.12/24"}[i]}}})
		c.apply()
	}
	s.eventually(20*time.Second, "r2's edit is on r3", func() bool { return len(all[2].status().Groups) == 2 })
	all[0].apart("")
	v := agreed(all...)
	if v.Node != "r2" || v.Number != before.Number+1 {
		t.Errorf("the winner is %+v", v)
	}
	for _, c := range all {
		if groups := c.status().Groups; len(groups) != 2 || groups[1].VHID != 12 {
			t.Errorf("%s runs %+v", c.node.Name, groups)
		}
	}
	lost := all[0].cluster().Lost
	if len(lost) != 1 || lost[0].Version.Node != "r1" || lost[0].Winner != v || !strings.Contains(lost[0].Diff, "+  - vhid: 11") || strings.Contains(lost[0].Diff, "secret of") {
		t.Fatalf("lost: %+v", lost)
	}
	kept, err := os.ReadFile(lost[0].Path)
	s.must(err)
	info, err := os.Stat(lost[0].Path)
	s.must(err)
	if !strings.Contains(string(kept), "a secret of r1") || info.Mode().Perm() != 0o600 {
		t.Errorf("%s with mode %v: %s", lost[0].Path, info.Mode(), kept)
	}
	e := all[0].event("edit lost", 10*time.Second)
	if !strings.Contains(e.Text, "of r1") || !strings.Contains(e.Text, "lost to version") || !strings.Contains(e.Text, lost[0].Path) {
		t.Errorf("the event says %q", e.Text)
	}
	if len(all[1].cluster().Lost)+len(all[2].cluster().Lost) != 0 {
		t.Error("others lost something")
	}
}

// TestSyncDrift: a file that somebody edits by hand is shown on every node, is not
// overwritten, and is the next version when it is loaded.
func TestSyncDrift(t *testing.T) {
	t.Parallel()
	s := newSite(t, lab.Topology{Routers: 3})
	all := newCluster(t, s, 3)
	before := agreed(all...)
	text, err := os.ReadFile(all[2].config)
	s.must(err)
	s.must(os.WriteFile(all[2].config, append([]byte("# by hand\ndetach_on_stop: true\n"), text...), 0o600))
	const why = "the file was edited here and not loaded: carpctl reload makes it count, or put it back"
	for _, c := range all {
		s.eventually(20*time.Second, c.node.Name+" shows that r3 was edited", func() bool {
			n := c.member("r3")
			return n.Sync == status.SyncDrift && n.Problem == why
		})
	}
	all[2].carpctl("reload")
	if v := agreed(all...); v.Node != "r3" || v.Number != before.Number+1 {
		t.Errorf("the version is %+v", v)
	}
	for _, c := range all {
		text, err := os.ReadFile(c.config)
		s.must(err)
		lines := strings.Split(string(text), "\n")
		if !slices.Contains(lines, "detach_on_stop: true") || slices.Contains(lines, "# by hand") != (c == all[2]) {
			t.Errorf("%s has\n%s", c.node.Name, text)
		}
	}
}
