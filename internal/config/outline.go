package config

import (
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"github.com/carpd/carpd/internal/carp"
)

// Outline is a file as it was written, before anybody asks what it means: its
// keys in their order, with their values as they are. It is what editors and
// the sharing of configuration work on.
type Outline struct {
	Top    Items // without groups
	Groups []Entry
}

// Entry is one entry of the list of groups. With carpnodes it stands for several
// groups.
type Entry struct {
	Items Items
	Line  int
}

// Items are keys with their values, in the order of the file.
type Items []Item

// Item is one key. Its value is a string, an int, a bool, Hidden, Items, a
// []any of these, or nil when there is none. Numbers that are no plain decimal
// are strings, as they are written.
type Item struct {
	Key   string
	Value any
}

// Get is the value of a key.
func (i Items) Get(key string) (value any, there bool) {
	at := i.index(key)
	if at < 0 {
		return nil, false
	}
	return i[at].Value, true
}

// Text is the value of a key when it is a string, a number or a bool, as text.
// It is empty for all else, for what is hidden too.
func (i Items) Text(key string) string {
	switch v, _ := i.Get(key); v := v.(type) {
	case string:
		return v
	case int:
		return strconv.Itoa(v)
	case bool:
		return strconv.FormatBool(v)
	}
	return ""
}

// index is where a key is, or -1.
func (i Items) index(key string) int {
	return slices.IndexFunc(i, func(item Item) bool { return item.Key == key })
}

// Names are the names of the groups that an entry stands for.
func (e Entry) Names() []string {
	carpdev := e.Items.Text("carpdev")
	nodes, _ := e.Items.Get("carpnodes")
	list, shared := nodes.([]any)
	if !shared {
		vhid, _ := strconv.Atoi(e.Items.Text("vhid"))
		return []string{GroupName(carp.VHID(vhid), carpdev)}
	}
	var names []string
	for _, n := range list {
		text, _ := n.(string)
		text, _, _ = strings.Cut(text, ":")
		names = append(names, text+"@"+carpdev)
	}
	return names
}

// Name is the first of Names.
func (e Entry) Name() string {
	if names := e.Names(); len(names) > 0 {
		return names[0]
	}
	return ""
}

// Find is the index of the entry that stands for a group, or -1.
func (o *Outline) Find(name string) int {
	return slices.IndexFunc(o.Groups, func(e Entry) bool { return slices.Contains(e.Names(), name) })
}

// ReadOutline reads a file. It wants well-formed YAML and a list of groups that
// are mappings; what the keys mean it does not ask. The error is of type Errors.
func ReadOutline(src []byte) (*Outline, error) {
	l := &loader{file: "the configuration"}
	o := l.outline(src)
	if len(l.mistakes) > 0 {
		return nil, l.mistakes
	}
	return o, nil
}

// outline is meaningless after a mistake.
func (l *loader) outline(src []byte) *Outline {
	root := l.parse(src)
	if root == nil {
		return nil
	}
	o := &Outline{}
	for _, e := range l.entries(root, place{1, 1}) {
		if l.name(e) == "groups" {
			o.Groups = l.groups(e)
			continue
		}
		o.Top = append(o.Top, l.item(e))
	}
	return o
}

// groups are the entries of the list of groups.
func (l *loader) groups(e *ast.MappingValueNode) (out []Entry) {
	s, ok := l.plain(e.Value).(*ast.SequenceNode)
	if !ok {
		l.wrong(where(e), "groups is "+kind(e.Value), "a list of at least one group")
		return nil
	}
	for i, n := range s.Values {
		before := at(s.Entries[i].Start)
		out = append(out, Entry{Items: l.items(n, before), Line: before.line})
	}
	return out
}

// entries are those of a mapping, each key once.
func (l *loader) entries(n ast.Node, before place) []*ast.MappingValueNode {
	n = l.plain(n)
	if n == nil {
		return nil
	}
	list, ok := pairs(n)
	if !ok {
		l.wrong(before, "this is "+kind(n), "a mapping")
	}
	seen := map[string]bool{}
	for _, e := range list {
		if name := l.name(e); seen[name] {
			l.wrong(where(e), word(name)+" is given twice", "each key once")
		} else {
			seen[name] = true
		}
	}
	return list
}

// items are the keys and values of a mapping.
func (l *loader) items(n ast.Node, before place) (out Items) {
	for _, e := range l.entries(n, before) {
		out = append(out, l.item(e))
	}
	return out
}

// item is one key with its value.
func (l *loader) item(e *ast.MappingValueNode) Item {
	key := l.name(e)
	return Item{key, l.raw(key, e.Value, where(e))}
}

// raw is a value as it is written.
func (l *loader) raw(key string, n ast.Node, before place) any {
	n = l.plain(n)
	switch n := n.(type) {
	case nil, *ast.NullNode:
		return nil
	case *ast.SequenceNode:
		list := []any{}
		for i, v := range n.Values {
			list = append(list, l.raw(key, v, at(n.Entries[i].Start)))
		}
		return list
	case *ast.MappingNode, *ast.MappingValueNode:
		return l.items(n, before)
	}
	return scalar(key, n)
}

// scalar is a value that is neither a list nor a mapping.
func scalar(key string, n ast.Node) any {
	v := value{node: n}
	text, isText := v.text()
	switch b, isBool := n.(*ast.BoolNode); {
	case slices.Contains(hiddenKeys, key) && isText:
		return Hidden(text)
	case slices.Contains(hiddenKeys, key):
		return Hidden(n.GetToken().Value)
	case isText:
		return text
	case isBool:
		return b.Value
	}
	text = n.GetToken().Value
	if i, err := strconv.Atoi(text); err == nil && decimal.MatchString(strings.TrimPrefix(text, "-")) {
		return i
	}
	return text
}
