package configstore

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/carpd/carpd/internal/carp"
	"github.com/carpd/carpd/internal/config"
	"github.com/carpd/carpd/internal/status"
)

// describe is a plan in words, with what is known of the groups that run.
func (s *Store) describe(old, next *config.Config) status.Plan {
	return Describe(old, next, s.Groups())
}

// Describe says what applying would change and what each change costs on the
// wire, a sentence for each group that is touched.
func Describe(old, next *config.Config, running []status.Group) status.Plan {
	plan := config.Diff(old, next)
	d := describer{groups(old), groups(next), map[string]status.Group{}}
	for _, g := range running {
		d.running[g.Name] = g
	}
	out := status.Plan{Summary: plan.Summary(), Steps: []string{}}
	for _, name := range plan.Removed {
		out.Steps = append(out.Steps, name+": removed: "+d.removed(name))
	}
	for _, name := range plan.Added {
		out.Steps = append(out.Steps, name+": added: "+d.added(name))
	}
	for _, c := range plan.Changed {
		out.Steps = append(out.Steps, d.changed(c)...)
	}
	for _, section := range plan.Sections {
		out.Steps = append(out.Steps, "the section "+section+" changes: it counts at once, without touching a group")
	}
	if len(plan.Restart) > 0 {
		out.Steps = append(out.Steps, "needs a restart: "+strings.Join(plan.Restart, ", "))
	}
	return out
}

// describer knows both configurations and what runs.
type describer struct {
	old, next map[string]config.Group
	running   map[string]status.Group
}

// groups are those of a configuration by name.
func groups(c *config.Config) map[string]config.Group {
	m := map[string]config.Group{}
	for _, g := range c.Groups {
		m[g.Name()] = g
	}
	return m
}

// removed is what a group that goes does on the wire.
func (d *describer) removed(name string) string {
	g, known := d.running[name]
	switch {
	case !known || g.State == "MASTER" && len(g.Peers) > 0:
		return "bows out, " + d.takesOver(d.old[name])
	case g.State == "MASTER":
		return "bows out; no peer was heard, so that nobody may answer for its addresses then"
	}
	return "it is " + g.State + " here, so that nothing changes on the wire"
}

// takesOver is when a peer notices a bow-out.
func (d *describer) takesOver(g config.Group) string {
	if 3*int(g.Advbase) > carp.BowOut {
		return "a peer takes over when its master-down time ends, about " + seconds(masterDown(g))
	}
	return "a peer takes over at once"
}

// added is what a new group does on the wire.
func (d *describer) added(name string) string {
	return fmt.Sprintf("listens for %s and becomes MASTER if it hears no better node", seconds(masterDown(d.next[name])))
}

// changed is a sentence for what changes of a group: one for the whole when it
// begins anew, else one for each aspect.
func (d *describer) changed(c config.Change) (out []string) {
	if slices.Contains(c.What, config.AspectMAC) || slices.Contains(c.What, config.AspectBalancing) {
		return []string{fmt.Sprintf("%s: begins anew with another MAC or other shares: %s, then it %s", c.Name, d.removed(c.Name), d.added(c.Name))}
	}
	was, is := d.old[c.Name], d.next[c.Name]
	for _, aspect := range c.What {
		out = append(out, c.Name+": "+d.aspect(aspect, was, is))
	}
	return out
}

// aspect is what one changed aspect costs.
func (d *describer) aspect(a config.Aspect, was, is config.Group) string {
	window := masterDown(is)
	switch a {
	case config.AspectKey:
		return fmt.Sprintf("the password changes: adverts are signed with the old one for %s, and both are accepted for %s; "+
			"a peer that has only the old one then no longer understands us", seconds(window), seconds(2*window))
	case config.AspectAddresses:
		return "addresses change" + listed(was, is) + d.signed(was, is, window)
	case config.AspectTiming:
		return timing(was, is)
	case config.AspectLease:
		return fmt.Sprintf("the lease is %s instead of %s from now on, nothing is lost", seconds(is.Lease), seconds(was.Lease))
	case config.AspectPreempt:
		return preempts(is)
	}
	return costless[a]
}

// costless are the aspects whose sentence is always the same.
var costless = map[config.Aspect]string{
	config.AspectPrefixRoute: "the route to the subnet comes or goes, nothing changes on the wire",
	config.AspectAddress:     "the addresses are on the carpdev at other times, nothing changes on the wire",
	config.AspectAnnounce:    "announcements come at another pace, nothing is lost",
	config.AspectDescription: "the description changes, nothing changes on the wire",
	config.AspectSync:        "whether other nodes share it changes, nothing changes on the wire",
}

// signed is how an edit of the addresses is kept from splitting a pair. A prefix
// length is not part of the digest.
func (d *describer) signed(was, is config.Group, window time.Duration) string {
	if slices.Equal(carp.HashedAddrs(was.Addrs(), true), carp.HashedAddrs(is.Addrs(), true)) {
		return ": adverts stay as they are, nothing is lost"
	}
	return fmt.Sprintf(": adverts are signed with the old list for %s, and both lists are accepted for %s, so that the peers can follow: nothing is lost",
		seconds(window), seconds(2*window))
}

// listed are the addresses that come and go.
func listed(was, is config.Group) string {
	var parts []string
	for _, l := range []struct {
		word string
		list []netip.Prefix
	}{{"adds", without(is.Addresses, was.Addresses)}, {"removes", without(was.Addresses, is.Addresses)}} {
		if len(l.list) > 0 {
			parts = append(parts, l.word+" "+strings.Trim(fmt.Sprint(l.list), "[]"))
		}
	}
	return " (" + strings.Join(parts, ", ") + ")"
}

// without are the addresses of one list that are not in another.
func without(list, other []netip.Prefix) (out []netip.Prefix) {
	for _, p := range list {
		if !slices.Contains(other, p) {
			out = append(out, p)
		}
	}
	return out
}

// timing is what other intervals mean.
func timing(was, is config.Group) string {
	before, after := carp.Interval(was.Advbase, was.Advskew), carp.Interval(is.Advbase, is.Advskew)
	text := fmt.Sprintf("adverts come every %s instead of %s", hundredths(after), hundredths(before))
	switch {
	case after > before:
		text += "; as MASTER it yields to a peer that is better now and preempts, nothing is lost"
	case after < before && is.Preempt:
		text += "; it takes over from a MASTER that is worse now, nothing is lost"
	case after == before:
		text = "it waits for adverts in another way, nothing is lost"
	default:
		text += ", nothing is lost"
	}
	return text
}

// preempts is what preempt means.
func preempts(is config.Group) string {
	if is.Preempt {
		return "takes over from a MASTER that is worse from now on, nothing is lost"
	}
	return "leaves a worse MASTER in place from now on, nothing is lost"
}

// masterDown is how long a BACKUP waits for an advert.
func masterDown(g config.Group) time.Duration { return g.MasterDown.Time(g.Advbase, g.Advskew) }

// seconds is a duration as people say it.
func seconds(d time.Duration) string { return fmt.Sprintf("%.1f s", d.Seconds()) }

// hundredths is a duration of adverts, which an advskew changes by little.
func hundredths(d time.Duration) string { return fmt.Sprintf("%.2f s", d.Seconds()) }
