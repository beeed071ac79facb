package config

import (
	"fmt"
	"slices"
	"strings"
)

// outline puts the group at the end. Two of one name could not be told apart.
func (e AddGroup) outline(o *Outline) error {
	for _, name := range (Entry{Items: e.Items}).Names() {
		if o.Find(name) >= 0 {
			return fmt.Errorf("there is a group %s already", name)
		}
	}
	o.Groups = append(o.Groups, Entry{Items: e.Items})
	return nil
}

// outline sets and unsets keys of a group.
func (e EditGroup) outline(o *Outline) error {
	i, err := o.must(e.Name)
	if err != nil {
		return err
	}
	items := slices.Clone(o.Groups[i].Items)
	for _, item := range e.Set {
		items = items.with(item.Key, item.Value)
	}
	for _, key := range e.Unset {
		items = items.without(key)
	}
	o.Groups[i].Items = items
	return nil
}

// outline takes the group away. A file must have one.
func (e RemoveGroup) outline(o *Outline) error {
	i, err := o.must(e.Name)
	switch {
	case err != nil:
		return err
	case len(o.Groups) == 1:
		return fmt.Errorf("%s is the only group: a configuration needs one", e.Name)
	}
	o.Groups = slices.Delete(slices.Clone(o.Groups), i, i+1)
	return nil
}

// outline sets a key at the top or in a section.
func (e SetTop) outline(o *Outline) error {
	section, key, nested := strings.Cut(e.Key, ".")
	switch {
	case section == "groups" || section == "":
		return fmt.Errorf("%q is no key that can be set", e.Key)
	case !nested:
		o.Top = o.Top.with(e.Key, e.Value)
		return nil
	}
	inner, err := o.section(section)
	o.Top = o.Top.with(section, inner.with(key, e.Value))
	return err
}

// outline takes a key away.
func (e UnsetTop) outline(o *Outline) error {
	section, key, nested := strings.Cut(e.Key, ".")
	if !nested {
		o.Top = o.Top.without(e.Key)
		return nil
	}
	inner, err := o.section(section)
	if inner = inner.without(key); len(inner) > 0 {
		o.Top = o.Top.with(section, inner)
	} else if err == nil {
		o.Top = o.Top.without(section)
	}
	return err
}

// section is the mapping behind a key at the top, empty when there is none.
func (o *Outline) section(name string) (Items, error) {
	switch v, _ := o.Top.Get(name); v := v.(type) {
	case nil:
		return nil, nil
	case Items:
		return v, nil
	}
	return nil, fmt.Errorf("%s is no mapping", name)
}

// must is Find with an error.
func (o *Outline) must(name string) (int, error) {
	if i := o.Find(name); i >= 0 {
		return i, nil
	}
	return -1, fmt.Errorf("there is no group %s", name)
}

// with is a copy with a key set, where it stands or at the end.
func (i Items) with(key string, value any) Items {
	out := slices.Clone(i)
	if at := out.index(key); at >= 0 {
		out[at].Value = value
		return out
	}
	return append(out, Item{key, value})
}

// without is a copy without a key.
func (i Items) without(key string) Items {
	return slices.DeleteFunc(slices.Clone(i), func(item Item) bool { return item.Key == key })
}
