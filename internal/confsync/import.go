package confsync

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/carpd/carpd/internal/carp"
	"github.com/carpd/carpd/internal/config"
)

type vhid = carp.VHID

// importing is one document on its way into the file of this node.
type importing struct {
	self
	u    Update
	d    document
	file *config.Outline
	here map[string]config.Entry // what this node shares, by key
	own  []config.Entry          // what it does not
}

// importing looks at the file of this node once: there may be thousands of groups.
func (s self) importing(u Update, d document, file *config.Outline) importing {
	i := importing{s, u, d, file, map[string]config.Entry{}, nil}
	for _, is := range file.Groups {
		if ownGroup(is) {
			i.own = append(i.own, is)
		} else if x, err := s.exportGroup(is); err == nil {
			i.here[x.key()] = is
		}
	}
	return i
}

// key tells entries apart: the same groups on the same interface.
func (e entry) key() string { return fmt.Sprintf("%s %t", e.name(), e.Shares) }

// rewrite is the file of this node with an update in it. What belongs to this
// node stays, comments too. What comes out holds the document of the update and
// nothing else, or there is an error.
func (s self) rewrite(text []byte, u Update) ([]byte, error) {
	d, err := u.open(s.sections)
	if err != nil {
		return nil, err
	}
	file, err := config.ReadOutline(text)
	if err != nil {
		return nil, err
	}
	edits, err := s.importing(u, d, file).edits()
	if err != nil || len(edits) == 0 {
		return text, err
	}
	out, err := config.Rewrite(text, edits...)
	if err != nil {
		return nil, err
	}
	return out, s.holds(out, u.Version.Hash)
}

// holds checks that a file shares the document of a hash.
func (s self) holds(text []byte, want string) error {
	d, _, err := s.export(text)
	if err != nil {
		return err
	}
	if got := hash(d.encode()); got != want {
		return fmt.Errorf("the file of this node would share %s instead of %s", got, want)
	}
	return nil
}

// edits make the file hold the document: what is there is edited first, then
// groups are added, then taken away. One that has a name of another entry comes
// behind that, so the first one of a name is the one to go.
func (i importing) edits() (out []config.Edit, err error) {
	if slices.Contains(i.sections, Groups) {
		if out, err = i.groups(); err != nil {
			return nil, err
		}
	}
	if slices.Contains(i.sections, Settings) {
		out = append(out, i.settings()...)
	}
	return out, nil
}

// groups are the edits of the list of groups.
func (i importing) groups() ([]config.Edit, error) {
	var changed, added, gone []config.Edit
	stays := map[string]bool{}
	for _, want := range i.d.Groups {
		if err := i.fits(want); err != nil {
			return nil, err
		}
		is, there := i.here[want.key()]
		if !there {
			added = append(added, config.AddGroup{Items: i.fresh(want)})
			continue
		}
		stays[is.Name()] = true
		if e, differs := i.change(is, want); differs {
			changed = append(changed, e)
		}
	}
	for _, is := range i.file.Groups {
		if !ownGroup(is) && !stays[is.Name()] {
			gone = append(gone, i.leave(is))
		}
	}
	return slices.Concat(changed, added, gone), nil
}

// change makes an entry of this node what the document has. Its advskew stays.
func (i importing) change(is config.Entry, want entry) (config.EditGroup, bool) {
	e := config.EditGroup{Name: is.Name()}
	for _, key := range ordered(want.Keys) {
		if had, there := is.Items.Get(key); !there || !equal(outward(had), want.Keys[key]) {
			e.Set = append(e.Set, config.Item{Key: key, Value: inward(key, want.Keys[key])})
		}
	}
	for _, had := range is.Items {
		if _, stays := want.Keys[had.Key]; !stays && !slices.Contains(ownKeys, had.Key) {
			e.Unset = append(e.Unset, had.Key)
		}
	}
	return e, len(e.Set)+len(e.Unset) > 0
}

// leave takes a group away that the document does not have. One that was only
// taken out of what is shared becomes this node's own.
func (i importing) leave(is config.Entry) config.Edit {
	x, err := i.exportGroup(is)
	released := func(v int) bool { return slices.Contains(i.u.Released, config.GroupName(vhid(v), x.Carpdev)) }
	if err == nil && slices.ContainsFunc(x.VHIDs, released) {
		return config.EditGroup{Name: is.Name(), Set: config.Items{{Key: "sync", Value: false}}}
	}
	return config.RemoveGroup{Name: is.Name()}
}

// fresh is a group that is new here, with an advskew by the role map.
func (i importing) fresh(want entry) config.Items {
	dev := i.local(want.Carpdev)
	var out config.Items
	if !want.Shares {
		out = append(out, config.Item{Key: "vhid", Value: want.VHIDs[0]})
	}
	out = append(out, config.Item{Key: "carpdev", Value: dev})
	for _, key := range ordered(want.Keys) {
		out = append(out, config.Item{Key: key, Value: inward(key, want.Keys[key])})
	}
	if want.Shares {
		var nodes []any
		for _, v := range want.VHIDs {
			nodes = append(nodes, fmt.Sprintf("%d:%d", v, i.skew(want, v)))
		}
		return append(out, config.Item{Key: "carpnodes", Value: nodes})
	}
	return append(out, config.Item{Key: "advskew", Value: i.skew(want, want.VHIDs[0])})
}

// skew is the advskew of a group that comes in a new entry: the one it has here
// in another entry, or that of the role map.
func (i importing) skew(want entry, v int) int {
	for _, is := range i.file.Groups {
		for _, m := range membersOf(is.Items) {
			if int(m.vhid) == v && is.Items.Text("carpdev") == i.local(want.Carpdev) {
				return m.skew
			}
		}
	}
	return i.skews.of(i.u.Bases[config.GroupName(vhid(v), want.Carpdev)])
}

// settings are the edits of keys at the top.
func (i importing) settings() (out []config.Edit) {
	for _, key := range sharedSettings {
		had, there := i.file.Top.Get(key)
		want, stays := i.d.Settings[key]
		switch {
		case stays && (!there || !equal(outward(had), want)):
			out = append(out, config.SetTop{Key: key, Value: inward(key, want)})
		case !stays && there:
			out = append(out, config.UnsetTop{Key: key})
		}
	}
	return out
}

// inward is a value of a document as the file has it.
func inward(key string, v any) any {
	switch v := v.(type) {
	case json.Number:
		if n, err := strconv.Atoi(v.String()); err == nil {
			return n
		}
		return v.String()
	case string:
		if key == "password" {
			return config.Hidden(v)
		}
	case []any:
		out := make([]any, 0, len(v))
		for _, x := range v {
			out = append(out, inward("", x))
		}
		return out
	}
	return v
}

// equal compares a value of a file with one of a document as JSON has them.
func equal(a, b any) bool {
	x, errX := json.Marshal(a)
	y, errY := json.Marshal(b)
	return errX == nil && errY == nil && string(x) == string(y)
}

// usual is the order in which people write the keys of a group.
var usual = []string{"description", "addresses", "password", "password_file", "password_credential", "key_format", "advbase"}

// ordered are the keys of a group as people write them, the others behind.
func ordered(keys map[string]any) (out []string) {
	for _, k := range usual {
		if _, there := keys[k]; there {
			out = append(out, k)
		}
	}
	for _, k := range slices.Sorted(maps.Keys(keys)) {
		if !slices.Contains(usual, k) {
			out = append(out, k)
		}
	}
	return out
}
