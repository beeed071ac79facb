package dataplane

import (
	"fmt"
	"unsafe"

	"github.com/cilium/ebpf"
	"golang.org/x/sys/unix"
)

// mapArray maps an array into our memory: what is stored there is in the map,
// with no system call.
func mapArray[T any](m *ebpf.Map, what string) ([]T, error) {
	n := int(m.MaxEntries())
	b, err := unix.Mmap(m.FD(), 0, n*int(unsafe.Sizeof(*new(T))), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return nil, fmt.Errorf("map the %s: %w", what, err)
	}
	return unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData(b))), n), nil
}

// unmapArray undoes mapArray.
func unmapArray[T any](rows []T) error {
	if len(rows) == 0 {
		return nil
	}
	first := (*byte)(unsafe.Pointer(unsafe.SliceData(rows)))
	return unix.Munmap(unsafe.Slice(first, len(rows)*int(unsafe.Sizeof(rows[0]))))
}
