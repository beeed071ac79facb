package dataplane

import (
	"errors"
	"slices"
)

// Slot is the number of a group in the maps. 0 is no group.
type Slot uint32

// ErrFull says that there is no slot for another group.
var ErrFull = errors.New("no room for another group")

// slots are the free ones. One that was given back is used again last, long
// after every packet that met its old owner has gone.
type slots struct{ free []Slot }

func newSlots(n uint32) slots {
	var s slots
	for slot := Slot(1); slot < Slot(n); slot++ {
		s.free = append(s.free, slot)
	}
	return s
}

func (s *slots) take() (Slot, error) {
	if len(s.free) == 0 {
		return 0, ErrFull
	}
	slot := s.free[0]
	s.free = s.free[1:]
	return slot, nil
}

// claim takes a certain slot, and reports whether it was free.
func (s *slots) claim(slot Slot) bool {
	i, free := slices.BinarySearch(s.free, slot)
	if free {
		s.free = slices.Delete(s.free, i, i+1)
	}
	return free
}

func (s *slots) give(slot Slot) { s.free = append(s.free, slot) }
