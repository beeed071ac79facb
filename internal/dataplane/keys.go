package dataplane

import (
	"encoding/binary"
	"errors"
	"fmt"
	"sync/atomic"
	"time"
	"unsafe"

	"github.com/cilium/ebpf"

	"github.com/carpd/carpd/internal/carp"
)

// maxKeys is how many keys the kernel takes for one group: CARP_KEYS.
const maxKeys = 16

// SetKeys tells the kernel which keys a group accepts: adverts with another
// digest end there. With no keys, or more than it has room for, or when they
// cannot be written, it leaves all digests to carpd. No advert meets half of a
// change: the new keys are there under a version of their own before one store
// puts them in force, and the old ones go after it.
func (d *Dataplane) SetKeys(slot Slot, keys []carp.Midstate) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.groups[slot] == nil {
		return ErrUnknownSlot
	}
	if len(keys) > maxKeys {
		keys = nil
	}
	return d.setKeys(slot, keys)
}

// setKeys is SetKeys for who holds the mutex. Versions are never used again, so
// that the kernel cannot take a key of a later change for one of those it looks
// for.
func (d *Dataplane) setKeys(slot Slot, keys []carp.Midstate) error {
	old := d.keys[slot].Version
	err := d.putKeys(slot, old+1, keys)
	if err != nil {
		keys = nil
	}
	atomic.StoreUint64(d.keys.word(slot), uint64(old+1)|uint64(len(keys))<<32)
	if old != 0 {
		err = errors.Join(err, d.removeKeys(slot, old))
	}
	if err != nil {
		return fmt.Errorf("set the keys of slot %d: %w", slot, err)
	}
	return nil
}

// putKeys writes keys under a version that is not in force, and nothing else: a
// carpd may have been killed while it did so.
func (d *Dataplane) putKeys(slot Slot, version uint32, keys []carp.Midstate) error {
	if err := d.removeKeys(slot, version); err != nil {
		return err
	}
	for i, k := range keys {
		id := bpfCarpKeyId{Slot: uint32(slot), Version: version, Index: uint32(i)}
		if err := d.objs.CarpSecret.Put(id, keyRow(k)); err != nil {
			return errors.Join(err, d.removeKeys(slot, version))
		}
	}
	return nil
}

// removeKeys removes all keys of a version, however many there are.
func (d *Dataplane) removeKeys(slot Slot, version uint32) error {
	var errs []error
	for i := range uint32(maxKeys) {
		id := bpfCarpKeyId{Slot: uint32(slot), Version: version, Index: i}
		errs = append(errs, ignoreMissing(d.objs.CarpSecret.Delete(id)))
	}
	return errors.Join(errs...)
}

// keyRow lays a key out for the kernel: the end of the inner message is padded
// as SHA-1 wants it, one or two blocks with zeros where the counter belongs.
func keyRow(m carp.Midstate) bpfCarpKey {
	const block, counter, length = 64, 8, 8
	row := bpfCarpKey{Inner: m.Inner, Outer: m.Outer, Blocks: 1, CounterAt: uint32(m.Left)}
	if m.Left+counter+1+length > block {
		row.Blocks = 2
	}
	var end [2 * block]byte
	copy(end[:], m.Rest[:m.Left])
	end[m.Left+counter] = 0x80
	bits := uint64(m.Hashed+m.Left+counter) * 8
	binary.BigEndian.PutUint64(end[row.Blocks*block-length:], bits)
	for i := range row.End {
		row.End[i] = binary.BigEndian.Uint32(end[4*i:])
	}
	return row
}

// keyWords are the words that put keys in force: the map carp_keys itself.
type keyWords []bpfCarpKeys

// mapKeyWords maps the map into our memory.
func mapKeyWords(m *ebpf.Map) (keyWords, error) { return mapArray[bpfCarpKeys](m, "key words") }

// word is version and count of a slot as the kernel reads them, in one.
func (k keyWords) word(slot Slot) *uint64 {
	return (*uint64)(unsafe.Pointer(&k[slot].Version))
}

// SetInterval tells the kernel how often the group would send adverts itself:
// equal adverts within half of that are one. Zero lets all through.
func (d *Dataplane) SetInterval(slot Slot, interval time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.groups[slot] != nil {
		atomic.StoreUint64(&d.keys[slot].IntervalNs, uint64(interval))
	}
}
