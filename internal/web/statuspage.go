package web

import (
	"context"
	"time"

	"github.com/carpd/carpd/internal/control"
	"github.com/carpd/carpd/internal/status"
)

// statusPage is the first one: all nodes and groups as they are now.
var statusPage = page{path: "/", name: "Status", file: "status.html", load: loadStatus, acts: steering}

// overview is what the page shows.
type overview struct {
	Cluster *status.Cluster
	Self    *status.Snapshot // nil while carpd starts
	Asked   time.Time        // when Self was given out
	Old     bool             // the loop does not turn
	Nodes   []nodeItem
	Groups  []groupCard
	Chips   []chip // of this node as a whole
	Masters []string
	Line    timeline
	Kernel  kernelCard
}

// oldPicture is the age from which a picture is said to be old: the loop of a
// healthy carpd turns at least once a second.
const oldPicture = 3.0

func loadStatus(ctx context.Context, a *ask) (any, error) {
	o := &overview{Cluster: clusterOf(ctx, a.src), Self: a.src.Status()}
	o.Nodes = nodeItems(o.Cluster, a.now)
	if o.Self == nil {
		return o, nil
	}
	o.Asked, o.Old = askedAt(o.Self.TakenAt, o.Self.Age), o.Self.Age >= oldPicture
	counters, _ := a.src.Counters()
	o.Groups = groupCards(o.Cluster, o.Self, counters)
	o.Chips = chips(o.Self, "")
	o.Masters = masters(o.Self)
	o.Line = timelineOf(a.src.Events(0), o.Self, o.Asked, a.query.Get("span"))
	o.Kernel = kernelCardOf(o.Self, counters, a.kernel.get(a.src))
	return o, nil
}

// masters are the groups that this node serves.
func masters(s *status.Snapshot) []string {
	var out []string
	for _, g := range s.Groups {
		if g.State == "MASTER" {
			out = append(out, g.Name)
		}
	}
	return out
}

// maintained tells whether a node is in maintenance, or on its way there.
func maintained(m status.Maintenance) bool {
	return m.Phase == status.MaintenanceOn || m.Phase == status.MaintenanceEntering
}

// Maintained is for the template.
func (o *overview) Maintained() bool { return o.Self != nil && maintained(o.Self.Maintenance) }

// steering are the forms of the page.
var steering = []act{
	{"handover", doHandOver},
	{"maintenance/enter", doEnterMaintenance},
	{"maintenance/leave", func(ctx context.Context, a *ask) (string, error) {
		return "This node left maintenance.", a.src.LeaveMaintenance(ctx)
	}},
	{"disable", overGroup(control.Source.Disable, "is disabled until it is enabled or carpd is restarted")},
	{"enable", overGroup(control.Source.Enable, "takes part again")},
	{"announce", overGroup(control.Source.Announce, "is announced again")},
	{"demotions/add", doDemote},
	{"demotions/remove", doUndemote},
}
