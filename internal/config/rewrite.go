package config

import "errors"

// Edit is one change of a file: AddGroup, EditGroup, RemoveGroup, SetTop or
// UnsetTop.
type Edit interface {
	// outline makes the change in an outline, to know what the file must mean
	// afterwards.
	outline(o *Outline) error
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
	o, err := ReadOutline(src)
	if err != nil {
		return nil, err
	}
	for _, e := range edits {
		if err := e.outline(o); err != nil {
			return nil, err
		}
	}
	return nil, errors.New("not yet")
}
