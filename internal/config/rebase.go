package config

import (
	"fmt"
	"slices"
)

// Rebase makes what was changed from base to mine in another text, which was made
// from base too. Two changes of one key of one group that differ do not go
// together, nor does a change of a group that the other text has no more.
func Rebase(base, mine, theirs []byte) ([]byte, error) {
	var outlines [3]*Outline
	for i, src := range [][]byte{base, mine, theirs} {
		o, err := ReadOutline(src)
		if err != nil {
			return nil, err
		}
		outlines[i] = o
	}
	edits, err := together(outlines[0], outlines[1], outlines[2])
	if err != nil {
		return nil, err
	}
	return Rewrite(theirs, edits...)
}

// together are the edits that bring what is mine to theirs.
func together(base, mine, theirs *Outline) (edits []Edit, err error) {
	changed, err := changes(base.Top, mine.Top, theirs.Top, "the file")
	if err != nil {
		return nil, err
	}
	for _, item := range changed.Set {
		edits = append(edits, SetTop(item))
	}
	for _, key := range changed.Unset {
		edits = append(edits, UnsetTop{key})
	}
	for _, e := range groupsOf(base, mine) {
		edit, err := merged(base.find(e), mine.find(e), theirs.find(e), e)
		if err != nil {
			return nil, err
		}
		if edit != nil {
			edits = append(edits, edit)
		}
	}
	// What is removed comes last: a file is never without a group.
	slices.SortStableFunc(edits, func(a, b Edit) int { return isRemoval(a) - isRemoval(b) })
	return edits, nil
}

// isRemoval is 1 for an edit that takes a group away.
func isRemoval(e Edit) int {
	if _, removal := e.(RemoveGroup); removal {
		return 1
	}
	return 0
}

// groupsOf are the names of the entries of two outlines.
func groupsOf(a, b *Outline) (names []string) {
	for _, e := range slices.Concat(a.Groups, b.Groups) {
		if !slices.Contains(names, e.Name()) {
			names = append(names, e.Name())
		}
	}
	return names
}

// find are the items of an entry, nil when it is not there.
func (o *Outline) find(name string) Items {
	if i := o.Find(name); i >= 0 {
		return o.Groups[i].Items
	}
	return nil
}

// merged is what happened to one group, as an edit of theirs; nil for nothing.
func merged(base, mine, theirs Items, name string) (Edit, error) {
	switch {
	case sameItems(base, mine) && (base == nil) == (mine == nil):
		return nil, nil
	case mine == nil && theirs == nil:
		return nil, nil
	case mine == nil && sameItems(base, theirs):
		return RemoveGroup{name}, nil
	case base == nil && theirs == nil:
		return AddGroup{mine}, nil
	case base == nil && sameItems(mine, theirs):
		return nil, nil
	case mine == nil || base == nil || theirs == nil:
		return nil, fmt.Errorf("%s was changed there too", name)
	}
	e, err := changes(base, mine, theirs, name)
	e.Name = name
	return e, err
}

// changes are the keys that differ between base and mine, when they are in
// theirs as in base, or already as in mine.
func changes(base, mine, theirs Items, where string) (e EditGroup, err error) {
	for _, item := range mine {
		if was, there := base.Get(item.Key); there && same(was, item.Value) {
			continue
		}
		if !agree(base, theirs, item.Key) && !agree(mine, theirs, item.Key) {
			return e, fmt.Errorf("%s of %s was changed there too", item.Key, where)
		}
		e.Set = append(e.Set, item)
	}
	for _, item := range base {
		if _, stays := mine.Get(item.Key); stays {
			continue
		}
		if !agree(base, theirs, item.Key) && !agree(mine, theirs, item.Key) {
			return e, fmt.Errorf("%s of %s was changed there too", item.Key, where)
		}
		e.Unset = append(e.Unset, item.Key)
	}
	return e, nil
}

// agree reports whether a key is the same in both, or in neither.
func agree(a, b Items, key string) bool {
	x, inA := a.Get(key)
	y, inB := b.Get(key)
	return inA == inB && (!inA || same(x, y))
}
