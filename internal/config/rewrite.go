package config

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"
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
	for len(edits) > 0 {
		n := alike(edits)
		before := &Outline{slices.Clone(want.Top), slices.Clone(want.Groups)}
		for _, e := range edits[:n] {
			if err := e.outline(want); err != nil {
				return nil, err
			}
		}
		if err := s.perform(edits[:n], before, want); err != nil {
			return nil, fmt.Errorf("%s: %w", edits[0], err)
		}
		edits = edits[n:]
	}
	return s.checked(want)
}

// alike is how many of the first edits are made at once: groups that are added, or
// groups that are edited, because the whole text is read for each cut.
func alike(edits []Edit) int {
	for n, e := range edits {
		if batch(e) == 0 || batch(e) != batch(edits[0]) {
			return max(n, 1)
		}
	}
	return len(edits)
}

// batch tells the edits apart that can be made at once; 0 for those that cannot.
func batch(e Edit) int {
	switch e.(type) {
	case AddGroup:
		return 1
	case EditGroup:
		return 2
	}
	return 0
}

// perform makes one edit in the text, or several that are alike.
func (s *surgeon) perform(edits []Edit, before, after *Outline) error {
	switch e := edits[0].(type) {
	case AddGroup:
		return s.addGroups(before, after.Groups[len(before.Groups):])
	case EditGroup:
		return s.editGroups(before, after)
	case RemoveGroup:
		return s.removeElement(path{"groups"}, before.Find(e.Name))
	}
	return s.mapping(nil, before.Top, after.Top)
}

// editGroups makes the groups of one outline those of another one, as many and in
// the same order. Each is cut out and edited by itself.
func (s *surgeon) editGroups(before, after *Outline) error {
	t, list, err := s.list(path{"groups"})
	if err != nil {
		return err
	}
	var patches []patch
	for i, e := range before.Groups {
		next := after.Groups[i].Items
		switch {
		case sameItems(e.Items, next):
		case list.IsFlowStyle:
			if err := s.mapping(path{"groups", i}, e.Items, next); err != nil {
				return err
			}
		default:
			p, err := t.edited(list, i, e.Items, next)
			if err != nil {
				return err
			}
			patches = append(patches, p)
		}
	}
	return s.cut(patches...)
}

// edited is the text of one group of a block list after an edit.
func (t *layout) edited(list *ast.SequenceNode, i int, old, next Items) (patch, error) {
	where := span{t.lineStart(t.dash(list, i).from), t.contentEnd(t.element(list, i).to)}
	text, head, tail := t.src[where.from:where.to], "groups:"+lineEnd(t.src), ""
	if strings.HasSuffix(text, "\n") {
		tail = "#" + lineEnd(t.src) // It is not the end of the file.
	}
	alone := &surgeon{head + text + tail}
	err := alone.mapping(path{"groups", 0}, old, next)
	return patch{span: where, text: strings.TrimSuffix(strings.TrimPrefix(alone.src, head), tail), asIs: true}, err
}

// addGroups puts groups behind the others, or begins the list.
func (s *surgeon) addGroups(before *Outline, more []Entry) error {
	var list []any
	for _, e := range more {
		list = append(list, e.Items)
	}
	if n := len(before.Groups); n > 0 {
		return s.insertElements(path{"groups"}, n, list)
	}
	t, root, err := s.at(nil)
	if err != nil {
		return err
	}
	if member(root, "groups") == nil {
		return s.cut(t.newLines(len(t.src), "groups:\n"+listed(list, 2)))
	}
	return s.replace(nil, "groups", list)
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
