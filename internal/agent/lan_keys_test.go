package agent

import (
	"crypto/sha1"
	"encoding"
	"encoding/binary"
	"slices"
	"time"

	"github.com/carpd/carpd/internal/carp"
	"github.com/carpd/carpd/internal/dataplane"
)

// judging is what a node's kernel knows of digests and of its own adverts.
type judging struct {
	accepted map[dataplane.Slot][]carp.Midstate
	interval map[dataplane.Slot]time.Duration
	counters []uint64 // of adverts about to leave
	refused  int      // adverts that ended in the kernel
}

func (n *node) SetKeys(s dataplane.Slot, keys []carp.Midstate) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.accepted == nil {
		n.accepted, n.interval = map[dataplane.Slot][]carp.Midstate{}, map[dataplane.Slot]time.Duration{}
	}
	n.accepted[s] = slices.Clone(keys)
	return nil
}

func (n *node) SetInterval(s dataplane.Slot, d time.Duration) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.interval[s] = d
}

func (n *node) Sent(_ dataplane.Slot, counter uint64) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.counters = append(n.counters, counter)
}

// judge is what the kernel makes of an advert: one whose digest fits none of the
// keys it was given is refused there. The caller holds the mutex.
func (n *node) judge(s dataplane.Slot, adv carp.Advert) dataplane.Kind {
	keys := n.accepted[s]
	fits := func(m carp.Midstate) bool { return finish(m, adv.Counter) == adv.Digest }
	if len(keys) == 0 || slices.ContainsFunc(keys, fits) {
		return dataplane.Advert
	}
	n.refused++
	return dataplane.Forged
}

// finish ends an HMAC as the kernel side does, with the standard library's SHA-1.
func finish(m carp.Midstate, counter uint64) [20]byte {
	inner := sha1From(m.Inner, m.Hashed, binary.BigEndian.AppendUint64(slices.Clone(m.Rest[:m.Left]), counter))
	return sha1From(m.Outer, 64, inner[:])
}

// sha1From goes on from a state after so many bytes.
func sha1From(state [5]uint32, hashed int, rest []byte) (sum [20]byte) {
	b := []byte("sha\x01")
	for _, w := range state {
		b = binary.BigEndian.AppendUint32(b, w)
	}
	b = binary.BigEndian.AppendUint64(append(b, make([]byte, 64)...), uint64(hashed))
	h := sha1.New()
	if err := h.(encoding.BinaryUnmarshaler).UnmarshalBinary(b); err != nil {
		panic(err)
	}
	h.Write(rest)
	h.Sum(sum[:0])
	return sum
}
