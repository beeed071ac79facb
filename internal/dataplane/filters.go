package dataplane

import (
	"encoding/binary"
	"net/netip"
	"sync/atomic"
)

// filters says how many group addresses stand behind each bit of the filters in
// front of the lookups (struct carp_filters). A bit too many costs a lookup; one
// too few would let a frame slip, so bits are set before an address is in the
// maps and cleared after it has gone.
type filters struct {
	sources  bits // all group addresses
	physical bits // those at an interface's own MAC
}

// bits are the addresses behind each bit, and the bits.
type bits struct {
	addrs [1 << 16]int32
	words [1 << 10]uint64
}

// count counts the addresses of a group, each once: in with 1, out with -1.
func (f *filters) count(g Group, by int32) {
	for a := range distinct(g.Addresses) {
		f.sources.count(filterBit(a), by)
		if g.Physical {
			f.physical.count(filterBit(a), by)
		}
	}
}

// count sets a bit with its first address and clears it with the last.
func (b *bits) count(bit uint32, by int32) {
	b.addrs[bit] += by
	if mask := uint64(1) << (bit % 64); b.addrs[bit] > 0 {
		b.words[bit/64] |= mask
	} else {
		b.words[bit/64] &^= mask
	}
}

// store writes the words that have changed into the map, which is in our memory:
// to add thousands of groups must not copy all the bits for each.
func (f *filters) store(to []bpfCarpFilters) {
	f.sources.store(&to[0].Sources)
	f.physical.store(&to[0].Physical)
}

// store writes those of one filter.
func (b *bits) store(to *[1 << 10]uint64) {
	for i, word := range b.words {
		if atomic.LoadUint64(&to[i]) != word {
			atomic.StoreUint64(&to[i], word)
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
