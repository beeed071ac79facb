package config

import (
	"errors"
	"fmt"
	"slices"
)

// Edit is one change of a file: AddGroup, EditGroup, RemoveGroup, SetTop or
// UnsetTop.
type Edit interface {
	// outline makes the change in an outline, to know what the file must mean
	// afterwards.
	outline(o *Outline) error
	fmt.Stringer
}

// AddGroup puts a group behind the others.
type AddGroup struct{ Items Items }

// EditGroup changes keys of the entry that stands for a group. Keys that are not
// there yet are put behind the others.
type EditGroup struct {
	Name  string // VHID@carpdev
	Set   Items
	Unset []string
}

// RemoveGroup takes the entry that stands for a group away, with the comment
// right above it.
type RemoveGroup struct{ Name string }

// SetTop sets a key at the top of the file, or, as in cluster.node, in a section.
type SetTop struct {
	Key   string
	Value any // as in Item
}

// UnsetTop takes a key away, or a whole section. One that is not there is fine.
type UnsetTop struct{ Key string }

// Rewrite makes edits in the text of a file, one after the other. Everything that
// was not asked for stays as it is, byte for byte: comments, order, quotes, blank
// lines. What comes out has been read again and means exactly what was asked;
// else there is an error and no text. Whether that is a good configuration is
// the business of Load.
func Rewrite(src []byte, edits ...Edit) ([]byte, error) {
	want, err := ReadOutline(src)
	if err != nil {
		return nil, err
	}
	s := &surgeon{string(src)}
	for _, e := range edits {
		before := &Outline{slices.Clone(want.Top), slices.Clone(want.Groups)}
		if err := e.outline(want); err != nil {
			return nil, err
		}
		if err := s.perform(e, before, want); err != nil {
			return nil, fmt.Errorf("%s: %w", e, err)
		}
	}
	return s.checked(want)
}

// perform makes one edit in the text.
func (s *surgeon) perform(e Edit, before, after *Outline) error {
	switch e := e.(type) {
	case AddGroup:
		return s.addGroup(before, e.Items)
	case RemoveGroup:
		return s.removeElement(path{"groups"}, before.Find(e.Name))
	case EditGroup:
		i := before.Find(e.Name)
		return s.mapping(path{"groups", i}, before.Groups[i].Items, after.Groups[i].Items)
	}
	return s.mapping(nil, before.Top, after.Top)
}

// addGroup puts a group behind the others, or begins the list.
func (s *surgeon) addGroup(before *Outline, items Items) error {
	if n := len(before.Groups); n > 0 {
		return s.insertElement(path{"groups"}, n, items)
	}
	t, root, err := s.at(nil)
	if err != nil {
		return err
	}
	if member(root, "groups") == nil {
		return s.cut(t.newLines(len(t.src), "groups:"+block([]any{items}, 0)))
	}
	return s.replace(nil, "groups", []any{items})
}

// checked is the text when it means what is wanted.
func (s *surgeon) checked(want *Outline) ([]byte, error) {
	have, err := ReadOutline([]byte(s.src))
	if err != nil {
		return nil, fmt.Errorf("the file is written in a way that cannot be edited, edit it by hand: %w", err)
	}
	ok := sameItems(have.Top, want.Top) && slices.EqualFunc(have.Groups, want.Groups, func(a, b Entry) bool { return sameItems(a.Items, b.Items) })
	if !ok {
		return nil, errors.New("the file is written in a way that cannot be edited: edit it by hand")
	}
	return []byte(s.src), nil
}

// String names the edit, for errors.
func (e AddGroup) String() string    { return "add " + Entry{Items: e.Items}.Name() }
func (e EditGroup) String() string   { return "edit " + e.Name }
func (e RemoveGroup) String() string { return "remove " + e.Name }
func (e SetTop) String() string      { return "set " + e.Key }
func (e UnsetTop) String() string    { return "unset " + e.Key }
