package cluster

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/carpd/carpd/internal/status"
)

// noon is when all of these pictures are judged.
var noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

// g is a group in a state for some seconds; each of more changes it.
func g(state string, seconds float64, more ...func(*status.Group)) status.Group {
	out := status.Group{Name: "1@eth0", VHID: 1, Carpdev: "eth0", State: state, Addresses: []string{"192.0.2.1/24"}, MasterDown: 3.4,
		Cause: "link down", Since: noon.Add(-secs(seconds))}
	if state == "BACKUP" {
		out.Master = &status.Peer{Address: "192.0.2.11"}
	}
	for _, f := range more {
		f(&out)
	}
	return out
}

func secs(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

func deaf(g *status.Group)     { g.Master = nil }
func disabled(g *status.Group) { g.Disabled = true }
func on(dev, address string) func(*status.Group) {
	return func(g *status.Group) { g.Carpdev, g.Name, g.Addresses = dev, "1@"+dev, []string{address} }
}

// shows is a node whose picture was taken some seconds ago. The node's clock says
// the same as ours.
func shows(name string, ago float64, groups ...status.Group) Seen {
	at := noon.Add(-secs(ago))
	return Seen{Name: name, Silent: secs(ago), Picture: &Picture{Sent: at, Received: at, Snapshot: &status.Snapshot{TakenAt: at, Groups: groups}}}
}

// with changes a node.
func with(n Seen, f func(*Seen)) Seen {
	f(&n)
	return n
}

func down(n Seen) Seen {
	n.Down, n.Problem = true, n.Name+" does not answer: nobody listens there"
	return n
}

// TestVerdict has a row for each reason, typed by hand.
func TestVerdict(t *testing.T) {
	backup, master := g("BACKUP", 60), g("MASTER", 60)
	snapshot := func(f func(*status.Snapshot)) Seen {
		n := shows("n2", 1, backup)
		f(n.Picture.Snapshot)
		return n
	}
	for _, c := range []struct {
		rule    string
		nodes   []Seen
		verdict string
		reasons []string
	}{
		{"all is well", []Seen{shows("n1", 0, master), shows("n2", 1, backup), shows("n3", 2, backup)}, "ok", nil},
		{"nobody else", []Seen{shows("n1", 0, master)}, "alone", nil},
		{"nobody else, and ill", []Seen{shows("n1", 0, g("INIT", 60))}, "alone",
			[]string{"1@eth0 has no MASTER for 1m0s: n1 is INIT", "1@eth0 is INIT on n1: link down"}},

		{"two MASTERs", []Seen{shows("n1", 0, master), shows("n2", 1, g("MASTER", 8)), shows("n3", 1, backup)}, "split",
			[]string{"1@eth0 has 2 MASTERs, n1 and n2, for 8s"}},
		{"three MASTERs", []Seen{shows("n1", 0, master), shows("n2", 1, g("MASTER", 8)), shows("n3", 1, g("MASTER", 5))}, "split",
			[]string{"1@eth0 has 3 MASTERs, n1, n2 and n3, for 5s"}},
		{"two MASTERs for a moment", []Seen{shows("n1", 0, master), shows("n2", 1, g("MASTER", 1.9))}, "ok", nil},
		{"the picture of a MASTER that has handed over since", []Seen{shows("n1", 0, g("MASTER", 3)), shows("n2", 4, g("MASTER", 60))}, "ok", nil},
		{"a MASTER whose loop stands still may have been one before only", []Seen{shows("n1", 0, g("MASTER", 3)),
			with(shows("n2", 0, g("MASTER", 60)), func(n *Seen) {
				n.Picture.Snapshot.Age, n.Picture.Snapshot.TakenAt = 4, noon.Add(-4*time.Second)
			})}, "ok", nil},
		{"a picture that was long on its way", []Seen{shows("n1", 0, g("MASTER", 3)),
			with(shows("n2", 0, g("MASTER", 60)), func(n *Seen) { n.Picture.Sent = noon.Add(-4 * time.Second) })}, "ok", nil},
		{"another VHID", []Seen{shows("n1", 0, master), shows("n2", 1, g("MASTER", 60, func(g *status.Group) { g.VHID, g.Name = 2, "2@eth0" }))}, "ok", nil},
		{"the VHID in another network", []Seen{shows("n1", 0, master), shows("n2", 1, g("MASTER", 60, on("eth7", "198.51.100.1/24")))}, "ok", nil},
		{"another name of the interface", []Seen{shows("n1", 0, master), shows("n2", 1, g("MASTER", 60, on("ens3", "192.0.2.1/25")))}, "split",
			[]string{"1@eth0 has 2 MASTERs, n1 and n2, for 1m0s"}},
		{"the shared name of two interfaces, and other addresses", []Seen{
			with(shows("n1", 0, master), func(n *Seen) { n.Picture.Shared = map[string]string{"eth0": "lan"} }),
			with(shows("n2", 1, g("MASTER", 60, on("ens3", "192.0.2.9/24"))), func(n *Seen) { n.Picture.Shared = map[string]string{"ens3": "lan"} }),
		}, "split", []string{"1@lan has 2 MASTERs, n1 and n2, for 1m0s"}},

		{"no MASTER", []Seen{shows("n1", 0, g("INIT", 60)), shows("n2", 1, g("BACKUP", 7, deaf))}, "degraded",
			[]string{"1@eth0 has no MASTER for 7s: n1 is INIT, n2 is BACKUP", "1@eth0 is INIT on n1: link down"}},
		{"no MASTER while a takeover lasts", []Seen{shows("n1", 0, g("BACKUP", 60, deaf)), shows("n2", 0, g("BACKUP", 4.3, deaf))}, "ok", nil},
		{"no MASTER among the nodes, and one is heard", []Seen{shows("n1", 0, backup), shows("n2", 1, g("INIT", 60))}, "degraded",
			[]string{"1@eth0 is INIT on n2: link down"}},
		{"nobody knows whether one is MASTER", []Seen{shows("n1", 0, g("INIT", 60)), down(shows("n2", 9, master))}, "degraded",
			[]string{"no node that answers is MASTER of 1@eth0: n1 is INIT", "1@eth0 is INIT on n1: link down", "n2 has not answered for 9s: nobody listens there"}},
		{"disabled on all nodes", []Seen{shows("n1", 0, g("INIT", 60, disabled)), shows("n2", 1, g("INIT", 60, disabled))}, "degraded",
			[]string{"1@eth0 has no MASTER: it is disabled on all nodes", "1@eth0 is disabled on n1", "1@eth0 is disabled on n2"}},

		{"a node does not answer", []Seen{shows("n1", 0, master), down(shows("n2", 12, backup))}, "degraded", []string{"n2 has not answered for 12s: nobody listens there"}},
		{"the MASTER does not answer, and is one still", []Seen{shows("n1", 0, backup), down(shows("n2", 12, master))}, "degraded", []string{"n2 has not answered for 12s: nobody listens there"}},
		{"one look was missed", []Seen{shows("n1", 0, master), with(down(shows("n2", 2, backup)), func(n *Seen) { n.Down = false })}, "ok", nil},
		{"a node was never seen", []Seen{shows("n1", 0, master), {Name: "n2", Silent: -1}}, "degraded", []string{"n2 has not answered yet"}},
		{"a node refuses", []Seen{shows("n1", 0, master), {Name: "n2", Silent: -1, Refuses: true, Problem: "n2 refuses: n1 was removed"}}, "degraded", []string{"n2 refuses: n1 was removed"}},
		{"a node starts", []Seen{shows("n1", 0, master), {Name: "n2", Picture: &Picture{}}}, "degraded", []string{"n2 is starting"}},
		{"a loop stands still", []Seen{shows("n1", 0, master), snapshot(func(s *status.Snapshot) { s.Age = 7.6 })}, "degraded", []string{"n2 has stood still for 8s"}},

		{"maintenance", []Seen{shows("n1", 0, master), snapshot(func(s *status.Snapshot) {
			s.Maintenance = status.Maintenance{Phase: "on", Reason: "new memory"}
			s.Demotions = []status.Demotion{{Name: "maintenance", Owner: "maintenance", Weight: 64}}
		})}, "degraded", []string{"n2 is in maintenance (new memory)"}},
		{"entering maintenance", []Seen{shows("n1", 0, master), snapshot(func(s *status.Snapshot) { s.Maintenance.Phase = "entering" })}, "degraded", []string{"n2 is in maintenance"}},
		{"no maintenance", []Seen{shows("n1", 0, master), snapshot(func(s *status.Snapshot) { s.Maintenance.Phase = "off" })}, "ok", nil},
		{"demotions", []Seen{shows("n1", 0, master), snapshot(func(s *status.Snapshot) {
			s.Demotions = []status.Demotion{{Name: "nginx", Owner: "operator", Weight: 3, Reason: "it is down"}, {Name: "handover", Group: "1@eth0", Weight: 1}}
		})}, "degraded", []string{"n2 is demoted by 3: nginx (it is down)", "n2 is demoted by 1 for 1@eth0: handover"}},
		{"a node is disabled", []Seen{shows("n1", 0, master), with(shows("n2", 1, g("INIT", 60, disabled)), func(n *Seen) { n.Picture.Snapshot.Disabled = true })}, "degraded",
			[]string{"CARP is disabled on n2"}},
		{"a group is disabled", []Seen{shows("n1", 0, master), shows("n2", 1, g("INIT", 60, disabled))}, "degraded", []string{"1@eth0 is disabled on n2"}},
		{"a group has a warning", []Seen{shows("n1", 0, master), shows("n2", 1, g("BACKUP", 60, func(g *status.Group) { g.Warnings = []string{"adverts are refused"} }))}, "degraded",
			[]string{"1@eth0 on n2: adverts are refused"}},
		{"an interface has a problem", []Seen{shows("n1", 0, master), snapshot(func(s *status.Snapshot) {
			s.Carpdevs = []status.Carpdev{{Name: "eth0"}, {Name: "eth1", Problem: "not there"}}
		})}, "degraded", []string{"n2: eth1: not there"}},

		{"a node has a warning", []Seen{shows("n1", 0, master), snapshot(func(s *status.Snapshot) { s.Warnings = []string{"nobody can come in over TCP"} })}, "degraded",
			[]string{"n2: nobody can come in over TCP"}},

		{"equal", []Seen{shows("n1", 0, master), with(shows("n2", 1, backup), func(n *Seen) { n.Sync = "equal" })}, "ok", nil},
		{"behind", []Seen{shows("n1", 0, master), with(shows("n2", 1, backup), func(n *Seen) { n.Sync = "behind" })}, "degraded", []string{"n2 runs an older configuration"}},
		{"ahead", []Seen{shows("n1", 0, master), with(shows("n2", 1, backup), func(n *Seen) { n.Sync = "ahead" })}, "degraded", []string{"n2 runs a newer configuration"}},
		{"refused", []Seen{shows("n1", 0, master), with(shows("n2", 1, backup), func(n *Seen) { n.Sync, n.SyncWhy = "refused", "no such carpdev" })}, "degraded",
			[]string{"n2 refused the shared configuration: no such carpdev"}},
		{"drift here", []Seen{with(shows("n1", 0, master), func(n *Seen) { n.Sync = "drift" }), shows("n2", 1, backup)}, "degraded",
			[]string{"n1 runs a configuration that was edited beside the shared one"}},
	} {
		t.Run(c.rule, func(t *testing.T) {
			verdict, reasons := Verdict(noon, c.nodes)
			if verdict != c.verdict {
				t.Errorf("%s, want %s", verdict, c.verdict)
			}
			if diff := cmp.Diff(c.reasons, reasons); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// A node's clock that is wrong by hours changes nothing: how long a state has
// lasted is counted by the node itself.
func TestVerdictWithWrongClocks(t *testing.T) {
	for _, wrong := range []time.Duration{-5 * time.Hour, 5 * time.Hour} {
		n2 := shows("n2", 0, g("MASTER", 9))
		n2.Picture.Snapshot.TakenAt = n2.Picture.Snapshot.TakenAt.Add(wrong)
		n2.Picture.Snapshot.Groups[0].Since = n2.Picture.Snapshot.Groups[0].Since.Add(wrong)
		verdict, reasons := Verdict(noon, []Seen{shows("n1", 0, g("MASTER", 60)), n2})
		if diff := cmp.Diff([]string{"1@eth0 has 2 MASTERs, n1 and n2, for 9s"}, reasons); diff != "" || verdict != "split" {
			t.Errorf("%v: %s -want +got:\n%s", wrong, verdict, diff)
		}
	}
}
