package dataplane

import (
	"encoding/binary"
	"fmt"
	"net/netip"

	"github.com/cilium/ebpf"
)

// sources says how many group addresses stand behind each bit of the filter in
// front of the egress lookup (struct carp_filters). A bit too many costs a
// lookup; one too few would let a frame slip, so bits are set before an address
// is in the maps and cleared after it has gone.
type sources [1 << 16]int

// add counts the addresses of a group in, each once.
func (s *sources) add(addrs []netip.Addr) {
	for a := range distinct(addrs) {
		s[sourceBit(a)]++
	}
}

// remove counts them out.
func (s *sources) remove(addrs []netip.Addr) {
	for a := range distinct(addrs) {
		s[sourceBit(a)]--
	}
}

// store writes the bits. Packets may see some of the words old and some new,
// which does no harm.
func (s *sources) store(m *ebpf.Map) error {
	var v bpfCarpFilters
	for bit, n := range s {
		if n > 0 {
			v.Sources[bit/64] |= 1 << (bit % 64)
		}
	}
	if err := m.Put(uint32(0), v); err != nil {
		return fmt.Errorf("write the filter of senders: %w", err)
	}
	return nil
}

// sourceBit is carp_may_be_source of bpf/egress.h.
func sourceBit(a netip.Addr) uint32 {
	var word uint32
	for b := a.AsSlice(); len(b) > 0; b = b[4:] {
		word ^= binary.NativeEndian.Uint32(b)
	}
	return word * 0x9e3779b1 >> 16
}
