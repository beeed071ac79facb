package web

import (
	"context"
	"time"

	"github.com/carpd/carpd/internal/control"
	"github.com/carpd/carpd/internal/status"
)

// now is when every planted picture was taken.
var now = time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)

// ago is a moment before that.
func ago(d time.Duration) time.Time { return now.Add(-d) }

// fake is a Source with a planted picture. What is not planted is not offered.
type fake struct {
	control.NotOffered
	snap     *status.Snapshot
	counters *status.Counters
	kernel   *status.Dataplane
	cluster  *status.Cluster
	events   []status.Event
	asked    []any // what was asked to be changed, in order
	broken   error // answers every change
}

func (f *fake) Status() *status.Snapshot                                   { return f.snap }
func (f *fake) Counters() (*status.Counters, error)                        { return f.counters, nil }
func (f *fake) Dataplane(context.Context) (*status.Dataplane, error)       { return f.kernel, nil }
func (f *fake) Events(uint64) []status.Event                               { return f.events }
func (f *fake) Changed() <-chan struct{}                                   { return nil }
func (f *fake) note(what any) error                                        { f.asked = append(f.asked, what); return f.broken }
func (f *fake) HandOver(_ context.Context, r status.HandOverRequest) error { return f.note(r) }
func (f *fake) LeaveMaintenance(context.Context) error                     { return f.note("leave") }
func (f *fake) Disable(_ context.Context, g string) error                  { return f.note("disable " + g) }
func (f *fake) Enable(_ context.Context, g string) error                   { return f.note("enable " + g) }
func (f *fake) Announce(_ context.Context, g string) error                 { return f.note("announce " + g) }
func (f *fake) Undemote(_ context.Context, name, g string) error {
	return f.note("undemote " + name + " of " + g)
}

func (f *fake) Demote(_ context.Context, r status.DemoteRequest) (*status.Demotions, error) {
	return &status.Demotions{}, f.note(r)
}

func (f *fake) EnterMaintenance(_ context.Context, r status.MaintenanceRequest) (*status.Maintenance, error) {
	return &status.Maintenance{Phase: status.MaintenanceEntering}, f.note(r)
}

func (f *fake) Cluster(ctx context.Context) (*status.Cluster, error) {
	if f.cluster == nil {
		return f.NotOffered.Cluster(ctx)
	}
	return f.cluster, nil
}

// newFake is r1 on its own: MASTER of one group, BACKUP of another.
func newFake() *fake {
	s := plantSnapshot()
	return &fake{snap: s, counters: plantCounters(), events: plantEvents(), kernel: &status.Dataplane{TakenAt: now}}
}

// evil is what a hostile or careless neighbour could write into a text.
const evil = `<script>alert(1)</script>"'><img src=x onerror=alert(2)>`

func plantSnapshot() *status.Snapshot {
	until := now.Add(20 * time.Minute)
	return &status.Snapshot{
		SchemaVersion: 1, Instance: "default", Version: "v0.4.0", PID: 4711, Hostname: "r1",
		StartedAt: ago(51 * time.Hour), TakenAt: now, Age: 0.2, Demotion: 1,
		Demotions: []status.Demotion{
			{Name: "uplink", Owner: "operator", Weight: 1, Reason: "the provider is slow", Since: ago(9 * time.Minute), Until: &until, Persistent: true},
			{Name: "probe", Group: "2@eth0", Owner: "carpd", Weight: 12, Since: ago(time.Minute)},
		},
		Maintenance: status.Maintenance{Phase: status.MaintenanceOff},
		Groups: []status.Group{
			{
				Name: "1@eth0", VHID: 1, Carpdev: "eth0", Description: "gateway of the office", State: "MASTER", Since: ago(12 * time.Minute),
				Cause: "master down", Why: "MASTER because no advert came for 3.4 s, the master-down time.", Addresses: []string{"192.0.2.1/24", "2001:db8::1/64"},
				VirtualMAC: "00:00:5e:00:01:01", Advbase: 1, Advskew: 0, SentSkew: 1, Demotion: 1, Preempt: true, MasterDown: 3, Lease: 2.95,
				AnswerFor: 2.4, AcceptFor: 2.4, Gaps: []float64{1, 1, 1.01, 0.99, 1, 1, 1.7, 1, 1, 1.02, 1, 1}, AdvertAge: 0.4,
			},
			{
				Name: "2@eth0", VHID: 2, Carpdev: "eth0", State: "BACKUP", Since: ago(4200 * time.Millisecond), Cause: "better master",
				Why: "BACKUP because 192.0.2.12 advertises advskew 0, better than 113 here.", Addresses: []string{"192.0.2.2/24"}, VirtualMAC: "00:00:5e:00:01:02",
				Advbase: 1, Advskew: 100, SentSkew: 113, Demotion: 13, Preempt: true, MasterDown: 3.44, Gaps: []float64{1, 1, 1}, AdvertAge: 0.7,
				Master: &status.Peer{Address: "192.0.2.12", Advbase: 1, LastSeen: ago(time.Second)}, Warnings: []string{"somebody else claims 192.0.2.2 in ARP"},
			},
		},
		Carpdevs: []status.Carpdev{
			{Name: "eth0", Index: 2, Up: true, MAC: "02:00:00:00:00:01", XDP: "native", XDPWhy: "driver ixgbe has native XDP", Ingress: "first of 1", Egress: "last of 2"},
			{Name: "eth1", Index: 3, MAC: "02:00:00:00:00:02", XDP: "none", XDPWhy: "not attached", Problem: "attach xdp to eth1: busy",
				Tried: []status.XDPStep{{Mode: "native", Refusal: "held", Why: "program 17 of somebody else is there"}}},
		},
	}
}

func plantCounters() *status.Counters {
	return &status.Counters{Instance: "default",
		Groups: []status.GroupCounters{
			{Name: "1@eth0", Packets: map[string]uint64{"ok": 400, "bad digest": 7, "bad TTL": 0, "ARP answered": 1234, "accepted": 99}, Sent: status.Sent{Adverts: 720}},
			{Name: "2@eth0", Packets: map[string]uint64{"ok": 3, "ARP answered": 6}},
		},
		Other: map[string]uint64{"VRRP": 40, "bad VHID": 2}}
}

func plantEvents() []status.Event {
	return []status.Event{
		{ID: 1, At: ago(40 * time.Minute), Kind: "transition", Group: "1@eth0", From: "INIT", To: "BACKUP", Cause: "link up", Text: "BACKUP because its carpdev came up."},
		{ID: 2, At: ago(30 * time.Minute), Kind: "reload", Text: "1 group changed"},
		{ID: 3, At: ago(12 * time.Minute), Kind: "transition", Group: "1@eth0", From: "BACKUP", To: "MASTER", Cause: "master down", Text: "MASTER because no advert came for 3.4 s."},
		{ID: 4, At: ago(90 * time.Second), Kind: "rejected", Group: "1@eth0", Cause: "bad digest", Text: "7 adverts from 192.0.2.66 were refused: bad digest"},
		{ID: 5, At: ago(4200 * time.Millisecond), Kind: "transition", Group: "2@eth0", From: "MASTER", To: "BACKUP", Cause: "better master", Text: "BACKUP because 192.0.2.12 advertises advskew 0."},
	}
}

// plantCluster is r1 with two others: r2 is well and knows the device by another
// name, r3 does not answer.
func plantCluster() *status.Cluster {
	r1 := plantSnapshot()
	r2 := &status.Snapshot{Instance: "default", Version: "v0.4.1", Hostname: "r2", TakenAt: now, StartedAt: ago(time.Hour), Groups: []status.Group{
		{Name: "1@lan0", VHID: 1, Carpdev: "lan0", State: "BACKUP", Since: ago(11 * time.Minute), Why: "BACKUP because 192.0.2.11 is better.", Addresses: []string{"192.0.2.1/24", "2001:db8::1/64"},
			Advbase: 1, Advskew: 100, SentSkew: 100, MasterDown: 3.39, Gaps: []float64{1, 1, 1}, AdvertAge: 0.3, Master: &status.Peer{Address: "192.0.2.11", Advbase: 1, Advskew: 1}},
		{Name: "2@lan0", VHID: 2, Carpdev: "lan0", State: "MASTER", Since: ago(4 * time.Second), Why: "MASTER because it preempted.", Addresses: []string{"192.0.2.2/24"},
			Advbase: 1, SentSkew: 0, MasterDown: 3, Gaps: []float64{1, 1, 1}, AdvertAge: 0.1},
	}}
	return &status.Cluster{SchemaVersion: 1, Instance: "default", Enabled: true, Node: "r1", Verdict: status.ClusterDegraded,
		Reasons: []string{"r3 does not answer since 4 min", "2@eth0 of r1 is demoted by 13"}, Version: status.Version{Number: 7, Node: "r1"},
		Nodes: []status.Node{
			{Name: "r1", Self: true, Address: "192.0.2.11:8653", Sync: status.SyncEqual, LastSeen: now, Status: r1},
			{Name: "r2", Address: "192.0.2.12:8653", Rank: 1, Sync: status.SyncEqual, LastSeen: ago(time.Second), Status: r2},
			{Name: "r3", Address: "192.0.2.13:8653", Rank: 2, Sync: status.SyncUnreachable, Problem: "dial tcp 192.0.2.13:8653: no route to host", LastSeen: ago(4 * time.Minute)},
		}}
}
