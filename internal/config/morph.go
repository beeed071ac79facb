package config

import (
	"reflect"
	"slices"
)

// same reports whether two values mean the same: the order of keys does not count.
func same(a, b any) bool {
	switch a := a.(type) {
	case Items:
		b, ok := b.(Items)
		return ok && sameItems(a, b)
	case []any:
		b, ok := b.([]any)
		return ok && slices.EqualFunc(a, b, same)
	}
	return reflect.DeepEqual(a, b)
}

// sameItems compares mappings.
func sameItems(a, b Items) bool {
	for _, item := range a {
		other, there := b.Get(item.Key)
		if !there || !same(item.Value, other) {
			return false
		}
	}
	return len(a) == len(b)
}

// mapping makes one mapping of another one, key by key, so that what stays the
// same stays as it is written.
func (s *surgeon) mapping(p path, old, next Items) error {
	for _, item := range next {
		was, there := old.Get(item.Key)
		var err error
		if !there {
			err = s.insert(p, item.Key, item.Value)
		} else if !same(was, item.Value) {
			err = s.value(p, item.Key, was, item.Value)
		}
		if err != nil {
			return err
		}
	}
	for _, item := range old {
		if _, stays := next.Get(item.Key); stays {
			continue
		}
		if err := s.remove(p, item.Key); err != nil {
			return err
		}
	}
	return nil
}

// value makes one value behind a key of another one.
func (s *surgeon) value(p path, key string, old, next any) error {
	inner := append(slices.Clone(p), key)
	switch next := next.(type) {
	case Items:
		if old, ok := old.(Items); ok && len(old) > 0 && len(next) > 0 {
			return s.mapping(inner, old, next)
		}
	case []any:
		if old, ok := old.([]any); ok && len(old) > 0 && len(next) > 0 {
			return s.elements(inner, old, next)
		}
	}
	return s.replace(p, key, next)
}

// elements makes one list of another one: what both have stays, in the places of
// others come others.
func (s *surgeon) elements(p path, old, next []any) error {
	if len(old) == len(next) {
		for i := range old {
			if same(old[i], next[i]) {
				continue
			}
			if err := s.replaceElement(p, i, next[i]); err != nil {
				return err
			}
		}
		return nil
	}
	return s.merge(p, old, next)
}

// merge inserts what comes and then removes what goes, each from the end, so that
// no index moves and the list is never empty.
func (s *surgeon) merge(p path, old, next []any) error {
	stay := common(old, next)
	remains := make([]bool, len(old))
	before := len(old)
	for i := len(next) - 1; i >= 0; i-- {
		if last := len(stay) - 1; last >= 0 && stay[last].next == i {
			before, stay = stay[last].old, stay[:last]
			remains[before] = true
			continue
		}
		if err := s.insertElement(p, before, next[i]); err != nil {
			return err
		}
		remains = slices.Insert(remains, before, true)
	}
	for i := len(remains) - 1; i >= 0; i-- {
		if remains[i] {
			continue
		}
		if err := s.removeElement(p, i); err != nil {
			return err
		}
	}
	return nil
}

// match is an element that two lists have.
type match struct{ old, next int }

// common is a longest common subsequence.
func common(old, next []any) []match {
	length := make([][]int, len(old)+1)
	for i := range length {
		length[i] = make([]int, len(next)+1)
	}
	for i := len(old) - 1; i >= 0; i-- {
		for j := len(next) - 1; j >= 0; j-- {
			length[i][j] = max(length[i+1][j], length[i][j+1])
			if same(old[i], next[j]) {
				length[i][j] = 1 + length[i+1][j+1]
			}
		}
	}
	var out []match
	for i, j := 0, 0; i < len(old) && j < len(next); {
		switch {
		case same(old[i], next[j]):
			out = append(out, match{i, j})
			i, j = i+1, j+1
		case length[i+1][j] >= length[i][j+1]:
			i++
		default:
			j++
		}
	}
	return out
}
