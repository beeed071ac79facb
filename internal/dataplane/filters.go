package dataplane

import (
	"encoding/binary"
	"fmt"
	"net/netip"

	"github.com/cilium/ebpf"
)

// filters says how many group addresses stand behind each bit of the filters in
// front of the lookups (struct carp_filters). A bit too many costs a lookup; one
// too few would let a frame slip, so bits are set before an address is in the
// maps and cleared after it has gone.
type filters struct {
	sources  bits // all group addresses
	physical bits // those at an interface's own MAC
}

// bits counts the addresses behind each bit.
type bits [1 << 16]int

// count counts the addresses of a group, each once: in with 1, out with -1.
func (f *filters) count(g Group, by int) {
	for a := range distinct(g.Addresses) {
		f.sources[filterBit(a)] += by
		if g.Physical {
			f.physical[filterBit(a)] += by
		}
	}
}

// store writes the bits. Packets may see some of the words old and some new,
// which does no harm.
func (f *filters) store(m *ebpf.Map) error {
	var v bpfCarpFilters
	f.sources.set(v.Sources[:])
	f.physical.set(v.Physical[:])
	if err := m.Put(uint32(0), v); err != nil {
		return fmt.Errorf("write the filters of addresses: %w", err)
	}
	return nil
}

// set sets the bits that have addresses.
func (b *bits) set(words []uint64) {
	for bit, n := range b {
		if n > 0 {
			words[bit/64] |= 1 << (bit % 64)
		}
	}
}

// filterBit is carp_may_be of bpf/filter.h.
func filterBit(a netip.Addr) uint32 {
	var word uint32
	for b := a.AsSlice(); len(b) > 0; b = b[4:] {
		word ^= binary.NativeEndian.Uint32(b)
	}
	return word * 0x9e3779b1 >> 16
}
