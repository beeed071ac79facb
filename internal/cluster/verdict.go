package cluster

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/carpd/carpd/internal/status"
)

// How long something must have been so to be more than a moment of a hand-over.
const (
	splitFor  = time.Second
	nobodyFor = time.Second // beyond the master-down time, in which a BACKUP waits
	frozenFor = 5 * time.Second
)

// Seen is a node as this one sees it.
type Seen struct {
	Name    string
	Down    bool          // it does not answer
	Silent  time.Duration // since its last answer; negative when there was none
	Problem string        // of the last try to reach it
	Refuses bool          // it answers, and wants nothing to do with us
	Sync    string        // as in status.Node; empty is off
	SyncWhy string
	Picture *Picture
}

// Verdict judges from what all nodes show of themselves: this one first. The
// reasons are sentences, the worst first; without any the verdict is ok or alone.
func Verdict(now time.Time, nodes []Seen) (verdict string, reasons []string) {
	split, less := judgeGroups(now, nodes)
	for _, n := range nodes {
		less = append(less, n.complaints()...)
	}
	reasons = slices.Concat(split, less)
	switch {
	case len(nodes) < 2:
		return status.ClusterAlone, reasons
	case len(split) > 0:
		return status.ClusterSplit, reasons
	case len(less) > 0:
		return status.ClusterDegraded, reasons
	}
	return status.ClusterOK, reasons
}

// complaints are what is less than good about one node.
func (n Seen) complaints() (out []string) {
	switch {
	case n.Refuses:
		return []string{n.Problem}
	case n.Down || n.Picture == nil:
		return []string{n.absent()}
	case n.Picture.Snapshot == nil:
		return []string{n.Name + " is starting"}
	}
	s := n.Picture.Snapshot
	if age := time.Duration(s.Age * float64(time.Second)); age >= frozenFor {
		out = append(out, fmt.Sprintf("%s has stood still for %s", n.Name, inSeconds(age)))
	}
	out = append(out, n.steered(s)...)
	for _, g := range s.Groups {
		out = append(out, n.ofGroup(g)...)
	}
	for _, d := range s.Carpdevs {
		if d.Problem != "" {
			out = append(out, fmt.Sprintf("%s: %s: %s", n.Name, d.Name, d.Problem))
		}
	}
	for _, w := range s.Warnings {
		out = append(out, n.Name+": "+w)
	}
	return append(out, n.ofSync()...)
}

// absent says that a node does not answer.
func (n Seen) absent() string {
	text := fmt.Sprintf("%s has not answered for %s", n.Name, inSeconds(n.Silent))
	if n.Silent < 0 {
		text = n.Name + " has not answered yet"
	}
	if n.Problem != "" {
		text += ": " + strings.TrimPrefix(n.Problem, n.Name+" does not answer: ")
	}
	return text
}

// steered is what an operator, or carpd itself, has done to be less fit.
func (n Seen) steered(s *status.Snapshot) (out []string) {
	inMaintenance := s.Maintenance.Phase == status.MaintenanceOn || s.Maintenance.Phase == status.MaintenanceEntering
	if inMaintenance {
		out = append(out, n.Name+" is in maintenance"+because(s.Maintenance.Reason))
	}
	if s.Disabled {
		out = append(out, "CARP is disabled on "+n.Name)
	}
	for _, d := range s.Demotions {
		if inMaintenance && d.Owner == "maintenance" {
			continue
		}
		of := ""
		if d.Group != "" {
			of = " for " + d.Group
		}
		out = append(out, fmt.Sprintf("%s is demoted by %d%s: %s%s", n.Name, d.Weight, of, d.Name, because(d.Reason)))
	}
	return out
}

// because puts a reason behind a sentence.
func because(reason string) string {
	if reason == "" {
		return ""
	}
	return " (" + reason + ")"
}

// ofGroup is what is less than good about one group on one node.
func (n Seen) ofGroup(g status.Group) (out []string) {
	switch {
	case g.Disabled && !n.Picture.Snapshot.Disabled:
		out = append(out, fmt.Sprintf("%s is disabled on %s", g.Name, n.Name))
	case g.State == "INIT" && !g.Disabled:
		out = append(out, fmt.Sprintf("%s is INIT on %s: %s", g.Name, n.Name, g.Cause))
	}
	for _, w := range g.Warnings {
		out = append(out, fmt.Sprintf("%s on %s: %s", g.Name, n.Name, w))
	}
	return out
}

// syncTexts say what a state of the shared configuration means.
var syncTexts = map[string]string{
	status.SyncBehind:  "runs an older configuration",
	status.SyncAhead:   "runs a newer configuration",
	status.SyncRefused: "refused the shared configuration",
	status.SyncDrift:   "runs a configuration that was edited beside the shared one",
}

// ofSync says whether its configuration is another one.
func (n Seen) ofSync() []string {
	text, there := syncTexts[n.Sync]
	switch {
	case !there:
		return nil
	case n.SyncWhy != "":
		text += ": " + n.SyncWhy
	}
	return []string{n.Name + " " + text}
}

// inSeconds is a duration for people.
func inSeconds(d time.Duration) string { return d.Round(time.Second).String() }

// names joins names as a sentence does.
func names(list []string) string {
	list = slices.Clone(list)
	if n := len(list); n > 1 {
		return strings.Join(list[:n-1], ", ") + " and " + list[n-1]
	}
	return strings.Join(list, "")
}
