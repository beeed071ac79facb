package confsync

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/carpd/carpd/internal/config"
)

// self is what decides here how a document is made and read: what this node is
// called, what it shares, and what is its own.
type self struct {
	node     string
	sections []string
	skews    skews
	carpdevs map[string]string // the name that the nodes share to the interface here
}

// Keys that never leave a node. What is not in sharedSettings does not leave it
// either: the instance, the log level, how programs are attached here, who may
// reach it, and the cluster itself.
var (
	ownKeys        = []string{"vhid", "carpdev", "advskew", "carpnodes", "sync"}
	sharedSettings = []string{"detach_on_stop"}
)

// export is what a node shares of its file, and for each group what its advskew
// is on the first node.
func (s self) export(text []byte) (document, map[string]int, error) {
	d := document{Form: format, Sections: slices.Sorted(slices.Values(s.sections))}
	o, err := config.ReadOutline(text)
	if err != nil {
		return d, nil, err
	}
	bases := map[string]int{}
	if slices.Contains(s.sections, Groups) {
		if d.Groups, bases, err = s.exportGroups(o.Groups); err != nil {
			return d, nil, err
		}
	}
	if slices.Contains(s.sections, Settings) {
		d.Settings = exportSettings(o.Top)
	}
	return d, bases, nil
}

// exportGroups are the groups that may leave.
func (s self) exportGroups(entries []config.Entry) (out []entry, bases map[string]int, err error) {
	bases = map[string]int{}
	for _, e := range entries {
		if ownGroup(e) {
			continue
		}
		x, err := s.exportGroup(e)
		if err != nil {
			return nil, nil, err
		}
		for _, m := range membersOf(e.Items) {
			bases[config.GroupName(m.vhid, x.Carpdev)] = s.skews.base(m.skew)
		}
		out = append(out, x)
	}
	return out, bases, nil
}

// exportGroup is one entry in the words that all nodes share.
func (s self) exportGroup(e config.Entry) (x entry, err error) {
	if x.Carpdev, err = s.shared(e.Items.Text("carpdev")); err != nil {
		return x, err
	}
	_, x.Shares = e.Items.Get("carpnodes")
	for _, m := range membersOf(e.Items) {
		x.VHIDs = append(x.VHIDs, int(m.vhid))
	}
	slices.Sort(x.VHIDs)
	x.Keys = map[string]any{}
	for _, i := range e.Items {
		if !slices.Contains(ownKeys, i.Key) && i.Value != nil {
			x.Keys[i.Key] = outward(i.Value)
		}
	}
	return x, nil
}

// ownGroup reports whether a group is this node's own.
func ownGroup(e config.Entry) bool { return e.Items.Text("sync") == "false" }

// exportSettings are the keys at the top that may leave.
func exportSettings(top config.Items) map[string]any {
	out := map[string]any{}
	for _, key := range sharedSettings {
		if v, there := top.Get(key); there && v != nil {
			out[key] = outward(v)
		}
	}
	return out
}

// shared is the name by which the nodes know an interface of this one. A name
// without a mapping is shared as it is, unless it is another interface's.
func (s self) shared(carpdev string) (string, error) {
	for _, name := range slices.Sorted(maps.Keys(s.carpdevs)) {
		if s.carpdevs[name] == carpdev {
			return name, nil
		}
	}
	if other, taken := s.carpdevs[carpdev]; taken {
		return "", fmt.Errorf("carpdev %s is what the nodes call %s of this one: give %s a name of its own in cluster.carpdevs", carpdev, other, carpdev)
	}
	return carpdev, nil
}

// local is the interface that a shared name means here.
func (s self) local(shared string) string {
	if dev, mapped := s.carpdevs[shared]; mapped {
		return dev
	}
	return shared
}

// outward is a value of a file as JSON has it. A password is shown as what it
// is: a document goes to nobody but other nodes.
func outward(v any) any {
	switch v := v.(type) {
	case config.Hidden:
		return v.Reveal()
	case config.Items:
		m := map[string]any{}
		for _, i := range v {
			m[i.Key] = outward(i.Value)
		}
		return m
	case []any:
		out := make([]any, 0, len(v))
		for _, x := range v {
			out = append(out, outward(x))
		}
		return out
	}
	return v
}

// member is one group of an entry with its advskew.
type member struct {
	vhid vhid
	skew int
}

// membersOf are the groups that an entry stands for.
func membersOf(i config.Items) (out []member) {
	nodes, _ := i.Get("carpnodes")
	list, shares := nodes.([]any)
	if !shares {
		v, _ := strconv.Atoi(i.Text("vhid"))
		skew, _ := strconv.Atoi(i.Text("advskew"))
		return []member{{vhid(v), skew}}
	}
	for _, n := range list {
		text, _ := n.(string)
		v, s, _ := strings.Cut(text, ":")
		number, _ := strconv.Atoi(v)
		skew, _ := strconv.Atoi(s)
		out = append(out, member{vhid(number), skew})
	}
	return out
}
