package dataplane

import (
	"sync/atomic"

	"github.com/cilium/ebpf"
)

// echoRings are the counters of our own last adverts: the map carp_echoes itself.
type echoRings []bpfCarpEchoes

// mapEchoRings maps the map into our memory.
func mapEchoRings(m *ebpf.Map) (echoRings, error) { return mapArray[bpfCarpEchoes](m, "echoes") }

// Sent tells the kernel the counter of an advert that is about to leave, so that
// it is known when it comes back by whatever way and with whatever changed. It
// takes the place of the lowest: our counters only ever rise, also from one carpd
// to the next.
func (d *Dataplane) Sent(slot Slot, counter uint64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.groups[slot] == nil {
		return
	}
	ring := &d.echoes[slot].Counters
	oldest := 0
	for i, c := range ring {
		if c < ring[oldest] {
			oldest = i
		}
	}
	atomic.StoreUint64(&ring[oldest], counter)
}
