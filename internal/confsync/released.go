package confsync

import (
	"slices"

	"github.com/carpd/carpd/internal/config"
)

// released are the groups that this node took out of what is shared by sync:
// false, and those that were taken out before. The others keep theirs, as their
// own: sync: false is no way to remove a group from other nodes.
func (s self) released(text []byte, before record) (out []string) {
	o, err := config.ReadOutline(text)
	if err != nil {
		return before.Released
	}
	shared := map[string]bool{}
	out = slices.Clone(before.Released)
	for _, e := range o.Groups {
		dev, err := s.shared(e.Items.Text("carpdev"))
		if err != nil {
			continue
		}
		for _, m := range membersOf(e.Items) {
			group := config.GroupName(m.vhid, dev)
			shared[group] = !ownGroup(e)
			if _, was := before.Bases[group]; was && ownGroup(e) {
				out = append(out, group)
			}
		}
	}
	out = slices.DeleteFunc(out, func(group string) bool { return shared[group] })
	slices.Sort(out)
	return slices.Compact(out)
}
